package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
)

// author is somebody who signs charts.
func author(t *testing.T) (*openpgp.Entity, string) {
	t.Helper()
	key, err := openpgp.NewEntity("author", "", "author@example.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	var public bytes.Buffer
	if err := key.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keys.gpg")
	if err := os.WriteFile(file, public.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return key, file
}

// sign returns the provenance of an archive, as "helm package --sign" makes it.
func sign(t *testing.T, key *openpgp.Entity, name string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, key.PrivateKey, nil)
	if err == nil {
		_, err = fmt.Fprintf(w, "apiVersion: v2\nname: shop\nversion: 1.0.0\n\n...\nfiles:\n  %s: sha256:%s\n", name, sum(data))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestProvenance(t *testing.T) {
	key, keyring := author(t)
	_, others := author(t)
	one := archive(t, "1.0.0")
	good := sign(t, key, "shop-1.0.0.tgz", one)
	tests := map[string]struct {
		proof   []byte
		keyring string
		want    string // "" is proven
	}{
		"signed by its author":       {good, keyring, ""},
		"signed by somebody else":    {good, others, "unknown entity"},
		"signed for another archive": {sign(t, key, "shop-1.0.0.tgz", []byte("other")), keyring, "does not match"},
		"no signature":               {[]byte("shop"), keyring, "signature block not found"},
		"nothing":                    {nil, keyring, "404 Not Found"},
		"a keyring that is not":      {good, keyring + ".none", "no such file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			own := &shelf{files: map[string][]byte{"/index.yaml": index(entry("1.0.0", "shop-1.0.0.tgz", "")), "/shop-1.0.0.tgz": one}}
			if tt.proof != nil {
				own.files["/shop-1.0.0.tgz.prov"] = tt.proof
			}
			s := Source{Repository: "https://charts.test", Name: "shop", Version: "1.0.0", Keyring: tt.keyring}
			_, err := Fetch(t.Context(), web{"charts.test": own}, t.TempDir(), s)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error: %v", err)
			case tt.want != "" && (!errors.Is(err, ErrProvenance) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("in a registry", func(t *testing.T) {
		w := web{"registry.test": registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
		image, err := mutate.AppendLayers(mutate.MediaType(empty.Image, "application/vnd.oci.image.manifest.v1+json"),
			static.NewLayer(one, chartLayer), static.NewLayer(good, proofLayer))
		if err != nil {
			t.Fatal(err)
		}
		send(t, w, "1.0.0", image)
		s := Source{Repository: "oci://registry.test/charts", Name: "shop", Version: "1.0.0", Keyring: keyring}
		if _, err := Fetch(t.Context(), w, t.TempDir(), s); err != nil {
			t.Errorf("its author's: %v", err)
		}
		s.Keyring = others
		if _, err := Fetch(t.Context(), w, t.TempDir(), s); !errors.Is(err, ErrProvenance) {
			t.Errorf("somebody else's: %v", err)
		}
	})
}
