package taskdef

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// Vars looks up the value of a variable, and says whether it is given. A Vars
// is all that a template sees: the environment of the process is only read
// where it is handed in, as Vars(os.LookupEnv).
//
// The templates are those of ecspresso, which are Go's (text/template):
//
//	"image": "{{ must_env `IMAGE` }}"           an error where IMAGE is not given
//	"value": "{{ env `LEVEL` `info` }}"         info where LEVEL is not given, or empty
//	"value": "{{ must_env `JSON` | json_escape }}"  fit to stand between quotes
//
// As there, env tries each of its arguments as a variable, and falls back to
// the last as it stands; unlike there, a single argument is no fallback. What is
// meant for ECS and looks like a template is written {{ `{{.Name}}` }}. With a
// nil Vars nothing is expanded.
type Vars func(name string) (value string, given bool)

// Map returns Vars that have the values of m.
func Map(m map[string]string) Vars {
	m = maps.Clone(m)
	return func(name string) (string, bool) {
		value, given := m[name]
		return value, given
	}
}

// ErrNoVariable is the error of a template that asks for a variable which is
// not given.
var ErrNoVariable = errors.New("no such variable")

// expand returns text with its templates expanded, or what is wrong with them:
// all variables that are missing, and otherwise the first fault.
func expand(name string, text []byte, vars Vars) ([]byte, error) {
	var missing *missingError // of the latest execution
	assumed := make(map[string]bool)
	fail := func(variable, call string) error {
		if assumed[variable] {
			return nil
		}
		missing = &missingError{variable, call}
		return missing
	}
	t, err := template.New("file").Funcs(template.FuncMap{
		"env": func(names ...string) (string, error) {
			for _, n := range names {
				if v, _ := vars(n); v != "" {
					return v, nil
				}
			}
			switch len(names) {
			case 0:
				return "", errors.New("env needs the name of a variable and a default")
			case 1:
				if _, given := vars(names[0]); given {
					return "", nil
				}
				return "", fail(names[0], fmt.Sprintf("env %q, which has no default", names[0]))
			}
			return names[len(names)-1], nil
		},
		"must_env": func(n string) (string, error) {
			if v, given := vars(n); given {
				return v, nil
			}
			return "", fail(n, fmt.Sprintf("must_env %q", n))
		},
		"json_escape": escape,
	}).Parse(string(text))
	if err != nil {
		return nil, templateError(name, err)
	}
	var errs []error
	for {
		missing = nil
		var out limited
		err := t.Execute(&out, struct{}{})
		switch {
		case err == nil && len(errs) == 0:
			return out.Bytes(), nil
		case err == nil:
			return nil, errors.Join(errs...)
		}
		errs = append(errs, templateError(name, err))
		if missing == nil {
			return nil, errors.Join(errs...)
		}
		assumed[missing.variable] = true // and on to the next
	}
}

type missingError struct{ variable, call string }

func (e *missingError) Error() string { return e.call + ": " + ErrNoVariable.Error() }
func (e *missingError) Unwrap() error { return ErrNoVariable }

// escape returns s as it stands between the quotes of a JSON string.
func escape(s string) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return "", err
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1], nil
}

// templateError turns an error of text/template, which begins with
// "template: file:LINE:COLUMN: " or without the column, into a ReadError.
func templateError(name string, err error) error {
	place := regexp.MustCompile(`^template: file:(\d+)(?::(\d+))?: (?:executing "[^"]*" at )?`)
	out := &ReadError{File: name, Line: 1, Column: 1, Err: err}
	if m := place.FindStringSubmatch(err.Error()); m != nil {
		out.Line, _ = strconv.Atoi(m[1]) // digits both, or nothing
		out.Column, _ = strconv.Atoi(m[2])
		out.Column++ // text/template counts from 0, and gives none for what it cannot parse
		out.Err = errors.New(strings.TrimPrefix(err.Error(), m[0]))
		if strings.Contains(err.Error(), "function ") && strings.Contains(err.Error(), "not defined") {
			out.Err = fmt.Errorf("%w; there are env, must_env and json_escape", out.Err)
		}
		if strings.Contains(err.Error(), "can't evaluate field") {
			out.Err = fmt.Errorf("%s: templates know no fields; text for ECS that looks like one is written {{ `{{.Name}}` }}", firstPart(out.Err.Error()))
		}
	}
	if missing, ok := errors.AsType[*missingError](err); ok {
		out.Err = missing
	}
	return out
}

func firstPart(text string) string {
	part, _, _ := strings.Cut(text, ": ")
	return part
}

// limited is a buffer that refuses to grow beyond maxFile.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxFile {
		return 0, fmt.Errorf("its templates expand to more than %d bytes", maxFile)
	}
	return l.Buffer.Write(p)
}
