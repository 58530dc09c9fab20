package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/infra"
)

// outputs reads the outputs of each stack.
func (w *work) outputs(ctx context.Context) error {
	names, err := w.names()
	if err != nil {
		return input{err}
	}
	for _, kind := range w.concerned() {
		outputs, err := w.manager.Outputs(ctx, names[kind])
		if err != nil {
			return err
		}
		w.out.keep(names[kind], outputs)
	}
	return w.complete()
}

// complete looks into the outputs for all that others need.
func (w *work) complete() error {
	names, err := w.names()
	errs := []error{err}
	for kind, read := range map[string]func(map[string]string) error{
		network:     func(o map[string]string) error { _, err := w.site.network().Read(o); return err },
		roles:       func(o map[string]string) error { _, err := w.site.roles().Read(o); return err },
		environment: func(o map[string]string) error { _, err := w.site.environment(nowhere()).Read(o); return err },
	} {
		if outputs, has := w.out.Outputs[names[kind]]; has {
			errs = append(errs, w.lacking(kind, names[kind], read(outputs)))
		}
	}
	return errors.Join(errs...)
}

// lacking makes one sentence of all outputs that a stack lacks.
func (w *work) lacking(kind, name string, err error) error {
	missing := missing(err)
	if len(missing) == 0 {
		return err
	}
	remedy := "apply it as it is rendered now"
	if kind == environment && w.body != nil {
		remedy = "add them to " + w.options.template
	}
	return fmt.Errorf("stack %s has no outputs %s, which others need: %s", name, strings.Join(missing, ", "), remedy)
}

// missing are the outputs whose lack err is about.
func missing(err error) (names []string) {
	switch err := err.(type) { //nolint:errorlint // each of what is joined is looked at
	case *infra.MissingOutputError:
		return []string{err.Output}
	case interface{ Unwrap() []error }:
		for _, e := range err.Unwrap() {
			names = append(names, missing(e)...)
		}
	}
	return names
}
