package terraform

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/mettel-automation/delivery/validate"
)

// format finds where f differs from the canonical format. Terraform fmt does
// more than hclwrite.Format: it also rewrites some expressions and labels.
func (r *run) format(f source) {
	canonical := hclwrite.Format(f.data)
	line, n := firstDifference(f.data, canonical)
	if body, ok := f.body.(*hclsyntax.Body); ok {
		for _, at := range rewritten(body, f.data, nil) {
			n++
			if line == 0 || at.Start.Line < line {
				line = at.Start.Line
			}
		}
	}
	if n == 0 {
		return
	}
	message := "not in canonical format; terraform fmt mends it"
	if n > 1 {
		message = fmt.Sprintf("not in canonical format, here and in %d more places; terraform fmt mends them", n-1)
	}
	at := hcl.Range{Start: hcl.Pos{Line: line}}
	r.add(f.path, at, RuleFormat, message, validate.OfFile)
}

// firstDifference returns the first line that differs and how many do; 0 and 0
// where none does.
func firstDifference(a, b []byte) (line, n int) {
	if bytes.Equal(a, b) {
		return 0, 0
	}
	as, bs := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range max(len(as), len(bs)) {
		if i < len(as) && i < len(bs) && bytes.Equal(as[i], bs[i]) {
			continue
		}
		n++
		if line == 0 {
			line = min(i+1, len(as))
		}
	}
	return line, n
}

// rewritten returns the places that terraform fmt rewrites beyond spacing:
// "${x}" for x, types in quotes or without elements, and labels that are not in
// quotes or have something between them.
func rewritten(body *hclsyntax.Body, src []byte, blocks []string) []hcl.Range {
	var places []hcl.Range
	for _, a := range body.Attributes {
		if len(blocks) == 1 && blocks[0] == "variable" && a.Name == "type" {
			if legacyType(a.Expr, src) {
				places = append(places, a.SrcRange)
			}
			continue
		}
		if _, wrapped := a.Expr.(*hclsyntax.TemplateWrapExpr); wrapped {
			places = append(places, a.SrcRange)
		}
	}
	for _, b := range body.Blocks {
		if !canonicalLabels(b, src) {
			places = append(places, b.DefRange())
		}
		places = append(places, rewritten(b.Body, src, append(blocks, b.Type))...)
	}
	return places
}

// legacyType tells the types of before Terraform 0.12: "string", "list" and
// "map" in quotes, and list, map and set without the type of their elements.
func legacyType(e hclsyntax.Expression, src []byte) bool {
	switch strings.TrimSpace(string(e.Range().SliceBytes(src))) {
	case `"string"`, `"list"`, `"map"`, "list", "map", "set":
		return true
	}
	return false
}

// canonicalLabels reports whether the labels of a block are as fmt writes them.
func canonicalLabels(b *hclsyntax.Block, src []byte) bool {
	end := b.TypeRange.End.Byte
	for i, at := range b.LabelRanges {
		if string(src[end:at.Start.Byte]) != " " {
			return false
		}
		if string(hclwrite.TokensForValue(stringValue(b.Labels[i])).Bytes()) != string(at.SliceBytes(src)) {
			return false
		}
		end = at.End.Byte
	}
	return true
}
