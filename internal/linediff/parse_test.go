package linediff

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		diff string
		want Lines
	}{
		"a diff of nothing has no lines": {diff: "", want: Lines{}},
		"without context": {
			diff: "diff --git a/x.go b/x.go\nindex 1..2 100644\n--- a/x.go\n+++ b/x.go\n@@ -3,0 +4,2 @@ func f() {\n+a\n+b\n@@ -9 +11 @@\n-c\n+d\n",
			want: Lines{"x.go": {{4, 5}, {11, 11}}},
		},
		"with context, which is not changed": {
			diff: "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,4 +1,5 @@\n one\n-two\n+TWO\n+2\n three\n\n@@ -20,2 +21,3 @@\n a\n+b\n c\n",
			want: Lines{"x": {{2, 3}, {22, 22}}},
		},
		"a file that only lost lines has no changed line, and is yet there": {
			diff: "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -3,2 +2,0 @@\n-a\n-b\n",
			want: Lines{"x": {}},
		},
		"lines that look like the heads of files are told from them by counting": {
			diff: "diff --git a/x.sql b/x.sql\n--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,3 @@\n--- a comment\n+++ a\n+++ b/y\n-@@ -1 +1 @@\n+@@ -1 +1 @@\n",
			want: Lines{"x.sql": {{1, 3}}},
		},
		"a new file": {
			diff: "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n",
			want: Lines{"n": {{1, 2}}},
		},
		"a file without a newline at its end, on either side": {
			diff: "--- a/n\n+++ b/n\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
			want: Lines{"n": {{1, 1}}},
		},
		"a deleted file": {
			diff: "diff --git a/n b/n\ndeleted file mode 100644\n--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\ndiff --git a/m b/m\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n-a\n+b\n",
			want: Lines{"m": {{1, 1}}, "n": {}},
		},
		"a deleted file in the way of diff -u": {
			diff: "--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
			want: Lines{"n": {}},
		},
		"a deleted file without its lines (--irreversible-delete)": {
			diff: "diff --git a/n b/n\ndeleted file mode 100644\nindex 12345678..00000000\n",
			want: Lines{"n": {}},
		},
		"a link that becomes a file is deleted and new": {
			diff: "diff --git a/n b/n\ndeleted file mode 120000\nindex 1..0\n--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\ndiff --git a/n b/n\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n",
			want: Lines{"n": {{1, 1}}},
		},
		"files of no bytes, new and deleted": {
			diff: "diff --git a/n b/n\nnew file mode 100644\nindex 0000000..e69de29\ndiff --git a/m b/m\ndeleted file mode 100644\nindex 473a0f4..0000000\n",
			want: Lines{"n": {}, "m": {}},
		},
		"a file that is renamed as it is": {
			diff: "diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n\n",
			want: Lines{"o": {}, "n": {}},
		},
		"a file that is renamed and changed": {
			diff: "diff --git a/o b/n\nsimilarity index 90%\nrename from o\nrename to n\nindex 1..2\n--- a/o\n+++ b/n\n@@ -7 +7 @@\n-a\n+b\n",
			want: Lines{"o": {}, "n": {{7, 7}}},
		},
		"a rename without prefixes between folders that are called like them": {
			diff: "diff --git a/o b/n\nrename from a/o\nrename to b/n\n--- a/o\n+++ b/n\n@@ -7 +7 @@\n-a\n+b\n",
			want: Lines{"a/o": {}, "b/n": {{7, 7}}},
		},
		"a copy": {
			diff: "diff --git a/o b/n\ncopy from o\ncopy to n\n--- a/o\n+++ b/n\n@@ -7,0 +8 @@\n+b\n",
			want: Lines{"n": {{8, 8}}},
		},
		"a binary file, and one behind it": {
			diff: "diff --git a/p.png b/p.png\nindex 1..2\nBinary files a/p.png and b/p.png differ\ndiff --git a/q b/q\nGIT binary patch\nliteral 3\nKcmZ?wbhEHbRA5\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
			want: Lines{"p.png": {}, "q": {}, "x": {{1, 1}}},
		},
		"a change of mode": {
			diff: "diff --git a/run b/run\nold mode 100644\nnew mode 100755\n",
			want: Lines{"run": {}},
		},
		"changes of mode of odd names, and without prefixes": {
			diff: "diff --git a/my b/x b/my b/x\nold mode 100644\nnew mode 100755\ndiff --git \"i/t\\303\\244\" \"w/t\\303\\244\"\nold mode 100644\nnew mode 100755\ndiff --git b/y b/y\nold mode 100644\nnew mode 100755\n",
			want: Lines{"my b/x": {}, "tä": {}, "b/y": {}},
		},
		"no prefixes, in folders that are called like them": {
			diff: "diff --git b/x b/x\n--- b/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\ndiff --git b/new b/new\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+b\n",
			want: Lines{"b/x": {{1, 1}}, "b/new": {{1, 1}}},
		},
		"the prefixes that say what is compared": {
			diff: "diff --git i/x w/x\n--- i/x\n+++ w/x\n@@ -1 +1 @@\n-a\n+b\ndiff --git c/w/y i/w/y\n--- /dev/null\n+++ i/w/y\n@@ -0,0 +1 @@\n+b\n",
			want: Lines{"x": {{1, 1}}, "w/y": {{1, 1}}},
		},
		"a name with spaces ends at a tab": {
			diff: "diff --git a/my file b/my file\n--- /dev/null\n+++ b/my file\t\n@@ -0,0 +1 @@\n+b\n",
			want: Lines{"my file": {{1, 1}}},
		},
		"quoted names": {
			diff: "diff --git \"a/t\\303\\244\\t\\\"\\\\.py\" \"b/t\\303\\244\\t\\\"\\\\.py\"\n--- /dev/null\n+++ \"b/t\\303\\244\\t\\\"\\\\.py\"\n@@ -0,0 +1 @@\n+b\n",
			want: Lines{"tä\t\"\\.py": {{1, 1}}},
		},
		"diff -u, with times and files that follow at once": {
			diff: "--- old/x.c\t2026-01-02 03:04:05.000000000 +0100\n+++ new/x.c\t2026-01-02 03:04:06.000000000 +0100\n@@ -1 +1 @@\n-a\n+b\n--- a/y.c\n+++ b/y.c\n@@ -2,0 +3 @@\n+b\n",
			want: Lines{"new/x.c": {{1, 1}}, "y.c": {{3, 3}}},
		},
		"a new file of diff -u in a folder of one letter": {
			diff: "--- /dev/null\n+++ c/x.c\n@@ -0,0 +1 @@\n+b\n--- /dev/null\n+++ b/y.c\n@@ -0,0 +1 @@\n+b\n",
			want: Lines{"c/x.c": {{1, 1}}, "y.c": {{1, 1}}},
		},
		"ends of lines as Windows has them": {
			diff: "diff --git a/x b/x\r\n--- a/x\r\n+++ b/x\r\n@@ -1,2 +1,3 @@\r\n a\r\n+b\r\n\r\n",
			want: Lines{"x": {{2, 2}}},
		},
		"a commit message before, and a signature behind": {
			diff: "From 1234 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n--- not a file\n---\n x | 2 +-\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n",
			want: Lines{"x": {{1, 1}}},
		},
		"hunks that touch are one range": {
			diff: "--- a/x\n+++ b/x\n@@ -1,0 +2,2 @@\n+a\n+b\n@@ -2,0 +4 @@\n+c\n",
			want: Lines{"x": {{2, 4}}},
		},
		"lines longer than any buffer": {
			diff: "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-" + strings.Repeat("x", 3*maxHeader) + "\n+" + strings.Repeat("y", maxHeader) + "\n-\n+" + strings.Repeat("z", 2*maxHeader-1),
			want: Lines{"x": {{1, 2}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(strings.NewReader(tt.diff))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const head = "diff --git a/x b/x\n--- a/x\n+++ b/x\n"
	tests := map[string]struct{ diff, want string }{
		"blank lines alone":                 {"\n \n", "read diff: there is no diff in it"},
		"a file without hunks":              {head + "diff --git a/y b/y\n", "read diff: line 4: b/x has no hunk behind its +++ line: it is truncated"},
		"a file without hunks at the end":   {head, "read diff: line 3: b/x has no hunk behind its +++ line: it is truncated"},
		"one of diff -u":                    {"--- a/x\n+++ b/x\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", "b/x has no hunk behind its +++ line: it is truncated"},
		"a diff that ends behind ---":       {"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- a/y\n", "read diff: line 6: the diff ends within the header of a file: it is truncated"},
		"one of git that does":              {head[:len(head)-len("+++ b/x\n")], "read diff: line 2: the diff ends within the header of a file: it is truncated"},
		"a header alone":                    {"diff --git a/x b/x\n", "read diff: line 1: the diff ends within the header of a/x b/x: it is truncated"},
		"one that ends behind the index":    {"diff --git a/x b/x\nindex 1..2 100644\n", "the diff ends within the header of a/x b/x: it is truncated"},
		"a new file that has bytes":         {"diff --git a/x b/x\nnew file mode 100644\nindex 0000000..1234567\n", "the diff ends within the header of a/x b/x: it is truncated"},
		"a rename of half a name":           {"diff --git a/x b/yes\nsimilarity index 100%\nrename from x\nrename to ye", "the diff ends within the header of a/x b/yes: it is truncated"},
		"a rename without its changes":      {"diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\n", "the diff ends within the header of a/x b/y: it is truncated"},
		"half a binary patch":               {"diff --git a/q b/q\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZ?wbhEHbRA5\n", "the diff ends within the header of a/q b/q: it is truncated"},
		"names that cannot be told":         {"diff --git src/x dest/x\nold mode 100644\nnew mode 100755\n", `the file in "src/x dest/x" cannot be told: make the diff with the prefixes of git, or with none`},
		"what is no diff":                   {"fatal: bad revision 'main'\n", "read diff: there is no diff in it"},
		"the summary of one":                {" x.go | 2 +-\n 1 file changed\n", "read diff: there is no diff in it"},
		"colours":                           {"\x1b[1mdiff --git a/x b/x\x1b[m\n", "read diff: line 1: the diff has colours: make it with --no-color"},
		"UTF-16":                            {"\xff\xfed\x00i\x00f\x00f\x00", "read diff: line 1: this is no UTF-8 text"},
		"UTF-16 without a mark":             {"d\x00i\x00f\x00f\x00", "read diff: line 1: this is no UTF-8 text"},
		"a merge":                           {"diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,1 @@@\n", "read diff: line 1: this is the combined diff of a merge"},
		"a merge, by its long name":         {"diff --combined x\n", "read diff: line 1: this is the combined diff"},
		"a hunk of a merge":                 {"--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,1 @@@\n", "read diff: line 3: this is the combined diff"},
		"a diff that ends in a hunk":        {head + "@@ -1,2 +1,2 @@\n-a\n+b\n", "read diff: line 6: the diff ends within a hunk of b/x: it is truncated"},
		"a hunk that the next file cuts":    {head + "@@ -1 +1,3 @@\n-a\n+b\ndiff --git a/y b/y\n", "read diff: line 7: the hunk of b/x ends early: 0 old and 2 new lines are missing"},
		"more new lines than were told":     {head + "@@ -1,2 +1 @@\n-a\n+b\n+c\n", "read diff: line 7: the hunk of b/x ends early: 1 old"},
		"a hunk without a file":             {"@@ -1 +1 @@\n-a\n+b\n", "read diff: line 1: a hunk without the name of its file"},
		"a hunk of the file before":         {head + "@@ -1 +0,0 @@\n-a\ndiff --git a/y b/y\n@@ -1 +1 @@\n", "read diff: line 7: a hunk without the name of its file"},
		"a hunk that goes back":             {head + "@@ -9 +9 @@\n-a\n+b\n@@ -1 +9 @@\n-a\n+b\n", "read diff: line 7: this hunk begins at line 9, and the one before it ends at line 9"},
		"a head that is none":               {head + "@@ -1 +x @@\n", `read diff: line 4: "@@ -1 +x @@" is no head of a hunk`},
		"a head without its end":            {head + "@@ -1 +1\n", "is no head of a hunk"},
		"a head without signs":              {head + "@@ -1 1 @@\n", "is no head of a hunk"},
		"line 0":                            {head + "@@ -1 +0,2 @@\n", "is no head of a hunk"},
		"a number that is too large":        {head + "@@ -1 +2147483648 @@\n", "is no head of a hunk"},
		"numbers that are too large in sum": {head + "@@ -1 +2147483647,2147483647 @@\n", "is no head of a hunk"},
		"lines that are added to nothing":   {"--- a/x\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "read diff: line 5: a line is added to a file that is deleted"},
		"the diffs of two commits":          {head + "@@ -1 +1 @@\n-a\n+b\n" + head + "@@ -1 +1 @@\n-a\n+b\n", "read diff: line 9: a second diff of x: give the diff of two commits"},
		"a name without its end":            {"--- a/x\n+++ \"b/x\n", `read diff: line 2: name "b/x has no closing quote`},
		"a name with an unknown escape":     {"--- a/x\n+++ \"b/\\x41\"\n", `read diff: line 2: name "b/\x41": \x41 is no escape`},
		"a name with half an escape":        {"--- a/x\n+++ \"b/\\3", `is no escape`},
		"a name that ends in a backslash":   {"--- a/x\n+++ \"b/\\", `it ends in a backslash`},
		"a name of nothing":                 {"--- a/x\n+++ \n", `read diff: line 2: the +++ line names no file`},
		"an old name that cannot be read":   {"--- \"a\n+++ b/x\n", `name "a has no closing quote`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(strings.NewReader(tt.diff))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "read diff: ") {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
			if got != nil {
				t.Errorf("there are lines beside the error: %v", got)
			}
		})
	}
}

func TestParsePassesOnReadErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, err := Parse(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v", err, broken)
	}
}

// TestRealDiff reads what git 2.39 printed for a commit of each kind of change;
// see testdata/README.md.
func TestRealDiff(t *testing.T) {
	want := Lines{
		"b/plain.txt":      {{2, 2}, {5, 6}},
		"bin.dat":          {},
		"dir/moved.txt":    {{3, 3}},
		"dir/old.txt":      {},
		"gone.txt":         {},
		"new file.txt":     {{1, 2}},
		"run.sh":           {},
		"same again.txt":   {},
		"same.txt":         {},
		"shorter.txt":      {},
		"tä\"b\\.txt":      {{1, 1}},
		"unterminated.txt": {{2, 3}},
	}
	for _, name := range []string{"u0.diff", "u3.diff", "noprefix.diff", "mnemonic.diff"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, err := Parse(f)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
		})
	}
}

