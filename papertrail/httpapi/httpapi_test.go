package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

const token = "b3c0ffee-secret"

func newClient(t *testing.T, s *papertrailtest.Server) *httpapi.Client {
	t.Helper()
	c, err := httpapi.New(httpapi.Options{Token: token, Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOptionsThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		opts httpapi.Options
		want string
	}{
		"no token":                 {httpapi.Options{}, "no API token is given; an account's is in its profile on papertrailapp.com"},
		"a token with a line":      {httpapi.Options{Token: token + "\n"}, "the API token has a character that no token has, such as a space or a line break"},
		"the token without TLS":    {httpapi.Options{Token: token, BaseURL: "http://papertrailapp.com/api/v1/"}, "the token would go to papertrailapp.com without TLS; use https"},
		"no URL":                   {httpapi.Options{Token: token, BaseURL: "papertrailapp.com"}, `"papertrailapp.com" is no base URL of an API; want one such as https://papertrailapp.com/api/v1/`},
		"another scheme":           {httpapi.Options{Token: token, BaseURL: "file:///x"}, `"file:///x" is no base URL of an API; want one such as https://papertrailapp.com/api/v1/`},
		"a password in the URL":    {httpapi.Options{Token: token, BaseURL: "https://u:hunter2@papertrailapp.com/"}, `"***@papertrailapp.com/" is no base URL of an API; want one such as https://papertrailapp.com/api/v1/`},
		"a token in the URL":       {httpapi.Options{Token: token, BaseURL: "https://papertrailapp.com/?token=hunter2"}, `"https://papertrailapp.com/?***" is no base URL of an API; want one such as https://papertrailapp.com/api/v1/`},
		"a host like this machine": {httpapi.Options{Token: token, BaseURL: "http://127.example.org/"}, "the token would go to 127.example.org without TLS; use https"},
		"a negative timeout":       {httpapi.Options{Token: token, Timeout: -1}, "a timeout, a window or a number of attempts is negative"},
		"no attempts":              {httpapi.Options{Token: token, Attempts: -1}, "a timeout, a window or a number of attempts is negative"},
		"this machine without TLS": {httpapi.Options{Token: token, BaseURL: "http://127.0.0.1:8080"}, "<nil>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := httpapi.New(tt.opts)
			if fmt.Sprint(err) != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestTheTokenIsNeverPrinted(t *testing.T) {
	type config struct{ Token httpapi.Token }
	data, err := json.Marshal(config{token})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", httpapi.Token(token))
	texts := []string{string(data), log.String()}
	for _, verb := range []string{"%v", "%s", "%q", "%+v", "%#v", "%x", "%d", "%t"} {
		texts = append(texts, fmt.Sprintf(verb, config{token}), fmt.Sprintf(verb, httpapi.Token(token)), fmt.Sprintf(verb, newClient(t, papertrailtest.New(papertrailtest.Options{}))))
	}
	for _, fault := range []papertrailtest.Fault{{Times: -1}, {Times: -1, Status: 401, Body: `{"message":"bad token ` + token + `"}`}, {Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<p>X-Papertrail-Token: " + token}, papertrailtest.HTML("", "", 404), {Status: 301, Header: http.Header{"Location": {"https://evil.example/"}}}} {
		synctest.Test(t, func(t *testing.T) {
			s := papertrailtest.New(papertrailtest.Options{})
			s.Inject(fault)
			_, err := newClient(t, s).Groups(t.Context())
			texts = append(texts, fmt.Sprintf("%v %+v %#v", err, err, err))
			for e := err; e != nil; e = errors.Unwrap(e) {
				texts = append(texts, fmt.Sprintf("%#v", e))
			}
		})
	}
	for _, text := range texts {
		if strings.Contains(text, token) || strings.Contains(text, fmt.Sprintf("%x", token)) {
			t.Errorf("has the token: %s", text)
		}
	}
}

func TestRequests(t *testing.T) {
	s := papertrailtest.New(papertrailtest.Options{Token: token})
	c := newClient(t, s)
	ctx := t.Context()
	group, err := c.CreateGroup(ctx, "logs", "*")
	if err != nil {
		t.Fatal(err)
	}
	search, err := c.CreateSearch(ctx, group.ID, papertrail.Search{Name: "all", Query: "x"})
	if err != nil {
		t.Fatal(err)
	}
	system, err := c.RegisterSystem(ctx, papertrail.System{Name: "web", IPAddress: "10.0.0.1", Destination: 4})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"update group":  c.UpdateGroup(ctx, group.ID, "a-*"),
		"update search": c.UpdateSearch(ctx, search.ID, "y"),
		"join":          c.JoinGroup(ctx, system.ID, group.ID),
		"join again":    c.JoinGroup(ctx, system.ID, group.ID),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	groups, err := c.Groups(ctx)
	if diff := cmp.Diff([]papertrail.GroupRecord{{ID: 1, Name: "logs", Wildcard: "a-*", Systems: []int64{3}}}, groups); err != nil || diff != "" {
		t.Errorf("groups: %v (-want +got):\n%s", err, diff)
	}
	searches, err := c.Searches(ctx)
	if diff := cmp.Diff([]papertrail.SearchRecord{{ID: 2, Name: "all", Query: "y", Group: 1, Alerts: -1}}, searches); err != nil || diff != "" {
		t.Errorf("searches: %v (-want +got):\n%s", err, diff)
	}
	systems, err := c.Systems(ctx)
	if diff := cmp.Diff([]papertrail.SystemRecord{{ID: 3, Name: "web"}}, systems); err != nil || diff != "" {
		t.Errorf("systems: %v (-want +got):\n%s", err, diff)
	}
	if err := errors.Join(c.DeleteSearch(ctx, search.ID), c.DeleteGroup(ctx, group.ID)); err != nil {
		t.Error(err)
	}
	if err := c.DeleteSearch(ctx, search.ID); !errors.Is(err, papertrail.ErrNotFound) {
		t.Errorf("a second deletion: %v", err)
	}
	bodies := map[string]string{}
	for _, r := range s.Requests() {
		if r.Body != "" {
			bodies[r.Method+" "+r.Path] = r.Body
		}
	}
	want := map[string]string{
		"POST groups.json":         `{"group":{"name":"logs","system_wildcard":"*"}}`,
		"POST searches.json":       `{"search":{"name":"all","query":"x","group_id":1}}`,
		"POST systems.json":        `{"system":{"name":"web","ip_address":"10.0.0.1"},"destination_id":4}`,
		"PUT groups/1.json":        `{"group":{"system_wildcard":"a-*"}}`,
		"PUT searches/2.json":      `{"search":{"query":"y"}}`,
		"POST systems/3/join.json": `{"group_id":1}`,
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	tests := map[string]struct {
		fault papertrailtest.Fault
		want  string
	}{
		"a message": {
			papertrailtest.Fault{Status: 400, Body: `{"message":"Name has already been taken"}`},
			"Papertrail: GET groups.json: 400 Bad Request: Name has already been taken",
		},
		"a wrong token": {
			papertrailtest.Fault{Status: 401, Body: `{"message":"Invalid API token"}`},
			"Papertrail: GET groups.json: 401 Unauthorized: Invalid API token; the API token is wrong, or may not do this",
		},
		"a page of a gateway": {
			func() papertrailtest.Fault { f := papertrailtest.HTML("", "", 502); f.Times = -1; return f }(),
			"Papertrail: GET groups.json: 502 Bad Gateway: 502 Bad Gateway 502 Bad Gateway (6 attempts)",
		},
		"a page in place of JSON": {
			papertrailtest.HTML("", "", 200),
			"Papertrail: GET groups.json: 200 OK: a web page in place of JSON: 502 Bad Gateway 502 Bad Gateway; is the base URL that of the API?",
		},
		"a redirect": {
			papertrailtest.Fault{Status: 301, Header: http.Header{"Location": {"https://example.org/"}}},
			"Papertrail: GET groups.json: 301 Moved Permanently; redirects are not followed, since the token would go along: has the account been moved?",
		},
		"a text that steers the terminal": {
			papertrailtest.Fault{Status: 400, Body: "no\x1b[31m way " + strings.Repeat("é", 100)},
			`Papertrail: GET groups.json: 400 Bad Request: no\x1b[31m way ` + strings.Repeat("é", 74) + "…",
		},
		"JSON of another shape": {
			papertrailtest.Fault{Status: 200, Body: `{"a":1}`},
			"Papertrail: GET groups.json: 200 OK: the answer is not what is documented: json: cannot unmarshal object into Go value of type []httpapi.group",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := papertrailtest.New(papertrailtest.Options{})
				s.Inject(tt.fault)
				_, err := newClient(t, s).Groups(t.Context())
				if err == nil || err.Error() != tt.want {
					t.Errorf("got  %v\nwant %s", err, tt.want)
				}
				if e, ok := errors.AsType[*httpapi.Error](err); !ok || e.Status != tt.fault.Status {
					t.Errorf("got %#v", err)
				}
			})
		})
	}
}

func TestRetries(t *testing.T) {
	date := func(d time.Duration) http.Header {
		// The clock of a bubble starts at this time.
		return http.Header{"Retry-After": {time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)}}
	}
	tests := map[string]struct {
		fault    papertrailtest.Fault
		min, max time.Duration
	}{
		"429 with seconds":           {papertrailtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}}, 7 * time.Second, 7 * time.Second},
		"429 with a date":            {papertrailtest.Fault{Status: 429, Header: date(9 * time.Second)}, 9 * time.Second, 9 * time.Second},
		"429 with a date gone by":    {papertrailtest.Fault{Status: 429, Header: date(-time.Hour)}, 500 * time.Millisecond, 1500 * time.Millisecond},
		"429 without":                {papertrailtest.Fault{Status: 429}, 500 * time.Millisecond, 1500 * time.Millisecond},
		"429 with nonsense":          {papertrailtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"soon"}}}, 500 * time.Millisecond, 1500 * time.Millisecond},
		"429 with a negative":        {papertrailtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"-5"}}}, 500 * time.Millisecond, 1500 * time.Millisecond},
		"429 with hours":             {papertrailtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"86400"}}}, 5 * time.Minute, 5 * time.Minute},
		"a lost connection":          {papertrailtest.Fault{}, 500 * time.Millisecond, 1500 * time.Millisecond},
		"503, four times":            {papertrailtest.Fault{Status: 503, Times: 4}, 7500 * time.Millisecond, 22500 * time.Millisecond},
		"an answer that is too slow": {papertrailtest.Slow("GET", "", time.Hour), 30500 * time.Millisecond, 31500 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := papertrailtest.New(papertrailtest.Options{})
				s.Inject(tt.fault)
				began := time.Now()
				if _, err := newClient(t, s).Groups(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took < tt.min || took > tt.max {
					t.Errorf("took %v, want %v to %v", took, tt.min, tt.max)
				}
			})
		})
	}
}

