// Package shop adds up.
package shop

import "example.com/shop/money"

// Total is the sum of prices in words.
func Total(prices ...int) string {
	sum := 0
	for _, p := range prices {
		if p < 0 {
			continue
		}
		sum += p
	}
	return money.Text(sum)
}
