package terraform

import (
	"bytes"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/mettel-automation/delivery/validate"
)

// format finds where f differs from the canonical format: a finding for each run
// of lines. Terraform fmt does more than hclwrite.Format: it also rewrites some
// expressions and labels.
func (r *run) format(f source) {
	lines := bytes.Split(f.data, []byte("\n"))
	differs := differences(lines, f.data)
	if body, ok := f.body.(*hclsyntax.Body); ok {
		for _, at := range rewritten(body, f.data, nil) {
			for n := at.Start.Line; n <= min(at.End.Line, len(lines)); n++ {
				differs[n-1] = true
			}
		}
	}
	tool := "terraform"
	if strings.Contains(path.Base(f.path), ".tofu") {
		tool = "tofu"
	}
	for first := 0; first < len(lines); first++ {
		last := first
		for last < len(lines) && differs[last] {
			last++
		}
		if last == first {
			continue
		}
		r.findings = append(r.findings, validate.Finding{
			Path: f.path, Line: first + 1, EndLine: last, Rule: RuleFormat, Severity: validate.Error, Scope: validate.OfFile,
			Message: "not in canonical format; " + tool + " fmt mends it", Source: string(bytes.Join(lines[first:last], []byte("\n"))),
		})
		first = last
	}
}

// differences tells the lines of a file that differ from those of its canonical
// format. Where that has more lines, the last one does.
func differences(lines [][]byte, data []byte) []bool {
	differs := make([]bool, len(lines))
	canonical := hclwrite.Format(data)
	if bytes.Equal(data, canonical) {
		return differs
	}
	want := bytes.Split(canonical, []byte("\n"))
	for i, line := range lines {
		differs[i] = i >= len(want) || !bytes.Equal(line, want[i])
	}
	if len(want) > len(lines) {
		differs[len(lines)-1] = true
	}
	return differs
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
