from invoice import tax, total, words

assert total([(2, 3), (1, 1)]) == 7
assert words(total([(2, 3)])) == "6.00"
assert tax.tax(100) == 20
