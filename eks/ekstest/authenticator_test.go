package ekstest_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

func TestAuthenticate(t *testing.T) {
	const prefix = "k8s-aws-v1."
	edit := func(old, next string) func(string) string { // of the address in a token
		return func(token string) string {
			raw, _ := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, prefix))
			return prefix + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), old, next, 1)))
		}
	}
	tests := map[string]struct {
		mode    types.AuthenticationMode
		cluster string
		of      string // whose token
		age     time.Duration
		change  func(string) string
		want    string // part of the error
	}{
		"a token opens its cluster":        {},
		"for a quarter of an hour":         {age: 15 * time.Minute},
		"and not longer":                   {age: 15*time.Minute + time.Second, want: "X-Amz-Date parameter is expired"},
		"one of somebody else does not":    {of: "arn:aws:iam::123456789012:role/joe", want: "joe has no access entry"},
		"nor in another cluster":           {cluster: "other", want: "the signature does not match"},
		"nor where the ConfigMap decides":  {mode: types.AuthenticationModeConfigMap, want: "has no access entry"},
		"nor one of another kind":          {change: func(string) string { return "eyJhbGciOi" }, want: `missing expected "k8s-aws-v1." prefix`},
		"nor what is no base64":            {change: func(string) string { return prefix + "%" }, want: "no base64"},
		"nor one that asks for more":       {change: edit("GetCallerIdentity", "GetSessionToken"), want: "unexpected action"},
		"nor one that asks somebody else":  {change: edit("sts.us-east-1.amazonaws.com", "sts.example.com"), want: "unexpected address https://sts.example.com/"},
		"nor one that is made younger":     {age: 20 * time.Minute, change: edit("X-Amz-Date=20000101T0000", "X-Amz-Date=20000101T0019"), want: "the signature does not match"},
		"nor one whose key nobody has":     {change: edit("Credential=AKIA", "Credential=AKIB"), want: "security token included in the request is invalid"},
		"nor one that names no cluster":    {change: edit("x-k8s-aws-id", "x-other"), want: "did not sign the x-k8s-aws-id header"},
		"nor one with another expiration":  {change: edit("X-Amz-Expires=60", "X-Amz-Expires=6000"), want: "unexpected X-Amz-Expires"},
		"nor one with a date that is none": {change: edit("X-Amz-Date=2000", "X-Amz-Date=today"), want: "error parsing X-Amz-Date"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := ekstest.New(ekstest.Options{})
				cloud.AddCluster("other", types.AuthenticationModeApi)
				if tt.mode == "" {
					tt.mode = types.AuthenticationModeApi
				}
				cloud.AddCluster("demo", tt.mode)
				if tt.mode == types.AuthenticationModeApi {
					in := &awseks.CreateAccessEntryInput{ClusterName: new("demo"), PrincipalArn: new(jane), KubernetesGroups: []string{"developer"}}
					do[*awseks.CreateAccessEntryOutput](t)(cloud.Client().CreateAccessEntry(t.Context(), in))
				}
				if tt.of == "" {
					tt.of = jane
				}
				token, err := eks.NewTokens(cloud.Presigner(tt.of), "demo", eks.TokenOptions{}).Token(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(tt.age)
				if tt.change != nil {
					token = tt.change(token)
				}
				if tt.cluster == "" {
					tt.cluster = "demo"
				}
				user, err := cloud.Authenticate(t.Context(), tt.cluster, token)
				if tt.want == "" {
					if err != nil || user.Name != "arn:aws:sts::123456789012:assumed-role/jane/session" || user.Groups[0] != "developer" {
						t.Errorf("user %+v, error %v", user, err)
					}
					return
				}
				if !errors.Is(err, ekstest.ErrUnauthorized) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), token) {
					t.Errorf("error %v, want %q in it", err, tt.want)
				}
			})
		})
	}
}
