package worktree

import (
	"path"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestIgnored(t *testing.T) {
	// Each name that is followed by "/" is a directory.
	tests := map[string]struct {
		dir, rules string
		yes, no    []string
	}{
		"a name at any depth":                        {rules: "a", yes: []string{"a", "x/a", "a/"}, no: []string{"ab", "ba", "x/ab"}},
		"a name with a slash, where the file is":     {rules: "x/a\n/b", yes: []string{"x/a", "b"}, no: []string{"y/x/a", "x/b"}},
		"a directory":                                {rules: "a/", yes: []string{"a/", "x/a/"}, no: []string{"a", "x/a"}},
		"stars stay in a name":                       {rules: "*.o\nx/*.c", yes: []string{"a.o", "x/a.o", ".o", "x/a.c"}, no: []string{"a.ob", "x/y/a.c"}},
		"two stars before a name":                    {rules: "**/a/b", yes: []string{"a/b", "x/a/b", "x/y/a/b"}, no: []string{"xa/b", "x/ya/b"}},
		"two stars after a name":                     {rules: "a/**", yes: []string{"a/b", "a/b/c"}, no: []string{"a", "a/", "x/a/b"}},
		"two stars between":                          {rules: "a/**/b", yes: []string{"a/b", "a/x/b", "a/x/y/b"}, no: []string{"ab", "a/xb", "a/x/by"}},
		"two stars within a name are one":            {rules: "x/a**b", yes: []string{"x/ab", "x/acb"}, no: []string{"x/a/b"}},
		"two stars right after the literal part":     {rules: "x/a**", yes: []string{"x/a", "x/ab", "x/a/b"}, no: []string{"a"}},
		"a question mark":                            {rules: "a?b\nx/?", yes: []string{"a-b", "x/y"}, no: []string{"ab", "a--b", "x/"}},
		"sets":                                       {rules: "[a-c]1\n[!a-c]2\n[^x]3\n[]-]4\n[a\\]]5\n[[:digit:]z]6", yes: []string{"b1", "d2", "y3", "]4", "-4", "]5", "76", "z6"}, no: []string{"d1", "b2", "x3", "a4", "\\5", "y6"}},
		"a set that is malformed matches nothing":    {rules: "[a\n[[:nope:]]\nx[", no: []string{"a", "[a", "n", "x[", "x"}},
		"a backslash":                                {rules: "\\#a\n\\!b\nc\\*\nd\\", yes: []string{"#a", "!b", "c*"}, no: []string{"\\#a", "cx", "d", "d\\"}},
		"comments and empty lines":                   {rules: "#a\n\n  \n", no: []string{"#a", "a", " "}},
		"spaces at the end":                          {rules: "a  \nb\\ \nc\\  ", yes: []string{"a", "b ", "c "}, no: []string{"a  ", "b", "c  "}},
		"line ends of Windows and a byte order mark": {rules: "\ufeffa\r\nb\r\n", yes: []string{"a", "b"}, no: []string{"\ufeffa", "b\r"}},
		"the last rule that matches decides":         {rules: "*.o\n!keep.o\nx/keep.o", yes: []string{"a.o", "x/keep.o"}, no: []string{"keep.o", "y/keep.o"}},
		"rules of a directory are about it":          {dir: "d/", rules: "/a\nb\nx/c", yes: []string{"d/a", "d/x/b", "d/x/c"}, no: []string{"d/x/a", "d/y/x/c"}},
		"bytes that are no UTF-8":                    {rules: "\xff?", yes: []string{"\xff\xfe"}, no: []string{"\xff", "\xff\xfe\xfd"}},
		"only a slash, only an exclamation mark":     {rules: "/\n!\n//", no: []string{"a", "a/", "!"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			list := []*ruleList{parseRules(tt.dir, []byte(tt.rules))}
			check := func(path string, want bool) {
				name, isDir := strings.CutSuffix(path, "/")
				if got := ignored(list, name, isDir); got != want {
					t.Errorf("rules %q: %q ignored = %v", tt.rules, path, got)
				}
			}
			for _, p := range tt.yes {
				check(p, true)
			}
			for _, p := range tt.no {
				check(p, false)
			}
		})
	}
}

func TestInnerRulesGoFirst(t *testing.T) {
	lists := []*ruleList{parseRules("", []byte("*.o\n")), parseRules("d/", []byte("!*.o\n"))}
	if ignored(lists, "d/a.o", false) || !ignored(lists[:1], "d/a.o", false) {
		t.Error("the rule of the directory does not win")
	}
}

func TestHostilePatternsAreNotSlow(t *testing.T) {
	glob := strings.Repeat("*a", 200) + "b"
	name := strings.Repeat("a", 4000)
	if compile(glob, true).match(name) || !compile(glob, true).match(name+"b") {
		t.Error("it does not match as it should")
	}
}

func FuzzRules(f *testing.F) {
	for _, rules := range []string{"*.o\n!a", "**/a/**/b", "[a-c]?\\*", "[[:alpha:]", "a\\", "/**", "[!]]x", "\\", "***/", "[a-", "[\\"} {
		f.Add(rules, "a/b/c.o")
	}
	f.Fuzz(func(t *testing.T, rules, name string) {
		ignored([]*ruleList{parseRules("", []byte(rules))}, name, true)
		// Where they mean the same, package path has the same answer.
		if strings.ContainsAny(rules, "[]\\/\n") || strings.Contains(rules, "**") || strings.Contains(name, "/") || !utf8.ValidString(rules+name) || len(rules+name) != utf8.RuneCountInString(rules+name) {
			return
		}
		want, err := path.Match(rules, name)
		if err != nil {
			t.Fatal(err)
		}
		if got := compile(rules, true).match(name); got != want {
			t.Errorf("%q and %q: %v, want %v", rules, name, got, want)
		}
	})
}
