package exemplar

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// idLength is the most characters that LogicalID returns. A logical id has at
// most 255, of which kind and purpose need some.
// Source: CloudFormation User Guide, "Resources", "Logical ID".
const idLength = 200

// LogicalID returns the part of a logical id that stands for name: its words,
// each with a capital, as TnbaFeedback for "tnba-feedback".
//
// A name of words that are lower-case letters and digits, begin with a letter
// and have one hyphen between them can be read back from that, so that two such
// names have two ids. For any other, "X" and 8 hex digits of its SHA-256 follow.
// So an id depends on its own name alone: it stays when others come and go.
func LogicalID(name string) string {
	var b strings.Builder
	plain, begin := true, true // begin: the next character begins a word
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z':
			if begin {
				r += 'A' - 'a'
			}
			b.WriteRune(r)
			begin = false
		case r >= '0' && r <= '9':
			plain = plain && !begin
			b.WriteRune(r)
			begin = false
		case r >= 'A' && r <= 'Z':
			plain = false
			b.WriteRune(r)
			begin = false
		default:
			plain = plain && r == '-' && !begin
			begin = true
		}
	}
	id := b.String()
	if plain && !begin && len(id) <= idLength {
		return id
	}
	sum := sha256.Sum256([]byte(name))
	return id[:min(len(id), idLength-9)] + "X" + hex.EncodeToString(sum[:4])
}
