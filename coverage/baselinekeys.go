package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// checkKeys holds a baseline to its keys, of which encoding/json takes any that are
// missing, there twice, or written in other letters.
func checkKeys(text []byte) error {
	file, err := object(text, "version", "modules")
	if err != nil {
		return err
	}
	modules, err := object(file["modules"])
	if err != nil {
		return fmt.Errorf("modules: %w", err)
	}
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		if _, err := object(modules[module], "metric", "covered", "total"); err != nil {
			return fmt.Errorf("module %q: %w", module, err)
		}
	}
	return nil
}

// object returns the values of the one object that text is. Keys are those that it
// must have, and no other; none are any.
func object(text []byte, keys ...string) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	start, err := d.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case err != nil:
		return nil, err
	case start != json.Delim('{'):
		return nil, errors.New("it is no object")
	}
	values := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, whole(err)
		}
		key, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, whole(err)
		}
		if _, twice := values[key]; twice {
			return nil, fmt.Errorf("key %q is there twice", key)
		}
		if len(keys) > 0 && !slices.Contains(keys, key) {
			return nil, fmt.Errorf("unknown key %q", key)
		}
		values[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, whole(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("there is more behind its end, at byte %d", d.InputOffset())
	}
	for _, key := range keys {
		if _, known := values[key]; !known {
			return nil, fmt.Errorf("it has no %q", key)
		}
	}
	return values, nil
}

// whole says of an end that it comes too early.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
