package report

import (
	"fmt"
	"io"
	"math"

	"github.com/mettel-automation/delivery/coverage"
)

// WriteBadge writes a picture (SVG) of the total: green where every gate passes, red where
// one does not. Its text is the percentage, rounded down, or "unknown" where the
// modules do not add up. It fetches nothing, and says to a screen reader what it shows.
func WriteBadge(w io.Writer, r coverage.Result) error {
	value, color, verdict := "unknown", "#b3261e", "failed"
	if count, _, err := r.Sum(); err == nil && count.Total > 0 {
		value = count.Percent() + "%"
	}
	if r.Pass() {
		color, verdict = "#2e7d32", "passed"
	}
	const label = "coverage"
	left, right := textWidth(label)+2*badgePad, textWidth(value)+2*badgePad
	_, err := fmt.Fprintf(w, badge, label, value, verdict, left, right, left+right,
		color, left/2, textWidth(label), left+right/2, textWidth(value))
	return err
}

// badgePad is the space in px at each side of a text.
const badgePad = 6.0

// badge takes: 1 label, 2 value, 3 verdict, 4 width of the left half, 5 of the right
// one, 6 of both, 7 color, 8 middle of the label, 9 its width, 10 and 11 those of the value.
const badge = `<svg xmlns="http://www.w3.org/2000/svg" width="%[6]g" height="20" role="img" aria-label="%[1]s: %[2]s, %[3]s">
<title>%[1]s: %[2]s, %[3]s</title>
<linearGradient id="s" x2="0" y2="100%%"><stop offset="0" stop-color="#fff" stop-opacity=".12"/><stop offset="1" stop-opacity=".12"/></linearGradient>
<clipPath id="r"><rect width="%[6]g" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)">
<rect width="%[4]g" height="20" fill="#484f58"/>
<rect x="%[4]g" width="%[5]g" height="20" fill="%[7]s"/>
<rect width="%[6]g" height="20" fill="url(#s)"/>
</g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,'DejaVu Sans',Geneva,sans-serif" font-size="11">
<text x="%[8]g" y="14" textLength="%[9]g">%[1]s</text>
<text x="%[10]g" y="14" textLength="%[11]g">%[2]s</text>
</g>
</svg>
`

// textWidth returns how wide s is in px, in Verdana of 11 px, the usual font of
// badges: the widths of its glyphs, in units of which an em has 2048. With
// textLength a reader who has another font sees the text in the same place. Whole
// pixels keep the edge between the halves sharp.
func textWidth(s string) float64 {
	units := 0
	for _, r := range s {
		switch r {
		case '.':
			units += 745
		case '%':
			units += 2204
		case 'w':
			units += 1676
		case 'r':
			units += 874
		default: // digits, and on average the small letters
			units += 1270
		}
	}
	return math.Ceil(float64(units) * 11 / 2048)
}
