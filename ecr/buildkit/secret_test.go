package buildkit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/registry"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/secrets"

	"github.com/mettel-automation/delivery/ecr"
)

func TestSecretsAreCheckedFirst(t *testing.T) {
	value := func(context.Context) ([]byte, error) { return nil, nil }
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, maxSecret+1), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		secrets []ecr.Secret
		want    string
	}{
		"no id":               {[]ecr.Secret{{Value: value}}, "no id"},
		"twice":               {[]ecr.Secret{{ID: "a", Value: value}, {ID: "a", Value: value}}, `"a" is given twice`},
		"neither":             {[]ecr.Secret{{ID: "a"}}, "either a file or a value"},
		"both":                {[]ecr.Secret{{ID: "a", File: large, Value: value}}, "either a file or a value"},
		"a file that is not":  {[]ecr.Secret{{ID: "a", File: large + "r"}}, "no such file"},
		"a directory":         {[]ecr.Secret{{ID: "a", File: filepath.Dir(large)}}, "no regular file"},
		"a file too large":    {[]ecr.Secret{{ID: "a", File: large}}, "more than 512000 bytes"},
		"all faults together": {[]ecr.Secret{{ID: "a"}, {ID: "b"}}, `"b" needs`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &fakeEngine{answer: recorded(t, "built.json")}
			_, err := New(e).Build(t.Context(), ecr.Build{Context: files(t), Secrets: tt.secrets})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("build: %v, want %q", err, tt.want)
			}
			if e.opts.SessionID != "" {
				t.Error("a build was begun")
			}
		})
	}
}

func TestVault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, []byte("first-line\n  second-line\nshort\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the keyring is locked")
	v, err := openVault([]ecr.Secret{
		{ID: "file", File: path},
		{ID: "longer", Value: func(context.Context) ([]byte, error) { return []byte("first-line-and-more"), nil }},
		{ID: "broken", Value: func(context.Context) ([]byte, error) { return nil, broken }},
		{ID: "large", Value: func(context.Context) ([]byte, error) { return make([]byte, maxSecret+1), nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	const said = "a first-line, short, second-line"
	if got := v.hide(said); got != said {
		t.Errorf("hidden before anybody read it: %q", got)
	}
	if value, err := v.GetSecret(t.Context(), "file"); err != nil || !strings.HasPrefix(string(value), "first-line\n") {
		t.Errorf("value %q, %v", value, err)
	}
	if got := v.hide(said); got != "a ***, short, ***" {
		t.Errorf("hidden: %q", got)
	}
	for text, want := range map[string]string{
		"first-line-and-more":  "***",           // one secret is the beginning of another
		"ends in first-lin":    "ends in ***",   // where the line was cut off
		"ends in first":        "ends in first", // too short to tell
		"first-line-and-first": "***-and-first",
	} {
		if _, err := v.GetSecret(t.Context(), "longer"); err != nil {
			t.Fatal(err)
		}
		if got := v.hide(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if _, err := v.GetSecret(t.Context(), "broken"); !errors.Is(err, broken) {
		t.Errorf("broken: %v", err)
	}
	if _, err := v.GetSecret(t.Context(), "large"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("large: %v", err)
	}
	if _, err := v.GetSecret(t.Context(), "nobody's"); !errors.Is(err, secrets.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}

func TestLogins(t *testing.T) {
	s := &loginServer{logins: logins{"a": {Username: "AWS", Password: "p"}, "b": {IdentityToken: "t"}}}
	for host, want := range map[string]registry.AuthConfig{"a": {Username: "AWS", Password: "p"}, "b": {Password: "t"}, "c": {}} {
		got, err := s.Credentials(t.Context(), &auth.CredentialsRequest{Host: host})
		if err != nil || got.Username != want.Username || got.Secret != want.Password {
			t.Errorf("%s: %v, %v", host, got, err)
		}
	}
}
