package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/coverage"
)

const strange = "SF:/app/cart.js\nDA:1,0\nend_of_record\nSF:../up.js\nDA:1,0\nend_of_record\n"

func TestCodeQualityHasPathsThatGitLabCanShow(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := os.WriteFile("below.info", []byte(strange), 0o600); err != nil {
		t.Fatal(err)
	}
	total := percent(t, "90")
	gate := coverage.Gate{Total: &total, Changed: coverage.LineRanges{"src/new.js": {{First: 1, Last: 1}}}}
	result, err := gate.Check(t.Context(), []coverage.Input{
		{Module: "shop", Path: filepath.Join(dir, "below.info")},
		{Module: "far", Path: filepath.Join(filepath.Dir(dir), "none.info")},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, WriteCodeQuality, result)
	for _, want := range []string{
		`"check_name":"coverage/module","fingerprint":"coverage/module/shop/below","severity":"major","location":{"path":"below.info"`,
		`"fingerprint":"coverage/module/far/missing report","severity":"critical","location":{"path":"far"`,
		`"check_name":"coverage/total","fingerprint":"coverage/total//incomplete","severity":"critical","location":{"path":"below.info"`,
		`"description":"all modules: no coverage report has this file","check_name":"coverage/changed-lines"`,
		`"location":{"path":"src/new.js"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, `"path":"/`) || strings.Contains(text, `"path":"..`) || strings.Count(text, "src/new.js") != 1 {
		t.Errorf("issues are\n%s", text)
	}
}

func TestCodeQualityOfChangedLinesWithoutData(t *testing.T) {
	gate := coverage.Gate{Changed: coverage.LineRanges{"a.js": {{First: 1, Last: 1}}}, Sources: coverage.Sources{Files: []string{"a.js"}}}
	v := gate.Judge("web", parse(t, strange))
	if text := written(t, WriteCodeQuality, gate.Conclude([]coverage.Verdict{v})); !strings.Contains(text, `"fingerprint":"coverage/changed lines/web/no data"`) {
		t.Errorf("issues are\n%s", text)
	}
}

func TestCoberturaLeavesOutPathsOfElsewhere(t *testing.T) {
	v := coverage.Gate{}.Judge("m", parse(t, strange+web))
	parts := inParts(t, coverage.Gate{}.Conclude([]coverage.Verdict{v}), 0)
	got := merged(t, parts)
	if len(got) != 2 {
		t.Errorf("files are %v", got)
	}
	text := string(parts[0])
	if strings.Contains(text, "/app") || strings.Contains(text, "up.js") || !strings.Contains(text, "<!-- left out, since their paths are not those of the repository: 2 of the files -->") {
		t.Errorf("part is\n%s", text)
	}
}

func TestAnEmptyDiffIsSaid(t *testing.T) {
	gate := coverage.Gate{Minimum: percent(t, "1"), Changed: coverage.LineRanges{}}
	result := gate.Conclude([]coverage.Verdict{gate.Judge("web", parse(t, web))})
	if text := written(t, WriteMarkdown, result); !result.Pass() || !strings.Contains(text, "The diff is empty") {
		t.Errorf("comment is\n%s", text)
	}
	if text := written(t, WriteJSON, result); !strings.Contains(text, `"empty": true`) || !strings.Contains(text, `"message": "the diff is empty"`) {
		t.Errorf("JSON is\n%s", text)
	}
	if text := result.String(); !strings.Contains(text, "\nthe diff is empty: nothing was changed\n") {
		t.Errorf("table is\n%s", text)
	}
}
