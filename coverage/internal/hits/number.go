package hits

import (
	"fmt"
	"strconv"
	"strings"
)

// Positive reports whether s, an execution count as some tool wrote it, is above
// zero. Counts may have a sign, a fraction or an exponent, and may exceed every
// machine integer. Negative ones come from counters that overflowed or raced;
// like lcov itself, Positive takes them for zero.
func Positive(s string) (bool, error) {
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return false, fmt.Errorf("count %q is not a number", s)
	}
	digits := strings.TrimLeft(s, "+-")
	if strings.Trim(digits, "0123456789") == "" && len(s)-len(digits) <= 1 && digits != "" {
		return s[0] != '-' && strings.Trim(digits, "0") != "", nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && f == 0 { // where f is not 0, it is merely too large: still above zero
		return false, fmt.Errorf("count %q is not a number", s)
	}
	return f > 0, nil
}

// LineNumber reads the number of a line.
func LineNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("line number %q is not a whole number", s)
	}
	return n, nil
}
