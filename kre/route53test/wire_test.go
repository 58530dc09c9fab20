package route53test_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/kre/route53test"
)

// post sends body and returns the status; the answer must be XML.
func post(t *testing.T, cloud *route53test.Cloud, path, body string) int {
	t.Helper()
	answer := httptest.NewRecorder()
	cloud.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	for decoder := xml.NewDecoder(answer.Body); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return answer.Code
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

func TestOddRequests(t *testing.T) {
	cloud := route53test.New(route53test.Options{})
	id := cloud.AddZone("a.net")
	tests := map[string]struct {
		path, body string
		want       int
	}{
		"no XML":                  {"/2013-04-01/hostedzone", "{}", 400},
		"nothing":                 {"/2013-04-01/hostedzone", "", 400},
		"another root":            {"/2013-04-01/hostedzone", "<a/>", 400},
		"a path that is none":     {"/", "<a/>", 404},
		"a path that goes on":     {"/2013-04-01/hostedzone/" + id + "/rrset/more", "<a/>", 404},
		"an empty batch":          {"/2013-04-01/hostedzone/" + id + "/rrset", "<ChangeResourceRecordSetsRequest/>", 400},
		"a zone that is not here": {"/2013-04-01/hostedzone/Z0/rrset", "<ChangeResourceRecordSetsRequest/>", 404},
		"tags of a health check":  {"/2013-04-01/tags/healthcheck/x", "<a/>", 404},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			if got := post(t, cloud, tt.path, tt.body); got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
		})
	}
	if len(cloud.Zones("a.net")) != 1 || len(cloud.Records(id)) != 2 {
		t.Error("something changed")
	}
}
