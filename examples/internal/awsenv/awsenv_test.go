package awsenv_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mettel-automation/delivery/examples/internal/awsenv"
)

// hasty answers before net/http has looked whether the body of the request has more,
// as a server on the same machine can; it fails where net/http then sees an error.
type hasty struct{ t *testing.T }

func (h hasty) RoundTrip(r *http.Request) (*http.Response, error) {
	body := io.LimitReader(r.Body, r.ContentLength) // as net/http sends it
	if _, err := io.Copy(io.Discard, body); err != nil {
		h.t.Error(err)
	}
	if err := r.Body.Close(); err != nil { // as the SDK does on the answer
		h.t.Error(err)
	}
	if n, err := io.Copy(io.Discard, r.Body); n != 0 || err != nil {
		h.t.Errorf("%s: the body has %d bytes more, and the error %v: net/http would close the connection", r.URL, n, err)
	}
	answer := httptest.NewRecorder()
	answer.WriteHeader(http.StatusOK)
	return answer.Result(), nil
}

func TestAnAnswerIsNotLostToAServerThatIsQuick(t *testing.T) {
	for key, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "http://aws.test",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(key, value)
	}
	cfg, err := awsenv.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = &http.Client{Transport: hasty{t}}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	ctx, name := t.Context(), aws.String("name")
	// What they make of an empty answer is of no interest here.
	_, _ = ecs.NewFromConfig(cfg).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: name})
	_, _ = cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: name})
	_, _ = s3.NewFromConfig(cfg).PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: name, Body: strings.NewReader("body")})
}
