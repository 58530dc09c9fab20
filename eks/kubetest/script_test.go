package kubetest_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// A script is a conversation with an API server: steps that are separated by
// "---", each a line of method, path and settings, and a body in YAML:
//
//	PATCH /api/v1/namespaces/$NS/configmaps/a type=merge as=ann
//	{data: {k: v}}
//
// The methods are those of HTTP, and WATCH, which shows the events of a
// second, and UNTIL, which repeats a GET until the answer has what its last word
// asks for ("404", "status.phase=Bound") and shows nothing. $NS is a namespace of
// the script's own, $X a suffix for what is in none, $RV and $UID those of the
// last object shown. A "!" before the method hides the answer but its code.
type script struct {
	client *http.Client
	host   string
	ns, x  string
	rv     string
	uid    string
	out    strings.Builder
}

// newScript prepares a script for a server. Its namespace is made, and deleted
// at the end of the test.
func newScript(t testing.TB, config *rest.Config, x string) *script {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{client: client, host: config.Host, ns: "conf-" + x, x: x}
	if _, code := s.call(t, "POST", "/api/v1/namespaces", nil, `{metadata: {name: $NS}}`); code != http.StatusCreated {
		t.Fatalf("create namespace %s: %d", s.ns, code)
	}
	return s
}

// end deletes what the script has made.
func (s *script) end(t testing.TB) {
	t.Helper()
	for _, path := range []string{
		"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conf-$X.example.com",
		"/apis/rbac.authorization.k8s.io/v1/clusterroles/conf-$X", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/conf-$X",
		"/apis/storage.k8s.io/v1/storageclasses/conf-$X", "/api/v1/namespaces/other-$X", "/api/v1/namespaces/$NS",
	} {
		s.call(t, "DELETE", path, nil, "")
	}
}

// run plays a script and returns the transcript.
func (s *script) run(t testing.TB, text string) string {
	t.Helper()
	for step := range strings.SplitSeq(text, "\n---\n") {
		head, body, _ := strings.Cut(strings.TrimSpace(step), "\n")
		words := strings.Fields(head)
		method, path := words[0], words[1]
		quiet := strings.HasPrefix(method, "!")
		method = strings.TrimPrefix(method, "!")
		switch method {
		case "UNTIL":
			s.until(t, path, s.fill(words[2]), words[3:])
			continue
		case "WATCH":
			s.tell(strings.Join(words, " "), http.StatusOK, s.watch(t, path), quiet)
			continue
		}
		answer, code := s.call(t, method, path, words[2:], body)
		s.tell(strings.Join(words, " "), code, answer, quiet)
	}
	return s.out.String()
}

func (s *script) tell(head string, code int, answer any, quiet bool) {
	fmt.Fprintf(&s.out, "%s\n%d\n", head, code)
	if !quiet {
		text, err := yaml.Marshal(s.plain(answer, ""))
		if err != nil {
			text = []byte(err.Error())
		}
		s.out.Write(text)
	}
	s.out.WriteString("\n")
}

func (s *script) fill(text string) string {
	return strings.NewReplacer("$NS", s.ns, "$X", s.x, "$RV", s.rv, "$UID", s.uid).Replace(text)
}

