package gitdir

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	gitconfig "github.com/go-git/go-git/v5/plumbing/format/config"
	"github.com/google/go-cmp/cmp"
)

// say writes settings as "name=value" lines; a bare name has no "=".
func say(settings []setting) []string {
	var lines []string
	for _, s := range settings {
		line := s.name
		if !s.bare {
			line += "=" + s.value
		}
		lines = append(lines, line)
	}
	return lines
}

func TestParseConfig(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"nothing":                             {"", nil},
		"sections and names in small letters": {"[CORE]\n\tBare = True\n", []string{"core.bare=True"}},
		"a subsection as it is written":       {"[remote \"Ori gin\"]\nURL = u\n", []string{"remote.Ori gin.url=u"}},
		"a subsection of the old kind":        {"[branch.Main]\nx = 1\n", []string{"branch.main.x=1"}},
		"quotes and backslashes in a subsection": {
			`[a "q\"b\\c\d"]` + "\nx = 1\n", []string{`a.q"b\cd.x=1`},
		},
		"an empty subsection":                {"[a \"\"]\nx = 1\n", []string{"a..x=1"}},
		"a name alone":                       {"[a]\nx\ny \n", []string{"a.x", "a.y"}},
		"a name alone at the end":            {"[a]\nx", []string{"a.x"}},
		"an empty value":                     {"[a]\nx =\ny=\"\"\n", []string{"a.x=", "a.y="}},
		"on the line of the section":         {"[a] x = 1\n[b]y=2", []string{"a.x=1", "b.y=2"}},
		"comments":                           {"# c\n; c\n[a] # c\nx = 1 # c\ny = 2;c\n", []string{"a.x=1", "a.y=2"}},
		"marks of comments in quotes":        {"[a]\nx = \"1 # 2\" ; c\n", []string{"a.x=1 # 2"}},
		"a comment that ends in a backslash": {"[a]\nx = 1 # c\\\ny = 2\n", []string{"a.x=1", "a.y=2"}},
		"blanks around and within":           {"[a]\n  x \t=  1 2\t3  \n", []string{"a.x=1 2\t3"}},
		"blanks in quotes":                   {"[a]\nx = \"  1 \" \n", []string{"a.x=  1 "}},
		"quotes in the middle":               {"[a]\nx = a\" b \"c\n", []string{"a.x=a b c"}},
		"escapes":                            {`[a]` + "\n" + `x = "\t\n\b\\\""` + "\n", []string{"a.x=\t\n\b\\\""}},
		"a value on two lines":               {"[a]\nx = 1\\\n2 \\\n  3\n", []string{"a.x=12   3"}},
		"a backslash at the end of the file": {"[a]\nx = 1\\", []string{"a.x=1"}},
		"lines of Windows":                   {"[a]\r\nx = 1\r\ny\r\nz = 2\\\r\n3\r\n", []string{"a.x=1", "a.y", "a.z=23"}},
		"a byte order mark":                  {"\xef\xbb\xbf[a]\nx = 1\n", []string{"a.x=1"}},
		"a value that is given twice":        {"[a]\nx = 1\nx = 2\n[a]\nx = 3\n", []string{"a.x=1", "a.x=2", "a.x=3"}},
		"a path of Windows":                  {`[a]` + "\n" + `x = C:\\dir`, []string{`a.x=C:\dir`}},
		"digits and dashes in names":         {"[a-1]\nx-2 = 1\n", []string{"a-1.x-2=1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseConfig([]byte(tt.text), nil)
			if d := cmp.Diff(tt.want, say(got)); err != nil || d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestParseConfigRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a section that does not end":    {"[a]\nx = 1\n[core\n", "line 3: a section is written"},
		"a section at the end":           {"[a]\n[core", "line 2: a section is written"},
		"a section without a name":       {"[]\nx = 1\n", "line 1: a section is written"},
		"a section with an odd name":     {"[co_re]\n", "line 1: a section is written"},
		"a subsection without quotes":    {"[a b]\n", "line 1: a section is written"},
		"a subsection that does not end": {"[a \"b]\n", "line 1: a section is written"},
		"a subsection and more":          {"[a \"b\" c]\n", "line 1: a section is written"},
		"a name with a digit first":      {"[a]\n1x = 1\n", "line 2: a line cannot begin with '1'"},
		"a name with an underline":       {"[a]\nx_y = 1\n", "line 2: a variable is written name = value"},
		"a name and more":                {"[a]\nx y\n", "line 2: a variable is written name = value"},
		"a quote that does not end":      {"[a]\n\nx = \"1\ny = 2\n", "line 3: a quote is not closed"},
		"a quote at the end":             {"[a]\nx = \"1", "line 2: a quote is not closed"},
		"an escape that is none":         {"[a]\nx = C:\\dir\n", `line 2: only \\, \", \n, \t and \b may be escaped`},
		"what is no text":                {"\x00\x01", `line 1: a line cannot begin with '\x00'`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseConfig([]byte(tt.text), nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("= %q, %v; want an error with %q", say(got), err, tt.want)
			}
		})
	}
}

func TestConfigValues(t *testing.T) {
	dir := tempDir(t)
	write(t, filepath.Join(dir, "config"), "[a]\nyes = YES\non = on\nbare\none = 1\nkilo = 1k\nno = No\noff = off\nnone =\nzero = 0\nodd = 1 2\nbig = 9999999999g\nlast = true\nlast = false\nsaid = x\n")
	c, err := ReadConfig(Layout{Dir: dir, GitDir: dir, CommonDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"a.yes": true, "a.on": true, "a.bare": true, "a.one": true, "a.kilo": true,
		"a.no": false, "a.off": false, "a.none": false, "a.zero": false, "a.last": false,
	} {
		if got, err := c.Bool(name, !want); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", name, got, err, want)
		}
	}
	for _, fallback := range []bool{true, false} {
		if got, err := c.Bool("a.unset", fallback); err != nil || got != fallback {
			t.Errorf("unset = %v, %v; want %v", got, err, fallback)
		}
	}
	for _, name := range []string{"a.odd", "a.big"} {
		if _, err := c.Bool(name, true); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
	if got, ok := c.Get("a.said"); got != "x" || !ok {
		t.Errorf("a.said = %q, %v", got, ok)
	}
	if got, ok := c.Get("a.unset"); got != "" || ok {
		t.Errorf("a.unset = %q, %v", got, ok)
	}
}

// FuzzParseConfig holds the parser against that of go-git, on what both
// understand alike.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[remote \"origin\"]\n\turl = https://example.com/r\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"))
	f.Add([]byte("[a \"b\\\"c\"] x = \"1 # 2\" ; c\n\ty = 1\\\n2\n"))
	f.Add([]byte("[a]\nx\ny =\nz = \\t\n"))
	f.Add([]byte("\xef\xbb\xbf[a.b]\r\nx-1 = 1\r\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := parseConfig(content, nil)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("error without a line: %v", err)
			}
			return
		}
		if !alike(content) {
			return
		}
		theirs := gitconfig.New()
		if err := gitconfig.NewDecoder(bytes.NewReader(content)).Decode(theirs); err != nil {
			return
		}
		if d := cmp.Diff(values(theirs), lastValues(got)); d != "" {
			t.Errorf("%q (-go-git +got):\n%s", content, d)
		}
	})
}

// alike leaves out what go-git is known to read unlike git: its carriage
// returns, other blanks, names that are not ASCII, and continued lines.
func alike(content []byte) bool {
	for _, c := range content {
		if c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return !bytes.Contains(content, []byte("\\\n")) && !bytes.HasSuffix(content, []byte("\\"))
}

func values(c *gitconfig.Config) map[string]string {
	all := map[string]string{}
	for _, s := range c.Sections {
		for _, o := range s.Options {
			all[strings.ToLower(s.Name+"."+o.Key)] = o.Value
		}
		for _, sub := range s.Subsections {
			for _, o := range sub.Options {
				all[strings.ToLower(s.Name)+"."+sub.Name+"."+strings.ToLower(o.Key)] = o.Value
			}
		}
	}
	return all
}

func lastValues(settings []setting) map[string]string {
	all := map[string]string{}
	for _, s := range settings {
		all[s.name] = s.value
	}
	return all
}
