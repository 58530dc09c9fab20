package discovery

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// isHCL reports whether a file of this name is Terraform or OpenTofu code in
// HCL's own syntax.
func isHCL(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tofu")
}

func isTerraform(name string) bool {
	return isHCL(name) || strings.HasSuffix(name, ".tf.json") || strings.HasSuffix(name, ".tofu.json")
}

func (s *survey) readTerraform(d *directory, name string, content []byte) bool {
	parse := parseTerraformJSON
	if isHCL(name) {
		parse = parseTerraform
	}
	sources, faults := parse(content)
	s.fail(d, name, faults...)
	for _, source := range sources {
		// Other ways to begin lead to a registry or another repository. Source:
		// https://developer.hashicorp.com/terraform/language/modules/sources#local-paths.
		if strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") {
			d.refer([]string{source})
		}
	}
	return true
}

// parseTerraform returns the sources of the module blocks in HCL.
//
// It works on tokens: what else the file says need not be understood. And HCL's
// parser calls itself for each bracket, so that a file of nothing but brackets
// would end the process.
func parseTerraform(content []byte) ([]string, []fault) {
	tokens, diags := hclsyntax.LexConfig(content, "", hcl.InitialPos)
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			return nil, []fault{{d.Subject.Start.Line, fmt.Errorf("malformed HCL: %s: %s", d.Summary, d.Detail)}}
		}
	}
	tokens = withoutComments(tokens)
	if f := imbalance(tokens); f != nil {
		return nil, []fault{*f}
	}
	return moduleSources(tokens), nil
}

// imbalance returns the first bracket or quote that closes nothing, or else the
// first that is never closed, or nil.
func imbalance(tokens hclsyntax.Tokens) *fault {
	var open []hclsyntax.Token
	for _, t := range tokens {
		switch {
		case closer(t.Type) != 0:
			open = append(open, t)
		case !closes(t.Type):
		case len(open) == 0 || closer(open[len(open)-1].Type) != t.Type:
			return &fault{t.Range.Start.Line, fmt.Errorf("malformed HCL: %q closes nothing", t.Bytes)}
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return &fault{open[0].Range.Start.Line, fmt.Errorf("malformed HCL: %q is never closed", open[0].Bytes)}
	}
	return nil
}

// moduleSources goes through tokens that are in balance.
func moduleSources(tokens hclsyntax.Tokens) []string {
	var sources []string
	depth, begins := 0, true // a statement begins with the present token
	inModule := false        // the outermost block is one
	for i, t := range tokens {
		switch {
		case begins && depth == 0:
			inModule = isIdent(t, "module")
		case begins && depth == 1 && inModule && isIdent(t, "source"):
			if source, ok := literal(tokens[i+1:]); ok {
				sources = append(sources, source)
			}
		}
		begins = t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenOBrace
		switch {
		case closer(t.Type) != 0:
			depth++
		case closes(t.Type):
			depth--
		}
	}
	return sources
}

// withoutComments leaves out comments, but for the end of the line that a
// comment of one line includes.
func withoutComments(tokens hclsyntax.Tokens) hclsyntax.Tokens {
	kept := tokens[:0]
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenComment {
			if !strings.HasSuffix(string(t.Bytes), "\n") {
				continue
			}
			t.Type = hclsyntax.TokenNewline
		}
		kept = append(kept, t)
	}
	return kept
}

func isIdent(t hclsyntax.Token, name string) bool {
	return t.Type == hclsyntax.TokenIdent && string(t.Bytes) == name
}

// literal returns the text in = "text".
func literal(tokens hclsyntax.Tokens) (string, bool) {
	if len(tokens) < 2 || tokens[0].Type != hclsyntax.TokenEqual || tokens[1].Type != hclsyntax.TokenOQuote {
		return "", false
	}
	var text strings.Builder
	for _, t := range tokens[2:] {
		switch t.Type {
		case hclsyntax.TokenQuotedLit:
			text.Write(t.Bytes)
		case hclsyntax.TokenCQuote:
			// HCL's escapes are among Go's.
			s, err := strconv.Unquote(`"` + text.String() + `"`)
			return s, err == nil
		default:
			return "", false
		}
	}
	return "", false
}

// closer returns the token that closes one that opens, and 0 for others.
func closer(t hclsyntax.TokenType) hclsyntax.TokenType {
	switch t {
	case hclsyntax.TokenOBrace:
		return hclsyntax.TokenCBrace
	case hclsyntax.TokenOBrack:
		return hclsyntax.TokenCBrack
	case hclsyntax.TokenOParen:
		return hclsyntax.TokenCParen
	case hclsyntax.TokenOQuote:
		return hclsyntax.TokenCQuote
	case hclsyntax.TokenOHeredoc:
		return hclsyntax.TokenCHeredoc
	case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return hclsyntax.TokenTemplateSeqEnd
	}
	return 0
}

func closes(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen,
		hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
		return true
	}
	return false
}

// parseTerraformJSON returns the sources of the module blocks in JSON, where
// the blocks of one kind are an object by name, or a list of such objects, and
// so is the body of each. Source:
// https://developer.hashicorp.com/terraform/language/syntax/json.
func parseTerraformJSON(content []byte) ([]string, []fault) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, []fault{jsonFault(content, 0, "", err)}
	}
	var sources []string
	for _, modules := range bodies(file["module"]) {
		for _, module := range modules {
			for _, body := range bodies(module) {
				var source string
				if json.Unmarshal(body["source"], &source) == nil {
					sources = append(sources, source)
				}
			}
		}
	}
	return sources, nil
}

// bodies returns the objects in value, which is one or a list of them.
func bodies(value json.RawMessage) []map[string]json.RawMessage {
	var one map[string]json.RawMessage
	if json.Unmarshal(value, &one) == nil {
		return []map[string]json.RawMessage{one}
	}
	var several []map[string]json.RawMessage
	if json.Unmarshal(value, &several) != nil {
		return nil
	}
	return several
}
