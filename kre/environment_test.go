package kre_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
)

// repository is one of a single chart, without a socket.
type repository struct {
	archive []byte
}

func (r repository) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch req.URL.Path {
	case "/index.yaml":
		_, _ = w.WriteString("apiVersion: v1\nentries: {shop: [{version: 1.0.0, urls: [shop-1.0.0.tgz]}]}\n") // to memory
	case "/shop-1.0.0.tgz":
		_, _ = w.Write(r.archive)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

func (f files) archive(t testing.TB, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for file, text := range f {
		err := w.WriteHeader(&tar.Header{Name: name + "/" + file, Mode: 0o644, Size: int64(len(text))})
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestNothingOfTheMachineIsUsed has settings of helm and kubectl that would break
// everything, and a home where any file would be seen.
func TestNothingOfTheMachineIsUsed(t *testing.T) {
	home, temp, charts := t.TempDir(), t.TempDir(), t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "TMPDIR": temp, "XDG_CACHE_HOME": home + "/c", "XDG_CONFIG_HOME": home + "/f", "XDG_DATA_HOME": home + "/d",
		"HELM_DRIVER": "sql", "HELM_NAMESPACE": "elsewhere", "HELM_KUBEAPISERVER": "https://none.test", "HELM_CACHE_HOME": home + "/h",
		"HELM_DEBUG": "true", "KUBECONFIG": home + "/none", "DOCKER_CONFIG": home + "/docker",
	} {
		t.Setenv(name, value)
	}
	// A chart of that name in the working directory is not meant by one in a repository.
	t.Chdir(t.TempDir())
	if err := os.Mkdir("shop", 0o755); err != nil {
		t.Fatal(err)
	}
	c := kubetest.New(kubetest.Options{Timing: kubetest.Quick()})
	r := kre.Release{Name: "shop", Namespace: "market", Chart: kre.Chart{Repository: "https://charts.test", Name: "shop", Version: "1.0.0"}}
	for _, dir := range []string{"", charts} {
		e := engine(t, c, kre.Options{HTTP: repository{shop().archive(t, "shop")}, Dir: dir})
		if _, err := e.Apply(t.Context(), plan(t, e, r)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{home, temp} {
		err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
			if file != dir {
				t.Errorf("%s was made", file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := filepath.Glob(filepath.Join(charts, "*", "shop-1.0.0.tgz")); err != nil || len(kept) != 1 {
		t.Errorf("the archive was not kept: %v, %v", kept, err)
	}
}

// TestADirectoryAndItsArchiveAreTheSameChart applies one and then the other.
func TestADirectoryAndItsArchiveAreTheSameChart(t *testing.T) {
	c := kubetest.New(kubetest.Options{Timing: kubetest.Quick()})
	e := engine(t, c, kre.Options{})
	r := small("c").release(t, "c", "default")
	if _, err := apply(t, e, r); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "c-1.0.0.tgz")
	if err := os.WriteFile(file, small("c").archive(t, "c"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.Chart.Path = file
	if p := plan(t, e, r); !p.Empty() {
		t.Errorf("plan:\n%s", p)
	}
	r.Chart = kre.Chart{Files: os.DirFS(small("c").dir(t))}
	if p := plan(t, e, r); !p.Empty() {
		t.Errorf("plan:\n%s", p)
	}
}
