package papertrailtest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

func do(t *testing.T, s *papertrailtest.Server, method, path, body string) (int, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "https://papertrailapp.com/api/v1/"+path, strings.NewReader(body))
	req.Header.Set("X-Papertrail-Token", "secret")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func TestAnswers(t *testing.T) {
	tests := map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"the groups":                  {"GET", "groups.json", "", 200, `[{"_links":{"self":{"href":"https://papertrailapp.com/api/v1/groups/1.json"}},"id":1,"name":"logs","system_wildcard":null,"systems":[]}]`},
		"a group":                     {"GET", "groups/1.json", "", 200, `{"_links":{"self":{"href":"https://papertrailapp.com/api/v1/groups/1.json"}},"id":1,"name":"logs","system_wildcard":null,"systems":[]}`},
		"a search":                    {"GET", "searches/2.json", "", 200, `{"_links":{"self":{"href":"https://papertrailapp.com/api/v1/searches/2.json"}},"group":{"_links":{"self":{"href":"https://papertrailapp.com/api/v1/groups/1.json"}},"id":1,"name":"logs"},"id":2,"name":"all","query":"x"}`},
		"a name only, the rest stays": {"PUT", "searches/2.json", `{"search":{"name":"every"}}`, 200, `{"_links":{"self":{"href":"https://papertrailapp.com/api/v1/searches/2.json"}},"group":{"_links":{"self":{"href":"https://papertrailapp.com/api/v1/groups/1.json"}},"id":1,"name":"logs"},"id":2,"name":"every","query":"x"}`},
		"a system":                    {"GET", "systems/3.json", "", 200, `{"_links":{"self":{"href":"https://papertrailapp.com/api/v1/systems/3.json"}},"hostname":"web","id":3,"ip_address":null,"last_event_at":null,"name":"web"}`},
		"a group without a name":      {"POST", "groups.json", `{"group":{}}`, 400, `{"message":"Name can't be blank"}`},
		"a search without a query":    {"POST", "searches.json", `{"search":{"name":"a"}}`, 400, `{"message":"Query can't be blank"}`},
		"a search in no group":        {"POST", "searches.json", `{"search":{"name":"a","query":"b","group_id":9}}`, 400, `{"message":"Group does not exist"}`},
		"a system without a place":    {"POST", "systems.json", `{"system":{"name":"a","hostname":"b"}}`, 400, `{"message":"Log destination is required"}`},
		"a system without a host":     {"POST", "systems.json", `{"system":{"name":"a"},"destination_port":1}`, 400, `{"message":"Hostname or IP address is required"}`},
		"to join what is not there":   {"POST", "systems/3/join.json", `{"group_id":9}`, 404, `{"message":"Not found"}`},
		"what is no JSON":             {"POST", "groups.json", `{`, 400, `{"message":"Malformed JSON"}`},
		"no such thing":               {"GET", "users.json", "", 404, `{"message":"Not found"}`},
		"no such id":                  {"GET", "groups/2.json", "", 404, `{"message":"Not found"}`},
		"no id":                       {"GET", "groups/x.json", "", 404, `{"message":"Not found"}`},
		"no .json":                    {"GET", "groups", "", 404, `{"message":"Not found"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := papertrailtest.New(papertrailtest.Options{})
			group := s.AddGroup(papertrailtest.Group{Name: "logs"})
			s.AddSearch(papertrailtest.Search{Name: "all", Query: "x", Group: group})
			s.AddSystem(papertrailtest.System{Name: "web", Hostname: "web", Port: 1})
			status, body := do(t, s, tt.method, tt.path, tt.body)
			if status != tt.status || body != tt.want {
				t.Errorf("got  %d %s\nwant %d %s", status, body, tt.status, tt.want)
			}
		})
	}
}

func TestAGroupTakesItsSearchesAlong(t *testing.T) {
	s := papertrailtest.New(papertrailtest.Options{})
	for _, name := range []string{"a", "b"} {
		id := s.AddGroup(papertrailtest.Group{Name: name})
		s.AddSearch(papertrailtest.Search{Name: name, Query: "x", Group: id})
	}
	if status, _ := do(t, s, "DELETE", "groups/1.json", ""); status != 200 {
		t.Fatal(status)
	}
	if diff := cmp.Diff([]papertrailtest.Search{{ID: 4, Name: "b", Query: "x", Group: 3}}, s.Searches()); diff != "" {
		t.Errorf("searches (-want +got):\n%s", diff)
	}
}

func TestToken(t *testing.T) {
	for name, tt := range map[string]struct {
		token string
		want  int
	}{"the right one": {"secret", 200}, "a wrong one": {"other", 401}, "any": {"", 200}} {
		t.Run(name, func(t *testing.T) {
			s := papertrailtest.New(papertrailtest.Options{Token: tt.token})
			if status, body := do(t, s, "GET", "groups.json", ""); status != tt.want {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := papertrailtest.New(papertrailtest.Options{})
		for i := range 60 {
			time.Sleep(100 * time.Millisecond)
			want := 200
			if i%50 >= 25 {
				want = 429 // the first of a window is 5 s old at the 51st request
			}
			if status, _ := do(t, s, "GET", "groups.json", ""); status != want {
				t.Fatalf("request %d: %d, want %d", i+1, status, want)
			}
		}
	})
	s := papertrailtest.New(papertrailtest.Options{Unlimited: true})
	for range 100 {
		if status, _ := do(t, s, "GET", "groups.json", ""); status != 200 {
			t.Fatal(status)
		}
	}
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := papertrailtest.New(papertrailtest.Options{})
		s.Inject(
			papertrailtest.Fault{Method: "POST", Path: "groups.json", Skip: 1, Times: 2, Status: 503, After: true},
			papertrailtest.Slow("GET", "searches.json", time.Minute),
			papertrailtest.Fault{Path: "systems/*.json"},
		)
		var got []int
		for range 4 {
			status, _ := do(t, s, "POST", "groups.json", `{"group":{"name":"a"}}`)
			got = append(got, status)
		}
		if diff := cmp.Diff([]int{200, 503, 503, 200}, got); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if n := len(s.Groups()); n != 4 {
			t.Errorf("%d groups, want 4: the faults were to come after the effect", n)
		}
		began := time.Now()
		if status, _ := do(t, s, "GET", "searches.json", ""); status != 200 || time.Since(began) != time.Minute {
			t.Errorf("slow: %d after %v", status, time.Since(began))
		}
		if status, text := do(t, s, "GET", "systems/7.json", ""); status != 0 || text != "read response: unexpected EOF" {
			t.Errorf("lost: %d %s", status, text)
		}
		s.Inject(papertrailtest.Slow("", "", time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://papertrailapp.com/api/v1/groups.json", http.NoBody)
		if _, err := s.RoundTrip(req); err == nil {
			t.Error("a request outlives its context")
		}
		last := s.Requests()[0].String()
		if last != "POST groups.json 200" || len(s.Writes()) != 4 {
			t.Errorf("requests: %s, %v", last, s.Writes())
		}
	})
}
