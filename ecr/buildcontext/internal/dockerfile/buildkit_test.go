package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	bkparser "github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// FuzzImages holds Images to what BuildKit's own parser makes of a Dockerfile
// that it takes.
func FuzzImages(f *testing.F) {
	files, err := filepath.Glob("testdata/*.Dockerfile")
	if err != nil || len(files) == 0 {
		f.Fatal("no files in testdata")
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content))
	}
	for _, s := range []string{
		"FROM a\n", "ARG A=b\nFROM $A AS c\nFROM c\nCOPY --from=d /e /f\n", "# escape=`\nFROM a`\nRUN b `\nc\n",
		"FROM a\nRUN <<E\nFROM b\nE\nFROM c", "FROM a\nRUN --mount=from=b,target=/c d", "FROM \"a\"'b'\\c", "ARG A=\"x y\" B=${A%y}\nFROM ${B:-z}",
		"FROM a\nCOPY --from='b c' d e", "FROM a\nRUN [\"<<E\"]\nONBUILD COPY <<E /f\nFROM g\nE\n", "FROM a\\\nb\n\\\nFROM c\n", "ARG A=1.2\nFROM a:${A//./-}${A#*.}",
		"FROM \"a$A\"", "ARG X=\"a\\\"b\\$c\\\\d\\e\"\nFROM a:$X", "FROM a${1}${@}$1$$-$", "ARG P=a/b\\*?c\nFROM ${P/\\//-}${P%\\*?c}${P##?}${P%%b*}${P%x}${P/x/y}",
		"ARG W=\"x 'y\" V='a b'\\ c\nFROM a:$W$V", "FROM a:${A:+\"$A\"}${A:-'}'}${A-\\}}${N:?}", "FROM a:${A?no}${A:?no}", "FROM a:${N?}", "FROM ${", "FROM ${:}", "FROM a:${A!}", "FROM a:${A:!}",
		"FROM a\nRUN b <<\"E $X\" 'q' \\<<F <<G\nFROM c\nE $X\nFROM d\nG\nFROM e", "FROM a\nRUN b <c << E\nFROM d\nE\nFROM e", "FROM a\nRUN <<E$X\nFROM d\nE$X\nFROM e",
		"FROM a\nRUN <<\"E\\\"\\x\"\nFROM d\nE\"\\x\nFROM e", "FROM a\nRUN 'b <<E\nFROM c\nE\n", "FROM a\nRUN 3<<-E <<''\n\tE\n\nFROM b", "FROM a\nCOPY --from=\"b\" --chmod=\\x -- --from=c d e\n",
		"# syntax=x/y:1 z\n# escape=`\nFROM a", "#!/x\n# syntax=x\nFROM a", "FROM a\nONBUILD COPY --from=b c d\nONBUILD RUN --mount=from=e,target=/f g\n", "FROM a AS b\nFROM c\nADD http://d e\nCOPY --from=\\\n # no\n b f g",
		"FROM \\\n# from x\n a$A \\\n AS b\nCOPY --from\\\n=c d e\nRUN --mount=type=bind,FROM=f,target=/g h", "\ufeffFROM a@sha256:1\r\nCOPY --from=b c d\r\n",
		"#unknown=1\n#escape=`\nFROM a\\\n AS b\nFROM b", "FROM a\nRUN --mount='type=bind,\"from=b\",target=/x' c\n", "FROM a\nRUN --mount=from=\"b,target=/c d\n", "FROM a\nRUN --mount=type=bind c\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		want, err := buildKitImages(source, map[string]string{"A": "given", "TARGETARCH": "amd64"})
		if err != nil || exotic(source) {
			return // it is told by the builder
		}
		got, err := Images([]byte(source), "", map[string]string{"A": "given", "TARGETARCH": "amd64"})
		if err != nil {
			t.Fatalf("%q: %v", source, err)
		}
		var names []string
		for _, i := range got {
			names = append(names, fmt.Sprintf("%d:%s", i.Line, i.Name))
		}
		address := func(s string) bool { _, name, _ := strings.Cut(s, ":"); return addressed.MatchString(name) }
		want, names = slices.DeleteFunc(want, address), slices.DeleteFunc(names, address) // BuildKit finds them as it builds
		if d := cmp.Diff(want, names); d != "" {
			t.Errorf("%q (-BuildKit +ours):\n%s", source, d)
		}
		pinAll(t, source, names)
	})
}

var odd = regexp.MustCompile(`\$\{?(BUILD|TARGET)|(?s)<<.*\$\{|\$\{.*<<`)

// exotic are files in which we know to differ: BuildKit's platform variables,
// of which the test gives one; substitutions before the end of a here-document; and
// text that is no UTF-8, of which BuildKit makes something else in some places.
func exotic(source string) bool {
	return odd.MatchString(source) || strings.ToValidUTF8(source, "") != source || strings.ContainsAny(source, "\x00\ufeff")
}

