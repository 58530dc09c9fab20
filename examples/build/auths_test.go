package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-cmp/cmp"
)

func TestCredentialsOfAFile(t *testing.T) {
	login := base64.StdEncoding.EncodeToString([]byte("user:pass:hunter2"))
	tests := map[string]struct {
		text string
		want map[string]registry.AuthConfig
		err  string
	}{
		"what docker login writes": {
			text: `{"auths": {"https://index.docker.io/v1/": {"auth": "` + login + `"}, "ghcr.io": {"auth": "` + login + `"}}, "HttpHeaders": {"a": "b"}}`,
			want: map[string]registry.AuthConfig{"docker.io": {Username: "user", Password: "pass:hunter2"}, "ghcr.io": {Username: "user", Password: "pass:hunter2"}},
		},
		"other forms": {
			text: `{"auths": {"http://localhost:5000": {"username": "u", "password": "hunter2"}, "example.org/v2/": {"username": "u", "identitytoken": "hunter2"}, "quay.io": {"registrytoken": "hunter2"}}}`,
			want: map[string]registry.AuthConfig{
				"localhost:5000": {Username: "u", Password: "hunter2"}, "example.org": {Username: "u", IdentityToken: "hunter2"}, "quay.io": {RegistryToken: "hunter2"},
			},
		},
		"a store of the system":    {text: `{"auths": {"ghcr.io": {}}, "credsStore": "desktop"}`, err: "its credsStore or credHelpers name programs"},
		"helpers":                  {text: `{"credHelpers": {"x.dkr.ecr.us-east-1.amazonaws.com": "ecr-login"}}`, err: "which are not run: give a file that has them under auths"},
		"no credentials":           {text: `{}`, err: "it has no auths"},
		"nothing of one":           {text: `{"auths": {"ghcr.io": {}}}`, err: "auths of ghcr.io: it has no password and no token"},
		"what is no base64":        {text: `{"auths": {"ghcr.io": {"auth": "hunter2"}}}`, err: "auths of ghcr.io: its auth is not base64 of user:password"},
		"base64 of something else": {text: `{"auths": {"ghcr.io": {"auth": "aHVudGVyMg=="}}}`, err: "its auth is not base64 of user:password"},
		"one registry twice": {
			text: `{"auths": {"docker.io": {"auth": "` + login + `"}, "https://index.docker.io/v1/": {"auth": "` + login + `"}}}`,
			err:  "auths of https://index.docker.io/v1/: there are others of docker.io",
		},
		"no JSON":              {text: `{"auths": hunter2`, err: "it is not JSON as docker login writes it"},
		"JSON of other things": {text: `{"auths": ["hunter2"]}`, err: "it is not JSON as docker login writes it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := decodeAuths([]byte(tt.text))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("credentials (-want +got):\n%s", d)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), login)) {
				t.Errorf("the error tells a password: %v", err)
			}
		})
	}
}

// FuzzAuths: a file has credentials with hosts, or one line says why not.
func FuzzAuths(f *testing.F) {
	f.Add(`{"auths": {"https://index.docker.io/v1/": {"auth": "YTpi"}, "ghcr.io": {"username": "a", "password": "b"}}}`)
	f.Add(`{"auths": {"": {"identitytoken": "x"}}, "credsStore": ""}`)
	f.Add(`{"auths": {"a://": {"auth": "Og=="}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		auths, err := decodeAuths([]byte(text))
		if (err == nil) == (len(auths) == 0) {
			t.Errorf("%d credentials, %v", len(auths), err)
		}
		for host := range auths {
			if strings.Contains(host, "/") {
				t.Errorf("host %q", host)
			}
		}
	})
}
