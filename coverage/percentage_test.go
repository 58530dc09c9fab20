package coverage

import (
	"encoding/json"
	"flag"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestParsePercentage(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"a whole number":               {"75", "75"},
		"the default":                  {"80", "80"},
		"a decimal":                    {"80.5", "80.5"},
		"a percent sign":               {"80.5%", "80.5"},
		"zeros at the end say nothing": {"80.50000000000", "80.5"},
		"nor do zeros before":          {"080", "80"},
		"six decimals":                 {"79.999999", "79.999999"},
		"all":                          {"100.0", "100"},
		"the least":                    {"0.000001", "0.000001"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePercentage(tt.in)
			if err != nil || p.String() != tt.want {
				t.Errorf("ParsePercentage(%q) is %s, %v, want %s", tt.in, p, err, tt.want)
			}
		})
	}
}

func TestParsePercentageRefuses(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":                {"", "not a number"},
		"a sign alone":           {"%", "not a number"},
		"zero":                   {"0", "must be above 0: to ask nothing of a module, leave it out"},
		"zero with decimals":     {"0.000", "must be above 0: to ask nothing of a module, leave it out"},
		"more than all":          {"100.000001", "must be above 0 and at most 100"},
		"far more than all":      {"99999999999999999999", "must be above 0 and at most 100"},
		"a negative":             {"-80", "not a number"},
		"a plus":                 {"+80", "not a number"},
		"an exponent":            {"8e1", "not a number"},
		"a word":                 {"eighty", "not a number"},
		"no digit after a point": {"80.", "not a number"},
		"none before it":         {".5", "not a number"},
		"two points":             {"80.5.1", "not a number"},
		"a comma":                {"80,5", "not a number"},
		"white space":            {" 80", "not a number"},
		"a seventh decimal":      {"80.0000001", "more than 6 decimals"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePercentage(tt.in)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.in) {
				t.Errorf("ParsePercentage(%q) is %s, %v, want an error that says %q", tt.in, p, err, tt.want)
			}
		})
	}
}

func TestPercentageZeroValueIsEighty(t *testing.T) {
	eighty, err := ParsePercentage("80")
	if err != nil || eighty != (Percentage{}) {
		t.Errorf("80 is %+v, %v, want the zero value", eighty, err)
	}
	if got := (Percentage{}).String(); got != "80" {
		t.Errorf("the zero value is %s, want 80", got)
	}
}

func TestPercentageIsFlagAndText(t *testing.T) {
	var p Percentage
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Var(&p, "min", "")
	if err := flags.Parse([]string{"-min", "62.5"}); err != nil || p.String() != "62.5" {
		t.Errorf("flag is %s, %v", p, err)
	}
	if err := flags.Parse([]string{"-min", "none"}); err == nil || p.String() != "62.5" {
		t.Errorf("a bad flag is %s, %v, want an error and the value before", p, err)
	}

	text, err := json.Marshal(map[string]Percentage{"billing": p})
	if err != nil || string(text) != `{"billing":"62.5"}` {
		t.Errorf("JSON is %s, %v", text, err)
	}
	var back map[string]Percentage
	if err := json.Unmarshal(text, &back); err != nil || back["billing"] != p {
		t.Errorf("JSON comes back as %v, %v", back, err)
	}
}

func TestPercentageOf(t *testing.T) {
	tests := map[string]struct {
		percent string
		total   int64
		want    int64
	}{
		"of nothing it is nothing":    {"80", 0, 0},
		"it is exact where it can be": {"80", 5, 4},
		"else it is rounded up":       {"80", 4004, 3204},
		"a decimal counts":            {"80.5", 200, 161},
		"by the last digit":           {"80.000001", 5, 5},
		"the least is one":            {"0.000001", 10, 1},
		"all is all":                  {"100", math.MaxInt64, math.MaxInt64},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePercentage(tt.percent)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.of(tt.total); got != tt.want {
				t.Errorf("%s%% of %d is %d, want %d", p, tt.total, got, tt.want)
			}
		})
	}
}

// TestPercentageOfIsExact compares with fractions of unlimited size: n is
// enough, and n-1 is not.
func TestPercentageOfIsExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	for range 5000 {
		p := Percentage{offset: 1 + rnd.Int64N(hundredPercent) - defaultPercent}
		total := 1 + rnd.Int64N(math.MaxInt64>>rnd.IntN(60))
		minimum, _ := new(big.Rat).SetString(p.String())
		enough := func(n int64) bool {
			share := new(big.Rat).Mul(big.NewRat(n, total), big.NewRat(100, 1))
			return share.Cmp(minimum) >= 0
		}
		if n := p.of(total); !enough(n) || enough(n-1) {
			t.Fatalf("%s%% of %d is %d", p, total, n)
		}
	}
}

func FuzzParsePercentage(f *testing.F) {
	for _, s := range []string{"80", "80.5%", "0.1", "100", "1e2", ".", "%", "99.9999990"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePercentage(s)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(strings.TrimSuffix(s, "%"))
		shown, _ := new(big.Rat).SetString(p.String())
		if !ok || exact.Cmp(shown) != 0 {
			t.Fatalf("%q is read as %s", s, p)
		}
		if again, err := ParsePercentage(p.String()); err != nil || again != p {
			t.Fatalf("%q is %s, and then %s, %v", s, p, again, err)
		}
	})
}
