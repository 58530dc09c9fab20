package keys_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/eks/keys"
)

func TestSecretShowsItselfNowhere(t *testing.T) {
	const text = "hunter2hunter2"
	secret := keys.Hide(text)
	type holder struct {
		Open   keys.Secret
		closed keys.Secret
		inside struct{ s []keys.Secret }
		by     map[string]keys.Secret
	}
	h := holder{Open: secret, closed: secret, by: map[string]keys.Secret{"a": secret}}
	h.inside.s = []keys.Secret{secret}
	var said strings.Builder
	for _, v := range []any{secret, &secret, h, &h, []keys.Secret{secret}, map[string]keys.Secret{"a": secret}, struct{ e error }{fmt.Errorf("x %v", secret)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%08b", "%e", "%T"} {
			fmt.Fprintf(&said, verb+"\n", v)
		}
	}
	for _, v := range []any{secret, h, map[string]any{"a": secret}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		y, err := yaml.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		said.Write(append(b, y...))
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "holder", h)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "holder", h)
	said.Write(log.Bytes())
	hex := fmt.Sprintf("%x", text)
	for _, leak := range []string{text, text[:7], hex, strings.ToUpper(hex)} {
		if i := strings.Index(said.String(), leak); i >= 0 {
			t.Errorf("it says ...%s", said.String()[max(0, i-60):i+20])
		}
	}
	if n := strings.Count(log.String(), keys.Masked); n < 2 {
		t.Errorf("the log is %s", log.String())
	}
	if secret.Reveal() != text || !secret.Equal(keys.Hide(text)) || secret.Equal(keys.Secret{}) || (keys.Secret{}).Reveal() != "" || secret.String() != "***" {
		t.Error("it is not itself any more")
	}
}

// TestPassword holds the derivation to passwords of SES's own algorithm: the first ones are
// those of the tests of Terraform's AWS provider, whose users send mail with what it
// derives; see terraform-provider-aws, TestSesSmtpPasswordFromSecretKeySigV4.
func TestPassword(t *testing.T) {
	tests := map[string]struct{ region, secret, want string }{
		"a key in Frankfurt":         {"eu-central-1", "some+secret+key", "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"},
		"another key in Frankfurt":   {"eu-central-1", "another+secret+key", "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh"},
		"a key in California":        {"us-west-1", "some+secret+key", "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj"},
		"another key in California":  {"us-west-1", "another+secret+key", "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF"},
		"the key of AWS's own pages": {"us-east-1", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := keys.Password(keys.Hide(tt.secret), tt.region).Reveal()
			if len(got) != 44 || got[0] != 'B' { // 33 bytes, the first of them 4
				t.Errorf("%d characters, the first is %q", len(got), got[0])
			}
			if tt.want != "" && got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
