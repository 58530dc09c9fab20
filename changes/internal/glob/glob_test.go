package glob

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".", "github.com/bmatcuk/doublestar/v4") }

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		glob string
		want string // in the error; "" where there is none
	}{
		"a glob without braces":                  {"services/**/*.go", ""},
		"as many choices as are allowed":         {strings.Repeat("{a,b}", 10), ""},
		"twice as many":                          {strings.Repeat("{a,b}", 11), "more than 1191 globs"},
		"the same in a longer glob":              {strings.Repeat("{a,b}", 10) + strings.Repeat("*", 100), "more than 436 globs"},
		"so many that a number overflows":        {strings.Repeat("{a,b,c,d}", 110), "more than 66 globs"},
		"choices within choices add up":          {"{a,{b,c,{d,e}},f}/{**/x,y}", ""},
		"within choices they also multiply":      {"{x," + strings.Repeat("{a,b}", 11) + "}", "more than 1110 globs"},
		"braces that offer one choice":           {strings.Repeat("{a}", 300), ""},
		"what is escaped or in a class is plain": {strings.Repeat(`\{a,b\}[{,}\]]`, 50), ""},
		"a comma outside of braces is plain":     {"*" + strings.Repeat(",", 300), ""},
		"a glob as long as is allowed":           {strings.Repeat("*", MaxLength), ""},
		"one that is longer":                     {strings.Repeat("*", MaxLength+1), "1025 bytes"},
		"a brace that is not closed":             {"{a", "no valid glob"},
		"a brace that closes nothing":            {"a}", "no valid glob"},
		"a class that is not closed":             {"[a", "no valid glob"},
		"a class that is empty":                  {"[]a", "no valid glob"},
		"a backslash at the end":                 {`a\`, "no valid glob"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := Check(tt.glob)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
			if strings.Contains(tt.want, "no valid") != errors.Is(err, ErrInvalid) {
				t.Errorf("error = %v; is it ErrInvalid?", err)
			}
		})
	}
}

// expand writes out the braces of a glob, by the definition.
func expand(glob string) []string {
	start := strings.IndexByte(glob, '{')
	if start < 0 {
		return []string{glob}
	}
	depth, from := 0, start+1
	var parts, all []string
	for i := start; ; i++ {
		switch glob[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 || depth == 1 && glob[i] == ',' {
			parts = append(parts, glob[from:i])
			from = i + 1
		}
		if depth == 0 {
			break
		}
	}
	for _, part := range parts {
		all = append(all, expand(glob[:start]+part+glob[from:])...)
	}
	return all
}

func TestChoicesAreCountedByTheDefinition(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 3000 {
		glob := randomGlob(rng, 3)
		const most = 50
		if got, want := choices(glob, most), len(expand(glob)); got != want && (got <= most || want <= most) {
			t.Fatalf("%q stands for %d globs, want %d", glob, got, want)
		}
	}
}

func randomGlob(rng *rand.Rand, deep int) string {
	var b strings.Builder
	for range 1 + rng.IntN(4) {
		if rng.IntN(3) > 0 || deep == 0 {
			b.WriteString([]string{"a", "b", "/", "*", "**", "**/", "?"}[rng.IntN(7)])
			continue
		}
		b.WriteByte('{')
		for i := range 1 + rng.IntN(3) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(randomGlob(rng, deep-1))
		}
		b.WriteByte('}')
	}
	return b.String()
}

// hostile are globs that are about as expensive as Check lets them be, and paths
// that keep a matcher busy.
func hostile() map[string]string {
	pad := func(glob, with string) string { // with 64 choices
		return glob + strings.Repeat(with, (MaxLength-len(glob)-1)/len(with)) + "b"
	}
	return map[string]string{
		strings.Repeat("{a,aa}", 10) + "*b":                 strings.Repeat("a", 4000) + "c",
		pad(strings.Repeat("{a,a*}", 6), "a"):               strings.Repeat("a", 4000) + "c",
		pad("*"+strings.Repeat("{a,a}", 6), "a"):            strings.Repeat("a", 4000) + "c",
		pad("**/"+strings.Repeat("{a,a}/", 6), "*a/"):       strings.Repeat("aaaaa/", 700) + "c",
		strings.Repeat("{**/a,a}/", 9) + "b":                strings.Repeat("a/", 2000) + "c",
		pad("", "**/*a"):                                    strings.Repeat("aa/", 1300) + "c",
		pad("**/*", "[!x]"):                                 strings.Repeat("a/", 2000) + "c",
		pad("**/*"+strings.Repeat("{a,a}", 6), "a"):         strings.Repeat(strings.Repeat("a", 1200)+"/", 3) + "c",
		strings.Repeat("{", 511) + strings.Repeat("}", 511): "c",
	}
}

func TestNoGlobThatPassesIsSlow(t *testing.T) {
	for glob, name := range hostile() {
		if err := Check(glob); err != nil {
			t.Errorf("Check(%.40q…) = %v", glob, err)
			continue
		}
		start := time.Now()
		Match(glob, name)
		took := time.Since(start)
		t.Logf("%.40q…: %v", glob, took)
		if took > time.Minute {
			t.Errorf("%.40q… took %v", glob, took)
		}
	}
}

func TestTheGlobsThatDidNotEndAreRefused(t *testing.T) {
	for _, glob := range []string{
		strings.Repeat("{a,aa,aaa}", 40) + "b",
		strings.Repeat("{**/a,a}/", 25) + "b",
	} {
		if err := Check(glob); err == nil {
			t.Errorf("Check(%q) lets it pass", glob)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for glob, name := range hostile() {
		f.Add(glob, name[max(0, len(name)-60):])
	}
	for _, glob := range []string{"{a,b}/**/*.go", `\{a,[{,]}`, "{{,a},{b,c}}*", "**/{*,?}/[!a-c]"} {
		f.Add(glob, "a/b/c.go")
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		if Check(glob) != nil || len(name) > 256 {
			return
		}
		start := time.Now()
		got := Match(glob, name)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%q on %q took %v", glob, name, took)
		}
		if want, err := doublestar.Match(glob, name); err != nil || got != want {
			t.Errorf("%q on %q = %v, want %v, %v", glob, name, got, want, err)
		}
	})
}

func ExampleCheck() {
	fmt.Println(Check("services/{a,b}/**"))
	fmt.Println(Check("{0,1,2,3,4,5,6,7,8,9}{0,1,2,3,4,5,6,7,8,9}{0,1,2,3,4,5,6,7,8,9}{0,1,2,3,4,5,6,7,8,9}"))
	// Output:
	// <nil>
	// its braces stand for more than 780 globs; split it into several
}
