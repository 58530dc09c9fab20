package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mettel-automation/delivery/kre/internal/helm"
)

// archive is a chart of one file.
func archive(t *testing.T, version string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	text := "apiVersion: v2\nname: shop\nversion: " + version + "\n"
	err := w.WriteHeader(&tar.Header{Name: "shop/Chart.yaml", Mode: 0o644, Size: int64(len(text))})
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// web is the internet: handlers by host, without a socket.
type web map[string]http.Handler

func (w web) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	h := w[r.URL.Host]
	if h == nil {
		return nil, fmt.Errorf("no such host %s", r.URL.Host)
	}
	if r.Body == nil { // as a server sees it
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	out := answer.Result()
	out.Request = r
	return out, nil
}

// shelf serves files, and notes who asked with what credentials.
type shelf struct {
	files map[string][]byte
	asked []string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	s.asked = append(s.asked, strings.TrimSpace(r.URL.Path+" "+user+" "+password))
	if data, found := s.files[r.URL.Path]; found {
		_, _ = w.Write(data) // to memory
		return
	}
	http.NotFound(w, r)
}

func index(entries ...string) []byte {
	return []byte("apiVersion: v1\nentries:\n  shop:\n" + strings.Join(entries, ""))
}

func entry(version, address, digest string) string {
	return fmt.Sprintf("  - {version: %q, urls: [%q], digest: %q}\n", version, address, digest)
}

func TestFetchFromARepository(t *testing.T) {
	one, two := archive(t, "1.0.0"), archive(t, "1.2.0")
	own := &shelf{files: map[string][]byte{
		"/charts/index.yaml": index(entry("2.0.0-rc1", "shop-2.tgz", ""), entry("1.0.0", "shop-1.tgz", sum(one)), entry("1.2.0", "https://cdn.test/shop-1.2.tgz", "sha256:"+sum(two)),
			entry("1.1.0", "shop-1.1.tgz", strings.Repeat("0", 64)), entry("0.9.0", "gone.tgz", "")),
		"/charts/shop-1.tgz":   one,
		"/charts/shop-1.1.tgz": one,
	}}
	other := &shelf{files: map[string][]byte{"/shop-1.2.tgz": two}}
	tests := map[string]struct {
		name, version string
		want          string // of the chart that comes
		err           error
		text          string
	}{
		"a version":                     {"shop", "1.0.0", "1.0.0", nil, ""},
		"the newest that is allowed":    {"shop", ">=1.0.0", "1.2.0", nil, ""},
		"another archive than told":     {"shop", "1.1.0", "", ErrChecksum, "its index says 0000"},
		"a version that there is not":   {"shop", "3.0.0", "", ErrVersion, "no such version: 3.0.0; there is 2.0.0-rc1, 1.2.0, 1.1.0, 1.0.0, 0.9.0"},
		"a version that is none":        {"shop", "latest", "", ErrVersion, `"latest" is neither a version that there is nor a constraint`},
		"a chart that there is not":     {"shpo", "1.0.0", "", ErrChart, `no such chart: "shpo": did you mean "shop"?`},
		"an archive that there is not":  {"shop", "0.9.0", "", ErrVersion, "the repository lists version 0.9.0 and does not have it"},
		"a version with a letter v too": {"shop", "v1.0.0", "1.0.0", nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			own.asked, other.asked = nil, nil
			dir := t.TempDir()
			s := Source{Repository: "https://charts.test/charts", Name: tt.name, Version: tt.version, Username: "me", Password: "pass"}
			file, err := Fetch(t.Context(), web{"charts.test": own, "cdn.test": other}, dir, s)
			if !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.text) || err != nil && strings.Contains(err.Error(), "pass ") {
				t.Fatalf("error: %v", err)
			}
			for _, asked := range own.asked {
				if !strings.HasSuffix(asked, " me pass") {
					t.Errorf("the repository was asked without credentials: %s", asked)
				}
			}
			for _, asked := range other.asked {
				if strings.Contains(asked, "me") {
					t.Errorf("credentials went elsewhere: %s", asked)
				}
			}
			if err != nil {
				if left, _ := os.ReadDir(dir); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
				return
			}
			c, err := helm.Load(file)
			if err != nil || c.Version != tt.want {
				t.Errorf("chart %+v, %v", c, err)
			}
			if !strings.HasPrefix(file, dir+string(filepath.Separator)) {
				t.Errorf("it is in %s", file)
			}
		})
	}
}

// TestRedirectsTakeNoCredentialsAlong has the repository send one to a subdomain of it,
// and to itself without TLS.
func TestRedirectsTakeNoCredentialsAlong(t *testing.T) {
	for _, target := range []string{"https://cdn.charts.test/shop.tgz", "http://charts.test/shop.tgz"} {
		var asked []string
		there := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, _, _ := r.BasicAuth()
			switch r.URL.Path {
			case "/index.yaml":
				_, _ = w.Write(index(entry("1.0.0", "old.tgz", "")))
			case "/old.tgz":
				http.Redirect(w, r, target, http.StatusFound)
			default:
				asked = append(asked, r.URL.Path+" "+user)
				_, _ = w.Write(archive(t, "1.0.0"))
			}
		})
		s := Source{Repository: "https://charts.test", Name: "shop", Version: "1.0.0", Username: "me", Password: "pass"}
		_, err := Fetch(t.Context(), web{"charts.test": there, "cdn.charts.test": there}, t.TempDir(), s)
		if d := cmp.Diff([]string{"/shop.tgz "}, asked); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", target, err, d)
		}
	}
}

