package discovery

import "testing"

func TestIsPythonProject(t *testing.T) {
	tests := map[string]struct {
		content string
		want    bool
	}{
		"the table project":             {"[tool.ruff]\nx = 1\n\n[project]\nname = \"a\"\n", true},
		"a table within it":             {"[project.scripts]\n", true},
		"the table build-system":        {"  [ build-system ] # x\r\n", true},
		"Poetry's table":                {"[tool.poetry]\n", true},
		"a table within Poetry's":       {"[tool . poetry.dependencies]\n", true},
		"tools that only check or form": {"[tool.black]\nline-length = 100\n[tool.poetryish]\n[tool]\n", false},
		"a table that is called alike":  {"[projects]\n[x.project]\n", false},
		"a header in a comment":         {"# [project]\n", false},
		"a header in a text":            {"[tool.x]\na = \"\"\"\n[project]\n\"\"\"\nb = '''\n[project]\n'''\n", false},
		"one behind texts": {
			"[tool.x]\na = \"\"\"one \\\"\"\" two\n\"\"\"\nb = '''c\\'''\nd = \"e'''\\\"'''\" # '''\nf = 'g\"\"\"' # \"\"\"\nh = \"\"\"i\"\"\"\n[project]\n",
			true,
		},
		"one behind a text that is not closed on its line": {"a = \"b\nc = 'd\n[project]\n", true},
		"one that is not closed":                           {"[project\n", false},
		"an item of a list":                                {"a = [\n[\"project\"],\n]\n", false},
		"nothing":                                          {"", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := isPythonProject([]byte(tt.content)); got != tt.want {
				t.Errorf("isPythonProject(%q) = %t, want %t", tt.content, got, tt.want)
			}
		})
	}
}

func TestFindPython(t *testing.T) {
	check(t, files{
		"pyproject.toml": "[tool.ruff]\n", "a/pyproject.toml": "[project]\n", "b/setup.py": "", "b/pyproject.toml": "[tool.black]\n",
		"c/pyproject.toml": "[tool.pytest.ini_options]\n", "c/Dockerfile": "",
	}.tree(), Options{},
		"a [python=pyproject.toml]", "b [python=setup.py]", "c [docker=Dockerfile]")
}

func FuzzIsPythonProject(f *testing.F) {
	for _, seed := range []string{"", "[project]\n", "a = \"\"\"\n[project]", "'''\\'''", "a = \"\\", "[tool.poetry.x]", "#\r[build-system]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if isPythonProject(content) && !isPythonProject(append([]byte("# x\n[tool.x]\n"), content...)) {
			t.Error("a table before it hides a project")
		}
	})
}
