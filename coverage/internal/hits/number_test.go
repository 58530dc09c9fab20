package hits

import (
	"math"
	"math/big"
	"strings"
	"testing"
)

func TestPositive(t *testing.T) {
	tests := map[string]struct {
		in   string
		want bool
	}{
		"zero":                               {"0", false},
		"zero with leading zeros":            {"000", false},
		"one":                                {"1", true},
		"one with leading zeros":             {"001", true},
		"the largest int64 and one":          {"9223372036854775808", true},
		"the largest uint64":                 {"18446744073709551615", true},
		"more digits than any integer has":   {strings.Repeat("9", 400), true},
		"as many zeros":                      {strings.Repeat("0", 400), false},
		"an exponent":                        {"1e3", true},
		"an exponent beyond every float":     {"1e999", true},
		"a negative beyond every float":      {"-1e999", false},
		"zero with an exponent":              {"0e5", false},
		"a fraction":                         {"1.5", true},
		"a fraction of zero":                 {"0.0", false},
		"negative counts are those of races": {"-3", false},
		"minus zero":                         {"-0", false},
		"a plus sign":                        {"+2", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Positive(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("Positive(%.20q) is %v, %v, want %v", tt.in, got, err, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "-", "+", "--1", "+-1", "1-1", "x", "1x", "0x10", "NaN", "Inf", "1_000", "e", "1e", ".", "1 ", "٣"} {
		if got, err := Positive(bad); err == nil {
			t.Errorf("Positive(%q) is %v, want an error", bad, got)
		} else if !strings.Contains(err.Error(), "is not a number") {
			t.Errorf("Positive(%q): %v", bad, err)
		}
	}
}

// FuzzPositive compares with exact arithmetic.
func FuzzPositive(f *testing.F) {
	for _, s := range []string{"0", "12", "-4", "1e3", "0.25", "18446744073709551616", "1e-9", "--", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Positive(s)
		if err != nil || len(s) > 40 || strings.ContainsAny(s, "eE") {
			return // exponents underflow to 0 in a float, and take an exact number forever
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("Positive(%q) is %v, and it is no number", s, got)
		}
		if want := exact.Sign() > 0; got != want {
			t.Errorf("Positive(%q) is %v, want %v", s, got, want)
		}
	})
}

func TestLineNumber(t *testing.T) {
	for text, want := range map[string]uint64{"42": 42, "0": 0, "999999999999999999": 999999999999999999, "18446744073709551615": math.MaxUint64} {
		if n, err := LineNumber([]byte(text)); n != want || err != nil {
			t.Errorf("LineNumber(%s) is %d, %v", text, n, err)
		}
	}
	for _, bad := range []string{"", "-1", "+1", "1.0", "1e3", "x", "1 ", "18446744073709551616"} {
		if n, err := LineNumber([]byte(bad)); err == nil {
			t.Errorf("LineNumber(%q) is %d, want an error", bad, n)
		}
	}
}

func TestHit(t *testing.T) {
	for text, want := range map[string]bool{"0": false, "7": true, "-7": false, " 1\n": true, "0000": false, "99999999999999999999": true, "1e3": true} {
		if hit, err := Hit([]byte(text)); hit != want || err != nil {
			t.Errorf("Hit(%q) is %v, %v", text, hit, err)
		}
	}
	for _, bad := range []string{"", " ", "x", "1 1"} {
		if hit, err := Hit([]byte(bad)); err == nil {
			t.Errorf("Hit(%q) is %v, want an error", bad, hit)
		}
	}
}

func TestWrapped(t *testing.T) {
	for text, want := range map[string]bool{
		"9223372036854775807": false, "9223372036854775808": true, "18446744073709551615": true,
		"18446744073709551616": false, "99999999999999999999": false, "-1": false, "0": false, "": false,
	} {
		if got := Wrapped([]byte(text)); got != want {
			t.Errorf("Wrapped(%s) is %v, want %v", text, got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "12": 12, "2147483647": math.MaxInt32} {
		if n, err := Units([]byte(text)); n != want || err != nil {
			t.Errorf("Units(%s) is %d, %v", text, n, err)
		}
	}
	for _, bad := range []string{"", "-1", "2147483648", "99999999999999999999", "1.0", "x"} {
		if n, err := Units([]byte(bad)); err == nil {
			t.Errorf("Units(%q) is %d, want an error", bad, n)
		}
	}
}
