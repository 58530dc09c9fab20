package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// harmless fails where text could give orders to a terminal or a CI system.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
			t.Errorf("%s: what does not print: %q", what, line)
		case strings.HasPrefix(strings.TrimSpace(line), "::"), strings.Contains(line, "##"):
			t.Errorf("%s: an order to a runner: %q", what, line)
		case strings.HasPrefix(strings.TrimSpace(line), "forged"):
			t.Errorf("%s: a forged line: %q", what, line)
		}
	}
}

func TestNamesGiveNoOrders(t *testing.T) {
	names := []string{"svc\x1b[31mRED\nforged: changed", "::error::x", " ::add-mask::x", "a##[add-mask]x", "##vso[task.setvariable variable=x]y", "b\u009b31m", "c\u202ed"}
	files, list := map[string]string{}, []map[string]any{}
	for _, name := range names {
		files["services/"+name+"/go.mod"] = "module x\n"
		files[name+"/go.mod"] = "module x\n"
		files["of none/"+name] = "x"
		list = append(list, map[string]any{"name": name, "paths": []string{strings.ReplaceAll(name, "[", `\[`)}, "depends_on": names, "labels": map[string]string{"k": name}})
	}
	for _, name := range names {
		list = append(list, map[string]any{"name": name + " 2", "paths": []string{"services"}, "exclude": []string{"**"}, "depends_on": []string{name}})
	}
	r := newCheckout(t)
	base := r.commitBare(map[string]string{"README": ""})
	r.commitBare(files)
	modules, err := json.Marshal(map[string]any{"modules": list, "global": []string{"of none/*"}})
	check(t, err)
	file := write(t, "modules.yaml", string(modules))
	gone, err := json.Marshal(map[string]any{"modules": []map[string]any{{"name": "::gone\x1b", "paths": []string{"x"}}}})
	check(t, err)
	before := write(t, "before.yaml", string(gone))

	tests := map[string][]string{
		"files":                      {},
		"files as JSON":              {"-json"},
		"modules by their markers":   {"-discover"},
		"modules of a file":          {"-modules", file, "-before", before},
		"modules as JSON":            {"-modules", file, "-before", before, "-json"},
		"a matrix":                   {"-modules", file, "-matrix", "-all=::error::x\nforged\x1b"},
		"why everything is selected": {"-modules", file, "-all=::error::x\nforged\x1b"},
		"a reason of another kind":   {"-modules", file, "-all=##[error]x", "-json"},
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := call(t.Context(), append([]string{"-repo", r.dir, "-base", base}, args...)...)
			if code != cli.OK || stdout == "" {
				t.Errorf("exit %d, %s", code, stderr)
			}
			harmless(t, "stdout", stdout)
			harmless(t, "stderr", stderr)
		})
	}

	_, stdout, _ := call(t.Context(), "-repo", r.dir, "-base", base, "-discover", "-json")
	var got struct{ Modules []struct{ Name string } }
	check(t, json.Unmarshal([]byte(stdout), &got))
	found := map[string]bool{}
	for _, m := range got.Modules {
		found[m.Name] = true
	}
	for _, name := range names {
		if !found[name] {
			t.Errorf("JSON lost the name %q of %v", name, found)
		}
	}
}

func TestErrorsAndNotesGiveNoOrders(t *testing.T) {
	r := newCheckout(t)
	r.commitBare(map[string]string{"m.yaml": "modules: [\n", "x\x1b[31m\n::error::##[add-mask]/go.mod": "module (\n"})
	hostile := "modules:\n- {name: \"\\e[31m\\n::error::\"}\n- {name: \"##[x]\", paths: [a], on_demand: \"\\r\"}\n- {name: \"##[x]\", labels: {\"\\e\": []}}\n"
	r.commitBare(map[string]string{"m.yaml": hostile, "x\x1b/go.mod": "module (\n"})
	r.put(map[string]string{"m.yaml": hostile})
	for name, args := range map[string][]string{
		"a marker at the head": {"-base", "HEAD", "-discover"},
		"a file of modules":    {"-base", "HEAD", "-modules", filepath.Join(r.dir, "m.yaml")},
		"a flag":               {"-base", "HEAD", "-dependents", "\x1b##[x]"},
		"a revision":           {"-base", "\x1b\n::error::##[x]"},
	} {
		code, stdout, stderr := call(t.Context(), append([]string{"-repo", r.dir}, args...)...)
		if code != cli.ExitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q", name, code, stdout, stderr)
		}
		harmless(t, name, stderr)
	}

	r.commitBare(map[string]string{"m.yaml": "modules: []\n"})
	r.put(map[string]string{"m.yaml": "modules: []\n"})
	for _, args := range [][]string{{"-modules", filepath.Join(r.dir, "m.yaml")}, {"-discover"}} {
		code, _, stderr := call(t.Context(), append([]string{"-repo", r.dir, "-base", "HEAD~1"}, args...)...)
		if code != cli.OK || !strings.HasPrefix(stderr, "changes: deleted modules may be missing, for those of the base: ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("a note: exit %d, %q", code, stderr)
		}
		harmless(t, "a note", stderr)
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		`read "a": it's é`: `read "a": it's é`,
		"a\nb":             "a; b",
		"\x1b[31m\r":       `\x1b[31m\r`,
		"\xff\u202e\u009b": `\xff\u202e\u009b`,
		"###[x]":           `#\x23#[x]`,
	} {
		if got := oneLine(text); got != want {
			t.Errorf("oneLine(%q) = %s, want %s", text, got, want)
		}
	}
}

// FuzzLogJSON holds the escapes to what JSON says that they mean.
func FuzzLogJSON(f *testing.F) {
	for _, seed := range []string{"a", "##[x]", "###", "\u009b\u202e", "\U000e0001", "\n\t\"\\", "\\##"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := json.Marshal([]string{text})
		check(t, err)
		safe := logJSON(string(plain))
		harmless(t, "JSON", safe)
		var want, got []string
		check(t, json.Unmarshal(plain, &want))
		if err := json.Unmarshal([]byte(safe), &got); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%q became %s, which reads as %q, %v", text, safe, got, err)
		}
	})
}

func TestFilesOfNoModuleKeepTheirBytes(t *testing.T) {
	for text, want := range map[string][]string{"a \xff": {"YQ==", "/w=="}, "a b": nil} {
		found := &answer{}
		found.take(changes.Selection{Unowned: strings.Fields(text)})
		var b bytes.Buffer
		check(t, found.printJSON(&b))
		var got struct {
			Unowned []string
			Raw     []string `json:"unownedBase64"`
		}
		check(t, json.Unmarshal(b.Bytes(), &got))
		if d := cmp.Diff(want, got.Raw); d != "" || len(got.Unowned) != 2 {
			t.Errorf("%q: %v, (-want +got):\n%s", text, got.Unowned, d)
		}
	}
}
