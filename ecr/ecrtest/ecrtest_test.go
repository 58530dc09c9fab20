package ecrtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// bench is a cloud with the repository "app", driven by a real client that does
// not retry.
type bench struct {
	*testing.T
	cloud  *ecrtest.Cloud
	client *awsecr.Client
}

func newBench(t *testing.T, opts ecrtest.Options) bench {
	t.Helper()
	cloud := ecrtest.New(opts)
	cloud.AddRepository("app")
	return bench{t, cloud, cloud.Client(once)}
}

// once keeps the SDK from trying again.
func once(o *awsecr.Options) { o.Retryer = aws.NopRetryer{} }

// told is the error of the service as "Code: Message", or any other error.
func told(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return fmt.Sprint(err)
}

func (b bench) describe(name string) error {
	_, err := b.client.DescribeRepositories(b.Context(), &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	return err
}

func TestCallsAreCountedAndCanFail(t *testing.T) {
	b := newBench(t, ecrtest.Options{
		Before: func(op string, n int) *ecrtest.Error {
			if op == "DescribeRepositories" && n == 2 {
				return ecrtest.Unavailable()
			}
			return nil
		},
		After: func(op string, _ int) *ecrtest.Error {
			if op == "CreateRepository" {
				return ecrtest.Throttled()
			}
			return nil
		},
	})
	if err := b.describe("app"); err != nil {
		t.Fatal(err)
	}
	if err := b.describe("app"); told(err) != "ServerException: Service Unavailable. Please try again later." {
		t.Errorf("the second call: %v", err)
	}
	if err := b.describe("app"); err != nil || b.cloud.Calls("DescribeRepositories") != 3 {
		t.Errorf("%v after %d calls", err, b.cloud.Calls("DescribeRepositories"))
	}
	_, err := b.client.CreateRepository(t.Context(), &awsecr.CreateRepositoryInput{RepositoryName: new("lost")})
	if told(err) != "ThrottlingException: Rate exceeded" {
		t.Errorf("a call whose answer is lost: %v", err)
	}
	if err := b.describe("lost"); err != nil {
		t.Errorf("it has taken no effect: %v", err)
	}
}

func TestAnOperationThatIsMissingSaysSo(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	_, err := b.client.DescribeRegistry(t.Context(), &awsecr.DescribeRegistryInput{})
	if told(err) != `UnknownOperationException: operation "DescribeRegistry" is none that ecrtest has` {
		t.Error(err)
	}
}

func TestAContextThatHasEndedEndsTheCall(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	r := httptest.NewRequestWithContext(ended(t), http.MethodPost, "/", nil)
	if _, err := b.cloud.RoundTrip(r); err == nil {
		t.Error("no error")
	}
}

// TestOverHTTP is what other programs see: one handler for the API and the
// registry, and one for the registry alone.
func TestOverHTTP(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddRepository("app")
	tests := map[string]struct {
		handler http.Handler
		request *http.Request
		status  int
		body    string
	}{
		"the API":                          {cloud, api("ListImages", `{"repositoryName":"app"}`), 200, `{"imageIds":[]}`},
		"an error of the API":              {cloud, api("ListImages", `{"repositoryName":"none"}`), 400, `{"__type":"RepositoryNotFoundException","message":"The repository with name 'none' does not exist in the registry with id '123456789012'"}`},
		"what is no JSON":                  {cloud, api("ListImages", `{`), 400, `{"__type":"SerializationException","message":"unexpected end of JSON input"}`},
		"the registry behind the same one": {cloud, httptest.NewRequest(http.MethodGet, "/v2/", nil), 401, "Not Authorized"},
		"the registry alone":               {cloud.Registry(), httptest.NewRequest(http.MethodGet, "/v2/", nil), 401, "Not Authorized"},
		"the API is not in the registry":   {cloud.Registry(), api("ListImages", `{"repositoryName":"app"}`), 401, "Not Authorized"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			tt.handler.ServeHTTP(w, tt.request)
			if w.Code != tt.status || strings.TrimSpace(w.Body.String()) != tt.body {
				t.Errorf("%d %s\nwant %d %s", w.Code, w.Body, tt.status, tt.body)
			}
		})
	}
}

func api(op, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921."+op)
	return r
}

// TestTheDocumentedRates: ten manifests a second, whoever puts them, and no
// limit for operations that have none.
func TestTheDocumentedRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecrtest.Options{Throttle: true})
		put := func() error {
			_, err := b.client.PutImage(t.Context(), &awsecr.PutImageInput{RepositoryName: new("app"), ImageManifest: new("{")})
			return err
		}
		throttled := func(n int) (count int) {
			for range n {
				if strings.HasPrefix(told(put()), "ThrottlingException") {
					count++
				}
			}
			return count
		}
		if n := throttled(12); n != 2 {
			t.Errorf("%d of 12 at once are throttled, want 2", n)
		}
		time.Sleep(500 * time.Millisecond)
		if n := throttled(12); n != 7 {
			t.Errorf("half a second later %d of 12 are throttled, want 7", n)
		}
		for range 1000 {
			if err := b.describe("app"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTheRetryerGetsThrough has the SDK's own retryer wait, on virtual time.
func TestTheRetryerGetsThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{Before: func(_ string, n int) *ecrtest.Error {
			if n < 3 {
				return ecrtest.Throttled()
			}
			return nil
		}})
		_, err := cloud.Client().GetAuthorizationToken(t.Context(), &awsecr.GetAuthorizationTokenInput{})
		if err != nil || cloud.Calls("GetAuthorizationToken") != 3 {
			t.Errorf("%v after %d calls", err, cloud.Calls("GetAuthorizationToken"))
		}
	})
}

// decode reads JSON into a map, for comparing texts by what they mean.
func decode(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}
