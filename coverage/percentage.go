package coverage

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Percentage is a minimum in percent, exact to six decimals: above 0, and at most
// 100. The zero value is 80, the usual one. Percentages are equal under == where
// their numbers are. A *Percentage is a [flag.Value].
type Percentage struct {
	// offset is the distance from 80 % in millionths of a percent. Counting from
	// there makes the zero value the default without a special case anywhere.
	offset int64
}

const (
	decimals       = 6
	onePercent     = 1_000_000
	hundredPercent = 100 * onePercent
	defaultPercent = 80 * onePercent
)

// ParsePercentage reads a number such as "80", "80.5" or "80.5%". It fails where s
// is not a plain decimal number above 0 and up to 100, or has more than six decimals.
func ParsePercentage(s string) (Percentage, error) {
	number := strings.TrimSuffix(s, "%")
	whole, fraction, point := strings.Cut(number, ".")
	if whole == "" || point && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return Percentage{}, fmt.Errorf("parse percentage %q: not a number such as 80 or 80.5", s)
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > decimals {
		return Percentage{}, fmt.Errorf("parse percentage %q: more than %d decimals", s, decimals)
	}
	fraction += strings.Repeat("0", decimals-len(fraction))
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err == nil && n == 0 {
		return Percentage{}, fmt.Errorf("parse percentage %q: must be above 0: to ask nothing of a module, leave it out", s)
	}
	if err != nil || n > hundredPercent {
		return Percentage{}, fmt.Errorf("parse percentage %q: must be above 0 and at most 100", s)
	}
	return Percentage{offset: n - defaultPercent}, nil
}

func (p Percentage) millionths() int64 { return defaultPercent + p.offset }

// of returns the smallest number that is at least p of total. It is the one
// place where counts and percentages meet.
func (p Percentage) of(total int64) int64 {
	// total < 2^63 and p <= hundredPercent, so the quotient fits and Div64 cannot overflow.
	hi, lo := bits.Mul64(uint64(total), uint64(p.millionths()))
	n, rest := bits.Div64(hi, lo, hundredPercent)
	if rest > 0 {
		n++
	}
	return int64(n)
}

// String returns the number without a percent sign and without trailing zeros: "80.5".
func (p Percentage) String() string {
	n := p.millionths()
	s := fmt.Sprintf("%d.%0*d", n/onePercent, decimals, n%onePercent)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Set makes p what [ParsePercentage] reads from s.
func (p *Percentage) Set(s string) error {
	parsed, err := ParsePercentage(s)
	if err == nil {
		*p = parsed
	}
	return err
}

// MarshalText writes what String returns.
func (p Percentage) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePercentage reads.
func (p *Percentage) UnmarshalText(text []byte) error { return p.Set(string(text)) }
