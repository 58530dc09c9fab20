package httpapi_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/papertrail/httpapi"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

// What is no list of things with ids is no empty account.
func TestListsThatAreNone(t *testing.T) {
	for _, body := range []string{"null", "[null]", "[{}]", `[{"id":1,"name":"a"},{"name":"b"}]`, `[{"id":-1}]`} {
		t.Run(body, func(t *testing.T) {
			s := papertrailtest.New(papertrailtest.Options{})
			s.Inject(papertrailtest.Fault{Status: 200, Body: body})
			if got, err := newClient(t, s).Groups(t.Context()); err == nil || !strings.Contains(err.Error(), "it has no ids") {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// A gateway's page says nothing of what became of a change, whatever its status.
func TestAPageInAnswerToAChange(t *testing.T) {
	s := papertrailtest.New(papertrailtest.Options{})
	c := newClient(t, s)
	for _, method := range []string{"PUT", "DELETE", "POST"} {
		s.Inject(papertrailtest.HTML(method, "", 200))
	}
	for name, err := range map[string]error{"update": c.UpdateSearch(t.Context(), 1, "x"), "delete": c.DeleteSearch(t.Context(), 1), "join": c.JoinGroup(t.Context(), 1, 2)} {
		if err == nil || !strings.Contains(err.Error(), "a web page in place of JSON: 502 Bad Gateway") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAnswerWithoutEnd(t *testing.T) {
	c, err := httpapi.New(httpapi.Options{Token: token, Transport: endless{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Groups(t.Context()); err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("got %v", err)
	}
}

type endless struct{}

func (endless) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(spaces{}), Request: req}, nil
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Whatever a service answers, the client says so in one line, and never panics.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", `[{"id":1,"name":"a","system_wildcard":null,"systems":null,"query":"x","group":null,"alerts":[1]}]`)
	f.Add(200, "text/html", "<html>")
	f.Add(400, "application/json", `{"message":"no\u001b"}`)
	f.Add(404, "text/plain", "<<<\xff")
	f.Add(302, "", "")
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		if status < 200 || status > 599 || status == 429 || status == 408 || status >= 500 {
			return // those are tried again
		}
		s := papertrailtest.New(papertrailtest.Options{})
		s.Inject(papertrailtest.Fault{Times: -1, Status: status, Header: http.Header{"Content-Type": {kind}}, Body: body})
		c, err := httpapi.New(httpapi.Options{Token: token, Transport: s, Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, groupsErr := c.Groups(t.Context())
		_, searchesErr := c.Searches(t.Context())
		for _, err := range []error{groupsErr, searchesErr} {
			if err != nil && strings.ContainsAny(err.Error(), "\x1b\n\r") {
				t.Errorf("%q", err)
			}
			if err == nil && status != 200 && status/100 != 2 {
				t.Errorf("status %d is no error", status)
			}
		}
	})
}
