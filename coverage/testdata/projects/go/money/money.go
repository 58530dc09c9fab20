// Package money writes amounts.
package money

import "fmt"

// Text is the amount in words.
func Text(cents int) string {
	switch {
	case cents == 0:
		return "nothing"
	case cents < 0:
		return "credit"
	}
	return fmt.Sprintf("%d.%02d", cents/100, cents%100)
}