// What is answered with 429 was not done: a creation is made again. Of what was lost
// nobody knows.
func TestCreationsAreRepeatedOnlyWhereTheyWereRefused(t *testing.T) {
	tests := map[string]struct {
		fault     papertrailtest.Fault
		uncertain bool
		requests  int
	}{
		"refused":                {papertrailtest.Fault{Status: 429}, false, 2},
		"lost before":            {papertrailtest.Fault{}, true, 1},
		"lost after":             {papertrailtest.Fault{After: true}, true, 1},
		"an error of the server": {papertrailtest.Fault{Status: 500}, true, 1},
		"an answer without id":   {papertrailtest.Fault{Status: 200, Body: `{"group":{"id":1}}`, After: true}, true, 1},
		"an answer of no use":    {papertrailtest.Fault{Status: 200, Body: "ok", After: true}, true, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := papertrailtest.New(papertrailtest.Options{})
				s.Inject(tt.fault)
				_, err := newClient(t, s).CreateGroup(t.Context(), "logs", "*")
				if errors.Is(err, papertrail.ErrUncertain) != tt.uncertain || !tt.uncertain && err != nil {
					t.Errorf("got %v", err)
				}
				if n := len(s.Requests()); n != tt.requests {
					t.Errorf("%d requests, want %d", n, tt.requests)
				}
			})
		})
	}
}

