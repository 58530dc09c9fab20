package keys

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Masked is what a Secret shows instead of itself.
const Masked = "***"

// Secret is a text that shows itself to nobody who does not ask for it by [Secret.Reveal]:
// neither package fmt, whatever the verb, nor package encoding/json, log/slog or a YAML
// encoder. That holds within structs, in fields that are not exported too. The zero value
// is empty.
type Secret struct {
	text *string // behind a pointer, which nothing follows that prints
}

// Hide makes a Secret of text.
func Hide(text string) Secret { return Secret{text: &text} }

// Reveal returns the text.
func (s Secret) Reveal() string { return ptr.Value(s.text) }

// Equal compares two secrets in a time that tells nothing about them but their lengths.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

// String returns Masked.
func (s Secret) String() string { return Masked }

// Format prints Masked, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Masked) }

// MarshalText returns Masked.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Masked), nil }

// MarshalYAML returns Masked.
func (s Secret) MarshalYAML() (any, error) { return Masked, nil }

// LogValue returns Masked.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Masked) }
