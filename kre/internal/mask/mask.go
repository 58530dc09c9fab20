// Package mask keeps secrets out of what people and programs are shown.
package mask

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// Hidden is what stands in the place of a secret.
const Hidden = "(secret)"

// changed is what stands in the place of a secret that differs from the one before.
const changed = "(secret, changed)"

// shortest is how long a secret must be to be looked for within texts. Shorter ones,
// which would tear every text apart, are hidden where they are all of a value.
const shortest = 4

// Mask hides the secrets that it knows. The zero value knows none.
type Mask struct {
	secrets []string // as they are and as they are encoded; the longest first
	whole   map[string]bool
}

// New returns a Mask of secrets: strings, numbers and bools as values have them. It
// knows them also as base64, as JSON and as a part of an address, and each line of one that
// has several.
func New(secrets ...any) Mask {
	m := Mask{whole: map[string]bool{}}
	for _, secret := range secrets {
		if _, isBool := secret.(bool); isBool || secret == nil {
			continue // "true" is in every manifest, and tells nothing
		}
		text := fmt.Sprint(secret)
		m.add(text)
		for line := range strings.Lines(text) {
			m.add(strings.TrimSpace(line))
		}
	}
	slices.SortFunc(m.secrets, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	m.secrets = slices.Compact(m.secrets)
	return m
}

func (m *Mask) add(secret string) {
	if secret == "" {
		return
	}
	quoted, _ := json.Marshal(secret) // a string always can be
	for _, form := range []string{
		secret, strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", secret), `"`),
		url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
	} {
		m.whole[form] = true
		if len(secret) >= shortest {
			m.secrets = append(m.secrets, form)
		}
	}
}

// Text returns s without the secrets.
func (m Mask) Text(s string) string {
	if m.whole[s] {
		return Hidden
	}
	for _, secret := range m.secrets {
		if strings.Contains(s, secret) {
			s = strings.ReplaceAll(s, secret, Hidden)
		}
	}
	return s
}

// Object returns a copy of an object of Kubernetes without the secrets: the known
// ones wherever they are, and all data of a Secret. Other is the same object at the other
// side of a comparison, or nil; a secret that differs from it says so where after is set.
func (m Mask) Object(object, other map[string]any, after bool) map[string]any {
	hidden, _ := m.value(object, other, after).(map[string]any)
	if kind, version := object["kind"], object["apiVersion"]; kind != "Secret" || version != "v1" {
		return hidden
	}
	for _, field := range []string{"data", "stringData"} {
		data, isMap := object[field].(map[string]any)
		if !isMap {
			if object[field] != nil {
				hidden[field] = Hidden
			}
			continue
		}
		before, _ := other[field].(map[string]any)
		out := map[string]any{}
		for key, value := range data {
			out[m.Text(key)] = mark(value, before[key], after && other != nil)
		}
		hidden[field] = out
	}
	// What kubectl apply remembers is the whole object, data and all.
	if metadata, _ := hidden["metadata"].(map[string]any); metadata != nil {
		if notes, _ := metadata["annotations"].(map[string]any); notes != nil {
			for key := range notes {
				if strings.HasSuffix(key, "last-applied-configuration") {
					notes[key] = Hidden
				}
			}
		}
	}
	return hidden
}

func (m Mask) value(v, other any, after bool) any {
	switch v := v.(type) {
	case map[string]any:
		before, _ := other.(map[string]any)
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[m.Text(key)] = m.value(value, before[key], after)
		}
		return out
	case []any:
		before, _ := other.([]any)
		out := make([]any, len(v))
		for i, value := range v {
			var beside any
			if i < len(before) {
				beside = before[i]
			}
			out[i] = m.value(value, beside, after)
		}
		return out
	case string:
		return m.scalar(v, other, after)
	case nil, bool:
		return v
	}
	if m.whole[fmt.Sprint(v)] {
		return mark(v, other, after)
	}
	return v
}

func (m Mask) scalar(s string, other any, after bool) any {
	text := m.Text(s)
	if text == s {
		return s
	}
	was, isText := other.(string)
	if after && isText && was != s && m.Text(was) == text { // hidden, the two look the same
		return strings.Replace(text, Hidden, changed, 1)
	}
	return text
}

func mark(v, other any, compare bool) string {
	if compare && !reflect.DeepEqual(v, other) {
		return changed
	}
	return Hidden
}

// Error returns err without the secrets in its text. It matches what err matches,
// but does not unwrap to it, since that would bring them back.
func (m Mask) Error(err error) error {
	if err == nil {
		return nil
	}
	if text := m.Text(err.Error()); text != err.Error() {
		return &masked{text, err}
	}
	return err
}

type masked struct {
	text string
	err  error
}

func (e *masked) Error() string { return e.text }

// Is reports whether the error behind matches.
func (e *masked) Is(target error) bool { return errors.Is(e.err, target) }