func TestWhatWasNeverSentIsNotUncertain(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close() // nobody listens there now
	c, err := httpapi.New(httpapi.Options{Token: token, BaseURL: url, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.CreateGroup(t.Context(), "logs", "*"); err == nil || errors.Is(err, papertrail.ErrUncertain) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = c.CreateGroup(ctx, "logs", "*"); !errors.Is(err, context.Canceled) || errors.Is(err, papertrail.ErrUncertain) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestADeletionWhoseAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := papertrailtest.New(papertrailtest.Options{})
		id := s.AddGroup(papertrailtest.Group{Name: "logs"})
		s.Inject(papertrailtest.Fault{Method: "DELETE", After: true})
		if err := newClient(t, s).DeleteGroup(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
}

// The double refuses the 26th request within 5 seconds.
func TestTheRateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := papertrailtest.New(papertrailtest.Options{})
		c := newClient(t, s)
		began := time.Now()
		done := make(chan error)
		for worker := range 5 {
			go func() {
				for i := range 26 {
					if worker == 0 && i%5 == 0 {
						time.Sleep(300 * time.Millisecond)
					}
					if _, err := c.Groups(t.Context()); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		for range 5 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for _, r := range s.Requests() {
			if r.Status != 200 {
				t.Fatalf("%v", r)
			}
		}
		// 130 requests are five windows of 25, and five more.
		if took := time.Since(began); took < 25*time.Second || took > 27*time.Second {
			t.Errorf("took %v, want 25 s to 27 s", took)
		}
	})
}

func TestCancelling(t *testing.T) {
	for name, fault := range map[string]papertrailtest.Fault{
		"while it waits to try again":   {Status: 429, Header: http.Header{"Retry-After": {"60"}}},
		"while it waits for the answer": papertrailtest.Slow("", "", time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := papertrailtest.New(papertrailtest.Options{})
				s.Inject(fault)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				_, err := newClient(t, s).Groups(ctx)
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
			})
		})
	}
}

// The same over a socket.
func TestOverHTTP(t *testing.T) {
	s := papertrailtest.New(papertrailtest.Options{Token: token})
	server := httptest.NewServer(s)
	defer server.Close()
	c, err := httpapi.New(httpapi.Options{Token: token, BaseURL: server.URL + "/api/v1/"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateGroup(t.Context(), "logs", "*"); err != nil {
		t.Error(err)
	}
	s.Inject(papertrailtest.Fault{After: true})
	if _, err := c.CreateGroup(t.Context(), "lost", "*"); !errors.Is(err, papertrail.ErrUncertain) {
		t.Errorf("got %v", err)
	}
	if groups := s.Groups(); len(groups) != 2 {
		t.Errorf("got %v", groups)
	}
}