func TestWhatIsThereIsNotFetchedAgain(t *testing.T) {
	one := archive(t, "1.0.0")
	own := &shelf{files: map[string][]byte{"/index.yaml": index(entry("1.0.0", "shop-1.tgz", sum(one))), "/shop-1.tgz": one}}
	dir, s := t.TempDir(), Source{Repository: "https://charts.test", Name: "shop", Version: "1.0.0"}
	for range 2 {
		if _, err := Fetch(t.Context(), web{"charts.test": own}, dir, s); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"/index.yaml", "/shop-1.tgz", "/index.yaml"}, own.asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Fetch(t.Context(), web{"charts.test": own}, dir, s); err != nil || len(own.asked) != 5 {
		t.Errorf("a broken archive is used: %v, %v", own.asked, err)
	}
}

func TestRepositoriesThatAreNone(t *testing.T) {
	tests := map[string]struct{ repository, want string }{
		"no address":          {"charts.test", `"charts.test" is no address of a repository`},
		"another scheme":      {"ftp://charts.test", `is no address of a repository`},
		"with credentials":    {"https://me:pass@charts.test", "set Username and Password instead"},
		"no host":             {"https://none.test", "no such host none.test"},
		"no index":            {"https://charts.test", "GET https://charts.test/index.yaml: 404 Not Found"},
		"a page":              {"https://page.test", "is it the address of a chart repository?"},
		"no YAML":             {"https://odd.test", "read the index: "},
		"others may":          {"https://closed.test", "401 Unauthorized: the repository wants other credentials"},
		"a registry of none":  {"oci://charts.test/x y", "can only contain the characters"},
		"an empty index":      {"https://empty.test", "read the index: it has no entries"},
		"entries without any": {"https://bare.test", `no such chart: "shop"`},
	}
	serve := func(text string) http.Handler { return &shelf{files: map[string][]byte{"/index.yaml": []byte(text)}} }
	w := web{
		"charts.test": &shelf{}, "page.test": serve("{a: b}"), "odd.test": serve("<html>: ["), "empty.test": serve(""), "bare.test": serve("entries: {shop: [null, {version: 1.0.0}]}"),
		"closed.test": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }),
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Fetch(t.Context(), w, t.TempDir(), Source{Repository: tt.repository, Name: "shop", Version: "1.0.0"})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "pass") && name != "no index" {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fetch(ctx, w, t.TempDir(), Source{Repository: "https://charts.test", Name: "shop", Version: "1.0.0"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFetchFromARegistry(t *testing.T) {
	w := web{"registry.test": registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	push := func(tag string, layers map[string][]byte) {
		image := mutate.MediaType(empty.Image, "application/vnd.oci.image.manifest.v1+json")
		for kind, data := range layers {
			var err error
			if image, err = mutate.AppendLayers(image, static.NewLayer(data, types.MediaType(kind))); err != nil {
				t.Fatal(err)
			}
		}
		send(t, w, tag, image)
	}
	push("1.0.0_build.7", map[string][]byte{string(chartLayer): archive(t, "1.0.0+build.7")})
	push("1.1.0", map[string][]byte{string(chartLayer): archive(t, "1.1.0")})
	push("0.1.0", map[string][]byte{"application/octet-stream": []byte("no chart")})
	tests := map[string]struct {
		name, version, keyring string
		want                   string
		err                    error
	}{
		"a version":                   {"shop", "1.1.0", "", "1.1.0", nil},
		"a version with a plus":       {"shop", "1.0.0+build.7", "", "1.0.0+build.7", nil},
		"the newest that is allowed":  {"shop", "^1", "", "1.1.0", nil},
		"a version that there is not": {"shop", "7.0.0", "", "", ErrVersion},
		"none that is allowed":        {"shop", "^7", "", "", ErrVersion},
		"a chart that there is not":   {"none", "^1", "", "", ErrChart},
		"what is no chart":            {"shop", "0.1.0", "", "", ErrChart},
		"one without provenance":      {"shop", "1.1.0", "keys.gpg", "", ErrProvenance},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := Source{Repository: "oci://registry.test/charts/", Name: tt.name, Version: tt.version, Keyring: tt.keyring}
			file, err := Fetch(t.Context(), w, t.TempDir(), s)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error: %v", err)
			}
			if err == nil {
				if c, err := helm.Load(file); err != nil || c.Version != tt.want {
					t.Errorf("chart %+v, %v", c, err)
				}
			}
		})
	}
}

func send(t *testing.T, w web, tag string, image v1.Image) {
	t.Helper()
	ref, err := name.NewTag("registry.test/charts/shop:" + tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image, remote.WithTransport(w), remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// FuzzPick looks for indexes that bring it down.
func FuzzPick(f *testing.F) {
	f.Add(index(entry("1.0.0", "a.tgz", "")), "shop", "^1")
	f.Add([]byte("entries: {shop: [{version: v1, urls: [x]}, null]}"), "shop", "v1")
	f.Add([]byte("entries: []"), "a", "*")
	f.Fuzz(func(t *testing.T, text []byte, name, wanted string) {
		v, err := pick(text, name, wanted)
		if err == nil && (len(v.URLs) == 0 || v.URLs[0] == "") {
			t.Errorf("picked one without an address: %+v", v)
		}
	})
}
