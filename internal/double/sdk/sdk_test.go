package sdk_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/double/sdk"
)

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAClientEndsInTheTransport(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // is of others
	t.Setenv("AWS_REGION", "us-west-2")
	const account = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	var host string
	config := sdk.Config("eu-west-1", transport(func(r *http.Request) (*http.Response, error) {
		host = r.URL.Host
		return double.RoundTrip(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			double.Write(w, http.StatusOK, "text/xml", []byte(account))
		}), r)
	}))
	out, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *out.Account != "1" || host != "sts.eu-west-1.amazonaws.com" {
		t.Errorf("%+v from %s, error %v", out, host, err)
	}
}
