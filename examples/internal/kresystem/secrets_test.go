package kresystem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/kre/runtime"
)

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jwt"), []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"A": "from-env", "EMPTY": ""}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	tests := map[string]struct {
		makeUp bool
		from   config.RuntimeSecrets
		want   map[string]any // secrets of the chart
		jwt    string
		err    []string // parts of the error
	}{
		"of the environment":     {from: config.RuntimeSecrets{JWT: config.SecretSource{Env: "A"}}, jwt: "from-env"},
		"of a file, but its end": {from: config.RuntimeSecrets{JWT: config.SecretSource{File: "jwt"}}, jwt: "from-a-file"},
		"of the chart":           {from: config.RuntimeSecrets{Values: map[string]config.SecretSource{"a.b": {Env: "A"}, "a.c": {Env: "A"}}}, want: map[string]any{"a": map[string]any{"b": runtime.Secret("from-env"), "c": runtime.Secret("from-env")}}},
		"above another":          {from: config.RuntimeSecrets{Values: map[string]config.SecretSource{"a": {Env: "A"}, "a.b": {Env: "A"}}}, err: []string{"secret a.b: another one is above or below it"}},
		"that are not there":     {from: config.RuntimeSecrets{JWT: config.SecretSource{Env: "B"}, Mongo: config.SecretSource{File: "nowhere"}}, err: []string{"runtime kre: secret jwt: the environment variable B is not set", "secret mongo: open "}},
		"that are empty":         {makeUp: true, from: config.RuntimeSecrets{JWT: config.SecretSource{Env: "EMPTY"}}, err: []string{"the environment variable EMPTY is not set, or is empty"}},
		"that are made up":       {makeUp: true, from: config.RuntimeSecrets{JWT: config.SecretSource{Env: "KRE_JWT"}}, jwt: "made-up-kre-jwt"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &Secrets{LookupEnv: lookup, MakeUp: tt.makeUp}
			r := runtime.Runtime{Name: "kre"}
			err := s.fill(&Environment{path: (&config.File{Dir: dir}).Path}, tt.from, &r)
			if (err == nil) != (tt.err == nil) {
				t.Fatal(err)
			}
			for _, want := range tt.err {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
			if tt.err != nil {
				if strings.Contains(err.Error(), "from-") {
					t.Errorf("a secret is said: %v", err)
				}
				return
			}
			if d := cmp.Diff(tt.want, r.Secrets); d != "" || string(r.Auth.JWTSecret) != tt.jwt {
				t.Errorf("jwt %q, secrets (-want +got):\n%s", string(r.Auth.JWTSecret), d)
			}
		})
	}
}
