// Package yamlfile reads the YAML files that mains are given.
package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Decode reads the one YAML document of r into the struct that into points to.
// Unknown keys are errors. An error begins with the line and column where it knows
// them, and with a space where it does not, so that it can follow "FILE:".
func Decode(r io.Reader, into any) error {
	loader, err := yaml.NewLoader(r, yaml.WithKnownFields())
	if err != nil {
		return fmt.Errorf(" %w", err)
	}
	err = loader.Load(into)
	var several *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
		return errors.New(" it is empty")
	case errors.As(err, &several) && len(several.Errors) > 0:
		one = several.Errors[0]
	case err != nil && !errors.As(err, &one):
		return fmt.Errorf(" %w", err)
	}
	if one != nil {
		message, _, wrongType := strings.Cut(one.Message, " into ") // which Go type is nobody's concern
		if wrongType {
			message += ": that is not what belongs here"
		}
		message, _, _ = strings.Cut(message, " in type ")
		return fmt.Errorf("%d:%d: %s", one.Mark.Line, one.Mark.Column, message)
	}
	if second := loader.Load(new(any)); !errors.Is(second, io.EOF) {
		return errors.New(" there is more than one document")
	}
	return nil
}