// request makes one request and leaves its answer to the caller.
func (s *script) request(ctx context.Context, t testing.TB, method, path string, settings []string, body string) *http.Response {
	t.Helper()
	kind, header := "application/json", make(http.Header)
	for _, setting := range settings {
		key, value, _ := strings.Cut(s.fill(setting), "=")
		switch key {
		case "type":
			kind = map[string]string{
				"merge": "application/merge-patch+json", "json": "application/json-patch+json",
				"strategic": "application/strategic-merge-patch+json", "apply": "application/apply-patch+yaml",
			}[value]
		case "as":
			header.Set("Impersonate-User", value)
		case "group":
			header.Add("Impersonate-Group", value)
		case "accept":
			header.Set("Accept", value)
		}
	}
	data := []byte(s.fill(body))
	if body != "" {
		var err error
		if data, err = yaml.YAMLToJSON(data); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, s.host+s.fill(path), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	r.Header.Set("User-Agent", "conformance/1")
	if body != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
}

func (s *script) call(t testing.TB, method, path string, settings []string, body string) (any, int) {
	t.Helper()
	answer := s.request(t.Context(), t, method, path, settings, body)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if json.Unmarshal(data, &value) != nil {
		value = string(data)
	}
	if warnings := answer.Header.Values("Warning"); len(warnings) > 0 && answer.StatusCode < 400 {
		value = map[string]any{"warnings": warnings, "answer": value}
	}
	if o, ok := value.(map[string]any); ok {
		if meta, ok := o["metadata"].(map[string]any); ok {
			s.rv = cmp.Or(fmt.Sprint(meta["resourceVersion"]), s.rv)
			s.uid = cmp.Or(fmt.Sprint(meta["uid"]), s.uid)
		}
	}
	return value, answer.StatusCode
}

// until repeats a GET until the answer is as wanted.
func (s *script) until(t testing.TB, path, want string, settings []string) {
	t.Helper()
	for range 600 {
		answer, code := s.call(t, "GET", path, settings, "")
		if fmt.Sprint(code) == want {
			return
		}
		at, value, _ := strings.Cut(want, "=")
		if found := dig(answer, strings.Split(at, ".")); value != "" && found == value {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s: never %s", s.fill(path), want)
}

// dig finds a value; a list is searched for a condition of the type that the path names.
func dig(v any, path []string) string {
	for _, name := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			v = nil
			for _, e := range x {
				if m, ok := e.(map[string]any); ok && m["type"] == name {
					v = m
				}
			}
		}
	}
	return fmt.Sprint(v)
}

// watch shows what a watch of one second tells.
func (s *script) watch(t testing.TB, path string) any {
	t.Helper()
	answer := s.request(t.Context(), t, "GET", path, nil, "")
	defer answer.Body.Close()
	var events []any
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		var e any
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		// The real server may repeat the bookmark.
		if n := len(events); n == 0 || dig(e, []string{"type"}) != "BOOKMARK" || dig(events[n-1], []string{"type"}) != "BOOKMARK" {
			events = append(events, e)
		}
	}
	return events
}

// What differs between runs within texts.
var (
	instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:.]+Z$`)
	uuid    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	address = regexp.MustCompile(`^10\.\d+\.\d+\.\d+$`)
	version = regexp.MustCompile(`(resource version:? |current: |in record \()\d+`)
	suffix  = regexp.MustCompile(`^(gen-)[bcdfghjklmnpqrstvwxz2456789]{5}$`)
)

// moving reports whether controllers change the status of an object while the
// script runs, so that no transcript can show it.
func moving(o map[string]any) bool {
	kind, _ := o["kind"].(string)
	return slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "Job", "PodDisruptionBudget"}, kind)
}

// plain replaces what differs from run to run.
func (s *script) plain(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name != "status" || !moving(v) {
				out[name] = s.plain(v[name], name)
			}
		}
		delete(out, "deployment.kubernetes.io/revision")
		if kind, _ := v["kind"].(string); strings.HasSuffix(kind, "Review") {
			delete(out, "metadata") // which nobody reads
		}
		if notes, ok := out["annotations"].(map[string]any); ok && len(notes) == 0 {
			delete(out, "annotations")
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			if m, ok := e.(map[string]any); !ok || (m["manager"] != "kube-controller-manager" && m["manager"] != "kube-apiserver") {
				out = append(out, s.plain(e, key))
			}
		}
		return out
	case float64:
		if key == "nodePort" || key == "healthCheckNodePort" {
			return "(port)"
		}
	case string:
		switch key {
		case "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "lastTransitionTime", "continue", "selfLink":
			return "(" + key + ")"
		}
		v = strings.NewReplacer(s.ns, "$NS", s.x, "$X").Replace(v)
		v = uuid.ReplaceAllString(v, "(uid)")
		v = instant.ReplaceAllString(v, "(time)")
		v = version.ReplaceAllString(v, "${1}(revision)")
		v = suffix.ReplaceAllString(v, "${1}(suffix)")
		return address.ReplaceAllString(v, "(address)")
	}
	return v
}
