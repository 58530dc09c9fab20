package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

var update = flag.Bool("update", false, "write the golden files anew")

func samples() map[string]Run {
	return map[string]Run{
		"success": successRun(), "failed": failedRun(), "destroy": destroyRun(), "running": runningRun(), "empty": {},
	}
}

func write(t testing.TB, r Run) string {
	t.Helper()
	var out strings.Builder
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Look at them in a browser after a change.
func TestGolden(t *testing.T) {
	golden := samples()
	delete(golden, "running") // it has nothing that the others lack
	for name, r := range golden {
		t.Run(name, func(t *testing.T) {
			got := write(t, r)
			file := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, d)
			}
			check(t, got)
		})
	}
}

func TestTheOrderOfThePage(t *testing.T) {
	tests := map[string]struct {
		run  Run
		want []string
	}{
		"what failed comes first":      {failedRun(), []string{"What failed", "Stages", "Modules", "Findings", "Coverage", "Stacks", "Images", "Rollout", "Other changes", "Events"}},
		"a success has no failures":    {successRun(), []string{"Stages", "Modules", "Findings", "Coverage", "Stacks", "Images", "Rollout", "Other changes", "Events"}},
		"a removal says so":            {destroyRun(), []string{"Stages", "Stacks", "Removal of the services", "What was removed", "Events"}},
		"an empty run has no sections": {Run{}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, check(t, write(t, tt.run)).h2); d != "" {
				t.Errorf("sections (-want +got):\n%s", d)
			}
		})
	}
}

func TestThePageTells(t *testing.T) {
	tests := map[string]struct {
		run  Run
		want []string
	}{
		"a failure with its cause, its log and what it kept from happening": {failedRun(), []string{
			"Failed at deploy after 7 min 42 s.", "notifier", "in stage deploy", "essential container exited with code 1: the health check",
			"Connection refused.", "    File \"/service/app/step_39.py\"", "Did not happen because of it:", "dispatch-portal-frontend",
			"10 of 28", "1 of 3 gates below its minimum",
		}},
		"a success in numbers": {successRun(), []string{
			"Everything went through in 8 min 58 s.", "4 of 26", "28 of 28", "4 built, 24 unchanged.", "Critical path, 4 min 44 s:",
			digest("notifier"), "notifier/app.py and 3 more files changed", "CacheNodeType: cache.t3.small -> cache.t4g.small",
		}},
		"a run under way": {runningRun(), []string{"Still running: deploy, 5 min 30 s so far.", "4 running, 17 waiting, 7 done"}},
		"a removal":       {destroyRun(), []string{"Everything was removed in 6 min 27 s.", "services removed", "with 28 searches"}},
		"a stage that failed without a word": {
			Run{Stages: []Stage{{Name: "build", State: progress.Failed}}},
			[]string{"Failed at build.", "The stage failed and gave no reason."},
		},
		"an error of many lines": {
			Run{Stages: []Stage{{Name: "build", State: progress.Failed, Error: "build web: exit 1\n\n\tgcc: not found\n"}}},
			[]string{"build web: exit 1", "    gcc: not found"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := check(t, write(t, tt.run)).text
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
		})
	}
}