// TestCutDiffs cuts real diffs at each byte. What is read without an error must be
// whole as far as it goes: the cut is between two files or hunks, at the end of a
// line, or within the text of the last line of a hunk, which is there either way.
// A deleted file may do without its lines, and the digits of a mode do not matter.
func TestCutDiffs(t *testing.T) {
	for _, name := range []string{"u0.diff", "u3.diff", "noprefix.diff", "mnemonic.diff"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		passed := 0
		for i := 1; i < len(whole); i++ {
			if _, err := Parse(strings.NewReader(string(whole[:i]))); err != nil {
				continue
			}
			passed++
			line := string(whole[strings.LastIndexByte(string(whole[:i]), '\n')+1 : i])
			rest := string(whole[i:])
			between := line == "" && (strings.HasPrefix(rest, "diff --git ") || strings.HasPrefix(rest, "@@ ") || strings.HasPrefix(rest, "\\ No"))
			inText := line != "" && strings.Contains("+- \\", line[:1])
			mode, deleted := strings.HasPrefix(line, "new mode "), strings.HasPrefix(rest, "--- a/gone") || strings.HasPrefix(rest, "--- gone") || strings.HasPrefix(rest, "--- c/gone")
			if !between && !inText && !mode && !deleted && !strings.HasPrefix(rest, "\n") {
				t.Errorf("%s passes though it is cut at byte %d, between %q and %.20q", name, i, line, rest)
			}
		}
		if passed == 0 || passed > len(whole)/4 {
			t.Errorf("%s: %d cuts of %d pass", name, passed, len(whole))
		}
	}
}

func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.diff")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("--- a/x\n+++ b/x\n@@ -1,0 +2,2 @@\n+a\n+b\n@@ -2,0 +4 @@\n+c\n")
	f.Add("diff --git \"a/\\303\" \"b/\\303\"\n--- /dev/null\n+++ \"b/\\303\"\n@@ -0,0 +1 @@\n+b\n")
	f.Add("--- a/x\r\n+++ /dev/null\t1970\r\n@@ -1 +0,0 @@\r\n-b\r\n\\ No\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		added, ranges := strings.Count("\n"+text, "\n+"), 0
		for _, path := range lines.Paths() {
			if path == "" || lines[path] == nil {
				t.Fatalf("%q has ranges %v", path, lines[path])
			}
			last := -1
			for _, r := range lines[path] {
				if r.First <= last+1 || r.First < 1 || r.Last < r.First {
					t.Fatalf("%s: ranges %v", path, lines[path])
				}
				last = r.Last
				ranges += r.Last - r.First + 1
			}
		}
		if ranges > added {
			t.Fatalf("%d changed lines, and only %d that begin with +: %v", ranges, added, lines)
		}
	})
}
