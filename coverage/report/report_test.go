package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage"
)

func percent(t testing.TB, s string) coverage.Percentage {
	t.Helper()
	p, err := coverage.ParsePercentage(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t testing.TB, text string) coverage.Report {
	t.Helper()
	report, err := coverage.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// checked is the result of reports by module, which are read from files.
func checked(t testing.TB, gate coverage.Gate, reports ...[2]string) coverage.Result {
	t.Helper()
	var inputs []coverage.Input
	for _, r := range reports {
		path := filepath.Join(t.TempDir(), r[0])
		if r[1] != "" {
			if err := os.WriteFile(path, []byte(r[1]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		inputs = append(inputs, coverage.Input{Module: r[0], Path: path})
	}
	result, err := gate.Check(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

const (
	web  = "SF:web/cart.js\nDA:1,1\nDA:2,0\nDA:4,1\nDA:5,0\nDA:6,0\nend_of_record\nSF:web/a|b.js\nDA:1,1\nend_of_record\n"
	api  = "SF:api/a.js\nDA:1,1\nend_of_record\n"
	cut  = "SF:ops/a.js\nDA:1,1\n"
	docs = "SF:docs/a.js\nDA:1,1\nend_of_record\n"
)

// sample has every outcome but one, and every gate.
func sample(t testing.TB) coverage.Result {
	sixty := percent(t, "60")
	gate := coverage.Gate{
		AllowNoData:    []string{"types"},
		Expected:       map[string][]string{"docs": {"docs/b.js", "docs/c.js"}},
		Total:          &sixty,
		Baseline:       &coverage.Baseline{Modules: map[string]coverage.Mark{"web": {Metric: coverage.Lines, Count: coverage.Count{Covered: 3, Total: 4}}, "mail": {Metric: coverage.Lines, Count: coverage.Count{Covered: 1, Total: 1}}}},
		Changed:        coverage.LineRanges{"web/cart.js": {{First: 1, Last: 6}}, "README.md": {{First: 1, Last: 1}}},
		ChangedMinimum: percent(t, "90"),
	}
	return checked(t, gate, [2]string{"web", web}, [2]string{"types", "mode: set\n"}, [2]string{"api", api}, [2]string{"docs", docs}, [2]string{"ops", cut}, [2]string{"gone", ""})
}

func written(t testing.TB, write func(io.Writer, coverage.Result) error, r coverage.Result) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFilesWrite(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, "out", name) }
	files := Files{
		JUnit: at("junit.xml"), CodeQuality: at("quality.json"), Markdown: at("deep/er/comment.md"), JSON: at("result.json"),
		Badge: at("badge.svg"), Cobertura: at("cobertura"),
	}
	r := sample(t)
	if err := files.Write(r); err != nil {
		t.Fatal(err)
	}
	for path, write := range map[string]func(io.Writer, coverage.Result) error{
		files.JUnit: WriteJUnit, files.CodeQuality: WriteCodeQuality, files.Markdown: WriteMarkdown, files.JSON: WriteJSON, files.Badge: WriteBadge,
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(written(t, write, r), string(text)); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
	if _, err := os.Stat(at("cobertura/cobertura-001.xml")); err != nil {
		t.Error(err)
	}
	empty := t.TempDir()
	t.Chdir(empty)
	if err := (Files{}).Write(r); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("the zero value wrote %v, %v", left, err)
	}
}

func TestFilesWriteRemovesPartsOfAnEarlierRun(t *testing.T) {
	files := Files{Cobertura: t.TempDir(), CoberturaLimit: 1100}
	if err := files.Write(sample(t)); err != nil {
		t.Fatal(err)
	}
	if parts, _ := filepath.Glob(files.Cobertura + "/*"); len(parts) < 2 {
		t.Fatalf("parts are %q", parts)
	}
	other := filepath.Join(files.Cobertura, "mine.xml")
	for _, path := range []string{other, filepath.Join(files.Cobertura, "cobertura-7.xml"), files.part(99)} { // the last is behind a gap
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files.CoberturaLimit = 0
	if err := files.Write(sample(t)); err != nil {
		t.Fatal(err)
	}
	want := []string{files.part(1), filepath.Join(files.Cobertura, "cobertura-7.xml"), other}
	if parts, _ := filepath.Glob(files.Cobertura + "/*"); !cmp.Equal(want, parts) {
		t.Errorf("files are %q, want %q", parts, want)
	}
}

func TestFilesWriteJoinsErrors(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	files := Files{JUnit: dir, Badge: filepath.Join(dir, "badge.svg"), JSON: filepath.Join(blocked, "x"), Cobertura: blocked}
	err := files.Write(sample(t))
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), dir) {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(files.Badge); err != nil {
		t.Errorf("a file that could be written was not: %v", err)
	}
	if _, err := os.Stat(filepath.Join(blocked, "x")); errors.Is(err, fs.ErrNotExist) {
		t.Error("the blocking file is gone")
	}
}

type full struct{ after int }

var errFull = errors.New("disk is full")

func (f *full) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWritersPassOnErrors(t *testing.T) {
	for name, write := range map[string]func(io.Writer, coverage.Result) error{
		"JUnit": WriteJUnit, "CodeQuality": WriteCodeQuality, "Markdown": WriteMarkdown, "JSON": WriteJSON, "Badge": WriteBadge,
	} {
		if err := write(&full{}, sample(t)); !errors.Is(err, errFull) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestJSONIsThatOfTheResult(t *testing.T) {
	text := written(t, WriteJSON, sample(t))
	var got, want any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(plain, &want); err != nil {
		t.Fatal(err)
	}
	withoutDirs := cmp.FilterPath(func(p cmp.Path) bool {
		return strings.Contains(p.GoString(), "reports") || strings.Contains(p.GoString(), "message")
	}, cmp.Ignore())
	if d := cmp.Diff(want, got, withoutDirs); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
}

func TestBadge(t *testing.T) {
	half := coverage.Gate{Minimum: percent(t, "50")}
	tests := map[string]struct {
		result coverage.Result
		title  string
		color  string
	}{
		"a pass is green":                        {checked(t, half, [2]string{"api", web}), "coverage: 50.00%, passed", "#2e7d32"},
		"a failure is red":                       {checked(t, coverage.Gate{}, [2]string{"api", web}), "coverage: 50.00%, failed", "#b3261e"},
		"what does not add up is not known":      {sample(t), "coverage: unknown, failed", "#b3261e"},
		"and nothing is no pass":                 {coverage.Result{}, "coverage: unknown, failed", "#b3261e"},
		"a module that may have none is unknown": {checked(t, coverage.Gate{AllowNoData: []string{"t"}}, [2]string{"t", "mode: set\n"}), "coverage: unknown, passed", "#2e7d32"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := written(t, WriteBadge, tt.result)
			var svg struct {
				XMLName xml.Name
				Label   string `xml:"aria-label,attr"`
				Width   int    `xml:"width,attr"`
				Title   string `xml:"title"`
			}
			if err := xml.Unmarshal([]byte(text), &svg); err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			if svg.XMLName.Space != "http://www.w3.org/2000/svg" || svg.Title != tt.title || svg.Label != tt.title || svg.Width < 100 || svg.Width > 150 {
				t.Errorf("picture is %+v", svg)
			}
			if !strings.Contains(text, `fill="`+tt.color+`"`) {
				t.Errorf("%s is not in\n%s", tt.color, text)
			}
			if strings.Contains(text, "%!") || strings.Contains(text, "http://") && strings.Count(text, "http://") != 1 {
				t.Errorf("picture is\n%s", text)
			}
		})
	}
}

func TestTextWidth(t *testing.T) {
	// As Verdana of 11 px has them: 7 px a digit, 4 the point, 12 the percent sign.
	if got := textWidth("79.99%"); got != 44 {
		t.Errorf("width is %v", got)
	}
}

func TestJUnit(t *testing.T) {
	text := written(t, WriteJUnit, sample(t))
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Class   string `xml:"classname,attr"`
				Failure *body  `xml:"failure"`
				Error   *body  `xml:"error"`
				Skipped *body  `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	var cases []string
	for _, s := range got.Suites {
		for _, c := range s.Cases {
			result := "pass"
			for kind, m := range map[string]*body{"failure": c.Failure, "error": c.Error, "skipped": c.Skipped} {
				if m != nil {
					result = kind + " " + m.Type
				}
			}
			cases = append(cases, s.Name+": "+c.Name+" ("+c.Class+"): "+result)
		}
	}
	want := []string{
		"coverage: module: web (coverage.module): failure below",
		"coverage: module: types (coverage.module): skipped no data",
		"coverage: module: api (coverage.module): pass",
		"coverage: module: docs (coverage.module): failure incomplete",
		"coverage: module: ops (coverage.module): error incomplete",
		"coverage: module: gone (coverage.module): failure missing report",
		"coverage: total: all modules (coverage.total): failure incomplete",
		"coverage: baseline: web (coverage.baseline): failure below",
		"coverage: baseline: types (coverage.baseline): pass",
		"coverage: baseline: api (coverage.baseline): pass",
		"coverage: changed lines: web (coverage.changed-lines): failure below",
		"coverage: changed lines: api (coverage.changed-lines): pass",
		"coverage: changed lines: docs (coverage.changed-lines): pass",
		"coverage: changed lines: all modules (coverage.changed-lines): failure below",
	}
	if d := cmp.Diff(want, cases); d != "" {
		t.Errorf("cases (-want +got):\n%s", d)
	}
	if got.Tests != 14 || got.Failures != 7 || got.Errors != 1 || got.Skipped != 1 {
		t.Errorf("sums are %d tests, %d failures, %d errors, %d skipped", got.Tests, got.Failures, got.Errors, got.Skipped)
	}
	if d := cmp.Diff("web/cart.js: 2/5, 3 not covered\n", got.Suites[0].Cases[0].Failure.Text); d != "" {
		t.Errorf("details of a module (-want +got):\n%s", d)
	}
	if d := cmp.Diff("docs/b.js: in no report\ndocs/c.js: in no report\n", got.Suites[0].Cases[3].Failure.Text); d != "" {
		t.Errorf("details of files (-want +got):\n%s", d)
	}
	if d := cmp.Diff("web/cart.js:2, 5-6\n", got.Suites[3].Cases[0].Failure.Text); d != "" {
		t.Errorf("details of lines (-want +got):\n%s", d)
	}
}

type body struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

func TestCodeQuality(t *testing.T) {
	type issue struct {
		Description string `json:"description"`
		Check       string `json:"check_name"`
		Fingerprint string `json:"fingerprint"`
		Severity    string `json:"severity"`
		Location    struct {
			Path  string `json:"path"`
			Lines struct {
				Begin int `json:"begin"`
			} `json:"lines"`
		} `json:"location"`
	}
	d := json.NewDecoder(strings.NewReader(written(t, WriteCodeQuality, sample(t))))
	d.DisallowUnknownFields() // those are all that GitLab's documentation has
	var issues []issue
	if err := d.Decode(&issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	got := map[string]int{}
	for _, i := range issues {
		if i.Fingerprint == "" || seen[i.Fingerprint] || i.Location.Path == "" || i.Location.Lines.Begin < 1 || i.Description == "" {
			t.Errorf("issue is %+v", i)
		}
		seen[i.Fingerprint] = true
		text, _, _ := strings.Cut(i.Description, "/") // behind it are numbers, or a directory of the test
		got[strings.Join([]string{i.Severity, i.Check, filepath.Base(i.Location.Path), text}, " ")] = i.Location.Lines.Begin
	}
	want := map[string]int{
		"minor coverage/changed-lines cart.js This changed line is not covered by tests":                    2,
		"minor coverage/changed-lines cart.js 2 changed lines from here on are not covered by tests":        5,
		"major coverage/module cart.js web: 50.00% of lines (3":                                             1,
		"major coverage/baseline cart.js web: 50.00% of lines (3":                                           1,
		"critical coverage/module b.js docs: no coverage report has this file":                              1,
		"critical coverage/module c.js docs: no coverage report has this file":                              1,
		"critical coverage/total a|b.js all modules: no total: there is no whole report of docs, ops, gone": 1,
		"critical coverage/module ops ops: read coverage report ":                                           1,
		"critical coverage/module gone gone: missing report ":                                               1,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("issues (-want +got):\n%s", d)
	}
	if got := written(t, WriteCodeQuality, checked(t, coverage.Gate{}, [2]string{"api", api})); got != "[]\n" {
		t.Errorf("without an issue it is %q", got)
	}
}

func TestCodeQualityOfAModuleWithoutAReport(t *testing.T) {
	v := coverage.Gate{}.Judge("empty", coverage.Report{Metric: coverage.Lines})
	text := written(t, WriteCodeQuality, coverage.Gate{}.Conclude([]coverage.Verdict{v}))
	if !strings.Contains(text, `"location":{"path":"empty"`) || !strings.Contains(text, `"fingerprint":"coverage/module/empty/no data"`) {
		t.Errorf("issue is %s", text)
	}
}

var _ io.WriteCloser = (*part)(nil)

// part is a file in memory.
type part struct {
	bytes.Buffer
	closed bool
}

func (p *part) Close() error { p.closed = true; return nil }
