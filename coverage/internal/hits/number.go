package hits

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Hit reports whether an execution count, as some tool wrote it, is above zero.
// See [Positive] for the forms that it may have. White space around it is passed over.
func Hit(count []byte) (bool, error) {
	if n, ok := small(count); ok {
		return n > 0, nil
	}
	return Positive(string(bytes.TrimSpace(count)))
}

// Positive reports whether s, an execution count as some tool wrote it, is above
// zero. Counts may have a sign, a fraction or an exponent, and may exceed every
// machine integer. Negative ones come from counters that overflowed or raced;
// like lcov itself, Positive takes them for zero.
func Positive(s string) (bool, error) {
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return false, fmt.Errorf("count %.100q is not a number", s)
	}
	digits := strings.TrimLeft(s, "+-")
	if strings.Trim(digits, "0123456789") == "" && len(s)-len(digits) <= 1 && digits != "" {
		return s[0] != '-' && strings.Trim(digits, "0") != "", nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && f == 0 { // where f is not 0, it is merely too large: still above zero
		return false, fmt.Errorf("count %.100q is not a number", s)
	}
	return f > 0, nil
}

// Wrapped reports whether count is one of the whole numbers between the largest of
// 63 bits and of 64. No program gets there by counting; a counter of 64 bits
// that fell below zero does.
func Wrapped(count []byte) bool {
	if len(count) != 19 && len(count) != 20 {
		return false
	}
	n, err := strconv.ParseUint(string(count), 10, 64)
	return err == nil && n > 1<<63-1
}

// LineNumber reads the number of a line.
func LineNumber(text []byte) (uint64, error) {
	if n, ok := small(text); ok {
		return n, nil
	}
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("line number %.100q is not a whole number", text)
	}
	return n, nil
}

// small reads up to 18 digits, which cannot overflow, without a copy.
func small(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		n = 10*n + d
	}
	return n, true
}

// Units reads a number of lines, branches or the like, which is at most 2^31-1.
func Units(text []byte) (int64, error) {
	n, ok := small(text)
	if !ok || n > maxUnits {
		return 0, fmt.Errorf("%.100q is no number of 0 to %d", text, maxUnits)
	}
	return int64(n), nil
}
