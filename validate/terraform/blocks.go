package terraform

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/mettel-automation/delivery/validate"
)

func stringValue(s string) cty.Value { return cty.StringVal(s) }

// validName reports whether s can name a block.
func validName(s string) bool { return hclsyntax.ValidIdentifier(s) }

func (r *run) blocksOfNative(f source) []block {
	body, ok := f.body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	for _, a := range inOrder(body.Attributes) {
		r.add(f.path, a.SrcRange, RuleBlock, fmt.Sprintf("argument %q stands outside of a block", a.Name), validate.OfFile)
	}
	var blocks []block
	for _, b := range body.Blocks {
		known := block{file: f, typ: b.Type, labels: b.Labels, at: b.DefRange(), body: b.Body}
		if r.checkLabels(known, b.LabelRanges) {
			blocks = append(blocks, known)
		}
	}
	return blocks
}

func (r *run) blocksOfJSON(f source) []block {
	schema := &hcl.BodySchema{}
	for _, typ := range blockTypes() {
		names, _ := labels(typ)
		schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: typ, LabelNames: names})
	}
	content, diags := f.body.Content(schema)
	for _, d := range diags {
		if d.Severity == hcl.DiagError && d.Subject != nil {
			r.add(f.path, *d.Subject, RuleBlock, d.Summary+": "+d.Detail, validate.OfFile)
		}
	}
	if content == nil {
		return nil
	}
	var blocks []block
	for _, b := range content.Blocks {
		known := block{file: f, typ: b.Type, labels: b.Labels, at: b.DefRange, body: b.Body}
		if r.checkLabels(known, b.LabelRanges) {
			blocks = append(blocks, known)
		}
	}
	return blocks
}

// inOrder returns attributes as they stand in the file.
func inOrder(attrs hclsyntax.Attributes) []*hclsyntax.Attribute {
	list := make([]*hclsyntax.Attribute, 0, len(attrs))
	for _, a := range attrs {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int { return cmp.Compare(a.SrcRange.Start.Byte, b.SrcRange.Start.Byte) })
	return list
}

// attributes returns the arguments of a block body of either syntax, in order.
// In JSON, blocks within it are among them: the syntax does not tell.
func attributes(body hcl.Body) []*hcl.Attribute {
	if native, ok := body.(*hclsyntax.Body); ok {
		var list []*hcl.Attribute
		for _, a := range inOrder(native.Attributes) {
			list = append(list, a.AsHCLAttribute())
		}
		return list
	}
	attrs, _ := body.JustAttributes()
	list := make([]*hcl.Attribute, 0, len(attrs))
	for _, a := range attrs {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *hcl.Attribute) int { return cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte) })
	return list
}

func attribute(body hcl.Body, name string) *hcl.Attribute {
	for _, a := range attributes(body) {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// literal returns the value of an argument that is a string without references.
func literal(a *hcl.Attribute) (string, bool) {
	if a == nil || len(a.Expr.Variables()) > 0 {
		return "", false
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}