func TestTextOfOthersDoesNothing(t *testing.T) {
	hostile := "</style></svg><script>alert(1)</script>\x00\x01\x1b[31mred\x1b[0m \u202egpj.exe \ufffe \xff ]]> <!-- &amp; \"'` {{.}} 通知 مرحبا 👩‍🚀"
	r := hostileRun(hostile)
	page := write(t, r)
	doc := check(t, page)
	if strings.ContainsAny(page, "\x00\x01\x1b\u202e\ufffe") {
		t.Error("a character that steers is in the page")
	}
	for _, want := range []string{"<script>alert(1)</script>", `\u202egpj.exe`, `\xff`, "{{.}}", "通知 مرحبا 👩‍🚀"} {
		if !strings.Contains(doc.text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if strings.Contains(doc.text, "[31m") {
		t.Error("the colours of a terminal are shown: ", around(doc.text, "[31m"))
	}
	if strings.Contains(page, "javascript:alert") && strings.Contains(page, `href="javascript`) {
		t.Error("a link runs a script")
	}
}

// around returns where s is in text.
func around(text, s string) string {
	i := strings.Index(text, s)
	return text[max(0, i-80):min(len(text), i+80)]
}

// hostileRun has s wherever a text can be.
func hostileRun(s string) Run {
	state := progress.State(s)
	return Run{
		Title: s, Kind: s, Branch: s, Base: s, Revision: s, URL: "javascript:alert(1)//" + s, Environment: "https://example.com/" + s, Cloud: s,
		Stages: []Stage{{
			Name: s, State: progress.Failed, Summary: s, Error: s, Notes: []string{s},
			Failures: []Failure{{Subject: s, Cause: s, Logs: []string{s, "x"}, After: []string{s}}},
			Modules:  []Module{{Name: s, Selected: true, Status: s, Reasons: []string{s}}, {Name: s + "2", Reasons: []string{s}}},
			Findings: []Finding{{Module: s, Check: s, Path: s, Line: -1, Rule: s, Severity: s, Message: s}},
			Coverage: []Coverage{{Module: s, Gate: s, Covered: 9, Total: -1, Unit: s, Percent: s, Minimum: s, Message: s}, {Covered: 1 << 62, Total: 1, Minimum: "1e400"}},
			Stacks:   []Stack{{Name: s, Action: s, Status: s, Error: s, Changes: []Change{{s, s, s, s}}, Outputs: map[string]string{s: s, "u": "javascript:alert(1)"}}},
			Images:   []Image{{Module: s, Repository: s, Tag: s, Digest: s, Outcome: s, Reason: s, Tags: []string{s}}},
			Rollout: &Rollout{Cluster: s, Op: s, Services: []Service{
				{Name: s, Needs: []string{s, "b"}, Action: s, State: state, Image: s, Message: s}, {Name: "b", Needs: []string{s}}, {Name: "b"}, {},
			}},
			Changes: []Change{{s, s, s, s}},
			Events:  []progress.Event{{Op: s, Subject: s, State: state, Message: s, Needs: []string{s}, Err: errors.New(s)}, {Op: s, State: progress.Running, Time: clock(0)}},
		}, {State: state}},
	}
}

func TestLinksLeadToTheWebOnly(t *testing.T) {
	for address, want := range map[string]bool{
		"https://example.com/a?b=c&d": true, "http://10.0.0.1:8080": true, "HTTPS://EXAMPLE.COM": true,
		"javascript:alert(1)": false, "data:text/html,x": false, "ftp://example.com": false, "//example.com": false,
		"https:": false, "example.com": false, "": false, "https://exa\x7fmple.com": false, " https://example.com": false,
	} {
		r := Run{URL: address, Stages: []Stage{{Name: "x", State: progress.Done, Stacks: []Stack{{Outputs: map[string]string{"URL": address}}}}}}
		page := write(t, r)
		check(t, page)
		if got := strings.Count(page, `rel="noreferrer"`); want != (got == 2) || !want && got != 0 {
			t.Errorf("%q gives %d links", address, got)
		}
	}
}

func TestLongTextsAreCut(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	r := hostileRun(long)
	for range 500 {
		f := &r.Stages[0].Failures[0]
		f.Logs, f.After = append(f.Logs, "line"), append(f.After, "service")
		r.Stages[0].Failures = append(r.Stages[0].Failures, Failure{Subject: "again"})
		r.Stages[0].Notes = append(r.Stages[0].Notes, "a note")
	}
	page := write(t, r)
	text := check(t, page).text
	for _, want := range []string{"(9,000 characters more)", "(303 earlier lines)", "and 441 more others", "and 451 more failures", "and 491 more notes"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if len(page) > 400_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

func TestWritingLeavesTheRunAsItIs(t *testing.T) {
	for name, r := range map[string]Run{"failed": failedRun(), "hostile": hostileRun("\x1b[31m\n\u202e")} {
		before, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		first := write(t, r)
		after, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, after) {
			t.Errorf("%s: the run has changed", name)
		}
		if write(t, r) != first {
			t.Errorf("%s: a second page differs", name)
		}
	}
}

func TestARunSurvivesItsJSON(t *testing.T) {
	for name, r := range samples() {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Run
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(write(t, r), write(t, back)); d != "" {
			t.Errorf("%s: the page after JSON differs:\n%s", name, d)
		}
	}
}

type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestTheErrorOfTheWriterIsReturned(t *testing.T) {
	err := successRun().WriteHTML(full{})
	if !errors.Is(err, errFull) || err.Error() != "write report: no space left on device" {
		t.Errorf("error %v", err)
	}
}

// hugeRun is larger than any that people would look at line by line.
func hugeRun() Run {
	r := failedRun()
	deploy := &r.Stages[5]
	deploy.Rollout.Services, deploy.Events = nil, nil
	for i := range 200 {
		s := Service{Name: fmt.Sprintf("service-%03d", i), Action: "update"}
		for j := range min(i, 4) {
			s.Needs = append(s.Needs, fmt.Sprintf("service-%03d", (i*31+j*17)%i))
		}
		deploy.Rollout.Services = append(deploy.Rollout.Services, s)
	}
	for i := range 20_000 {
		e := progress.Event{Time: clock(float64(i) / 50), Op: "ecs.rollout", Subject: fmt.Sprintf("service-%03d", i%200), State: progress.Running, Message: "2 of 3 tasks running"}
		if i >= 19_800 {
			e.State = progress.Done
		}
		deploy.Events = append(deploy.Events, e)
	}
	for i := range 2000 {
		r.Stages[1].Findings = append(r.Stages[1].Findings, Finding{Module: "web", Check: "eslint", Path: fmt.Sprintf("src/%d.js", i), Line: i, Severity: "error", Message: "no-unused-vars"})
	}
	return r
}

func TestAHugeRunIsWrittenFastAndStaysReadable(t *testing.T) {
	r := hugeRun()
	best := time.Hour
	var page string
	for range 3 { // the machine may have other things to do
		start := time.Now()
		page = write(t, r)
		best = min(best, time.Since(start))
	}
	if best > time.Second {
		t.Errorf("it took %v", best)
	}
	if len(page) > 1_500_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	text := check(t, page).text
	for _, want := range []string{"2,000 errors, 2 warnings.", "and 1,702 more", "19,700 earlier events are not shown.", "200 services"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func FuzzAnyRunGivesAWholePage(f *testing.F) {
	for _, r := range []Run{{}, failedRun(), runningRun(), hostileRun("</title>\u202e\ufffe\x00"), hostileRun("\xff]]>\r\n\t")} {
		b, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"written":"2026-11-22T10:00:00+05:00","stages":[{"started":"0001-01-01T00:00:01Z","ended":"9999-12-31T23:59:59Z","state":"done"},{"state":"waiting"}]}`))
	f.Add([]byte(`{"stages":[{"rollout":{"op":"o","services":[{"name":"a","needs":["b"]},{"name":"b","needs":["a","a","c"]}]},"events":[{"op":"o","subject":"a","state":"running"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Run
		if json.Unmarshal(b, &r) != nil {
			return
		}
		check(t, write(t, r))
	})
}

func FuzzAnyTextIsText(f *testing.F) {
	for _, s := range []string{"", "a", "</title><script>alert(1)</script>", "\u202e\ufffe\x00\x1b[2J", "\xff]]>\r\n\t", "javascript:alert(1)", "&#0;&lt;", "--></style>", "failed", "CREATE_FAILED", "99%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		check(t, write(t, hostileRun(s)))
	})
}

func BenchmarkWriteHTML(b *testing.B) {
	for name, r := range map[string]Run{"28 services": successRun(), "200 services": hugeRun()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := r.WriteHTML(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