func buildKitImages(source string, args map[string]string) ([]string, error) {
	result, err := bkparser.Parse(strings.NewReader(source))
	if err != nil {
		return nil, err
	}
	stages, metaArgs, err := instructions.Parse(result.AST, nil)
	if err != nil {
		return nil, err
	}
	if len(stages) == 0 {
		return nil, errors.New("no stages")
	}
	lex := shell.NewLex(result.EscapeToken)
	env := []string{"TARGETARCH=" + args["TARGETARCH"]}
	for _, m := range metaArgs {
		for _, a := range m.Args {
			if v, ok := args[a.Key]; ok {
				a.Value = &v
			} else if a.Value != nil {
				v, _, err := lex.ProcessWord(*a.Value, shell.EnvsFromSlice(env))
				if err != nil {
					return nil, err
				}
				a.Value = &v
			}
			if a.Value != nil {
				env = append(env, a.Key+"="+*a.Value)
			}
		}
	}
	var all []string
	add := func(name string, line int) {
		known := slices.ContainsFunc(all, func(s string) bool { _, n, _ := strings.Cut(s, ":"); return n == name })
		if name != scratch && name != "" && !known {
			all = append(all, fmt.Sprintf("%d:%s", line, name))
		}
	}
	named := func(name string) bool {
		n, err := strconv.Atoi(name)
		return err == nil && n >= 0 && n < len(stages) ||
			slices.ContainsFunc(stages, func(s instructions.Stage) bool { return s.Name != "" && s.Name == strings.ToLower(name) })
	}
	if image, _, _, ok := bkparser.DetectSyntax([]byte(source)); ok {
		add(image, 1+bytes.Count([]byte(source[:max(strings.Index(strings.ToLower(source), "syntax"), 0)]), []byte("\n")))
	}
	for i, s := range stages {
		name, _, err := lex.ProcessWord(s.BaseName, shell.EnvsFromSlice(env))
		if err != nil {
			return nil, err
		}
		if name == "" {
			return nil, errors.New("blank")
		}
		if !slices.ContainsFunc(stages[:i], func(s instructions.Stage) bool { return s.Name != "" && s.Name == name }) {
			add(name, s.Location[0].Start.Line)
		}
		for _, c := range s.Commands {
			line := c.Location()[0].Start.Line
			c, err := triggered(c)
			if err != nil {
				return nil, err
			}
			switch c := c.(type) {
			case *instructions.CopyCommand:
				if !named(c.From) {
					add(c.From, line)
				}
			case *instructions.RunCommand:
				for _, m := range instructions.GetMounts(c) {
					if !named(m.From) {
						add(m.From, line)
					}
				}
			}
		}
	}
	return all, nil
}

// pinAll pins all images of a Dockerfile, which BuildKit must then find so; an
// image that cannot be pinned is an error, never forgotten.
func pinAll(t *testing.T, source string, names []string) {
	args := map[string]string{"A": "given", "TARGETARCH": "amd64"}
	digests := make(map[string]string)
	var want []string
	for _, numbered := range names {
		_, name, _ := strings.Cut(numbered, ":")
		if digest(name) {
			want = append(want, name)
			continue
		}
		digests[name] = someDigest
		want = append(want, name+"@"+someDigest)
	}
	pinned, err := Pin([]byte(source), args, digests)
	if err != nil {
		return
	}
	got, err := buildKitImages(string(pinned), args)
	if err != nil {
		t.Fatalf("%q became %q: %v", source, pinned, err)
	}
	got = slices.DeleteFunc(got, func(s string) bool {
		_, name, _ := strings.Cut(s, ":")
		return addressed.MatchString(name) && !digest(name)
	})
	for i, numbered := range got {
		_, got[i], _ = strings.Cut(numbered, ":")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%q became %q (-want +BuildKit):\n%s", source, pinned, d)
	}
}

// triggered is what an ONBUILD holds, or c itself.
func triggered(c instructions.Command) (instructions.Command, error) {
	onbuild, ok := c.(*instructions.OnbuildCommand)
	if !ok {
		return c, nil
	}
	result, err := bkparser.Parse(strings.NewReader(onbuild.Expression))
	if err != nil {
		return nil, err
	}
	inner, err := instructions.ParseCommand(result.AST.Children[0])
	if err != nil {
		return nil, err
	}
	if run, ok := inner.(*instructions.RunCommand); ok && len(run.FlagsUsed) > 0 {
		return nil, errors.New("mounts of ONBUILD are parsed when it runs")
	}
	return inner, nil
}

// FuzzImagesAnything throws anything at the parser: it must return.
func FuzzImagesAnything(f *testing.F) {
	for _, s := range []string{"", "FROM", "ARG A=${", "RUN <<", "# escape=`\nFROM `", "FROM ${A//\\", "COPY --from=\\", "\"", "FROM a\nRUN <<\"\nx"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		images, err := Images(source, "", nil)
		lines := bytes.Count(source, []byte("\n")) + 1
		for _, i := range images {
			if i.Line < 1 || i.Line > lines || i.Name == "" {
				t.Errorf("%+v in %d lines", i, lines)
			}
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	})
}
