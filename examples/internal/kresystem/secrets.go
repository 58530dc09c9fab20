package kresystem

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/kre/runtime"
)

// Secrets finds the secrets of runtimes.
type Secrets struct {
	// LookupEnv is such as [os.LookupEnv].
	LookupEnv func(string) (string, bool)
	// MakeUp makes up those that are not there, which is for a cloud in memory.
	MakeUp bool

	missing []string
}

// find returns the secret of a source, "" for a source that says nothing.
func (s *Secrets) find(e *Environment, from config.SecretSource) (runtime.Secret, error) {
	switch {
	case from.File != "":
		text, err := os.ReadFile(e.path(from.File))
		if errors.Is(err, os.ErrNotExist) && s.MakeUp {
			return s.madeUp(from.File), nil
		}
		return filled(strings.TrimRight(string(text), "\r\n"), "the file "+from.File+" is empty", err)
	case from.Env != "":
		text, ok := s.LookupEnv(from.Env)
		if !ok && s.MakeUp {
			return s.madeUp(from.Env), nil
		}
		return filled(text, "the environment variable "+from.Env+" is not set, or is empty", nil)
	}
	return "", nil
}

func filled(text, fault string, err error) (runtime.Secret, error) {
	if err == nil && text == "" {
		err = errors.New(fault)
	}
	return runtime.Secret(text), err
}

func (s *Secrets) madeUp(name string) runtime.Secret {
	if !slices.Contains(s.missing, name) {
		s.missing = append(s.missing, name)
	}
	return runtime.Secret("made-up-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name)))
}

// fill puts the secrets of a runtime into it. All that are not there are in the error.
func (s *Secrets) fill(e *Environment, from config.RuntimeSecrets, into *runtime.Runtime) error {
	var errs []error
	get := func(what string, from config.SecretSource) runtime.Secret {
		secret, err := s.find(e, from)
		if err != nil {
			errs = append(errs, fmt.Errorf("runtime %s: secret %s: %w", into.Name, what, err))
		}
		return secret
	}
	into.Auth.JWTSecret, into.Auth.APITokenSecret = get("jwt", from.JWT), get("api_token", from.APIToken)
	into.MongoDB.AdminPassword, into.MongoDB.Password = get("mongo_admin", from.MongoAdmin), get("mongo", from.Mongo)
	dns := get("dns", from.DNS)
	if into.TLS != nil && into.TLS.ACME != nil && into.TLS.ACME.DNS != nil {
		into.TLS.ACME.DNS.SecretAccessKey = dns
	}
	for _, key := range slices.Sorted(maps.Keys(from.Values)) {
		secret := get(key, from.Values[key])
		if into.Secrets == nil {
			into.Secrets = make(map[string]any)
		}
		if !plant(into.Secrets, strings.Split(key, "."), secret) {
			errs = append(errs, fmt.Errorf("runtime %s: secret %s: another one is above or below it", into.Name, key))
		}
	}
	return errors.Join(errs...)
}

// plant puts a value at path into a tree, and reports whether there was room.
func plant(tree map[string]any, path []string, v any) bool {
	for _, key := range path[:len(path)-1] {
		if tree[key] == nil {
			tree[key] = make(map[string]any)
		}
		next, ok := tree[key].(map[string]any)
		if !ok {
			return false
		}
		tree = next
	}
	last := path[len(path)-1]
	if _, taken := tree[last]; taken {
		return false
	}
	tree[last] = v
	return true
}
