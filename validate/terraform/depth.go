package terraform

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	// maxDepth is the deepest nesting that is parsed. The parser calls itself for
	// each level, and a few hundred KiB of opening brackets would end the process.
	maxDepth = 1000
	// maxChain is the longest run of operators in one expression, which make a
	// tree as deep as the run is long.
	maxChain = 100_000
)

// tooDeep reports whether parsing data could need too deep a stack. It must be
// cheap for the files that people write: those have too few of the characters
// that nest for any doubt.
func tooDeep(k kind, data []byte) bool {
	few := 0
	for _, c := range []string{"[", "(", "{", "?", "!", "-", "\""} {
		few += bytes.Count(data, []byte(c))
	}
	if few < maxDepth && len(data) < maxChain {
		return false
	}
	if k == asJSON || k == valueJSON {
		return jsonDepth(data)
	}
	return nativeDepth(data)
}

// jsonDepth judges JSON, whose strings are templates that may nest too: it counts
// brackets and signs wherever they stand. Text that people write has few that
// are never closed.
func jsonDepth(data []byte) bool {
	depth, signs, chain := 0, 0, 0
	for i, c := range data {
		switch c {
		case '[', '(', '{':
			depth++
			chain++
		case ']', ')', '}':
			depth = max(depth-1, 0)
		case '"':
			if i > 0 && data[i-1] != '\\' {
				signs, chain = 0, 0
			}
		case '!', '-', '?':
			signs++
			chain++
		case '+', '*', '/', '%', '&', '|', '<', '>', '=', '.':
			chain++
		}
		// A text may well have many signs that are dashes; nested, they stand in a template.
		if depth > maxDepth || signs > 20*maxDepth || chain > maxChain {
			return true
		}
	}
	return false
}

// nativeDepth judges the native syntax: brackets, templates, signs in a row,
// conditionals and operators of one expression.
func nativeDepth(data []byte) bool {
	tokens, _ := hclsyntax.LexConfig(data, "", hcl.InitialPos)
	depth, signs, choices, chain := 0, 0, 0, 0
	for _, t := range tokens {
		sign := false
		switch t.Type {
		case hclsyntax.TokenOBrack:
			chain++
			depth++
		case hclsyntax.TokenOBrace, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl, hclsyntax.TokenOQuote:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote:
			depth = max(depth-1, 0)
		case hclsyntax.TokenQuestion:
			choices++
		case hclsyntax.TokenBang, hclsyntax.TokenMinus:
			sign = true
			chain++
		case hclsyntax.TokenEqual, hclsyntax.TokenComma:
			choices, chain = 0, 0
		default:
			if operator(t.Type) {
				chain++
			}
		}
		if signs++; !sign {
			signs = 0
		}
		if depth > maxDepth || signs > maxDepth || choices > maxDepth || chain > maxChain {
			return true
		}
	}
	return false
}

func operator(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
		return true
	}
	return false
}
