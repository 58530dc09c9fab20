// Package fetch downloads charts from repositories and registries.
package fetch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/internal/atomicfile"
	"github.com/mettel-automation/delivery/kre/internal/helm"
)

// What there may be to say of a chart that cannot be had.
var (
	ErrChart      = errors.New("no such chart")
	ErrVersion    = errors.New("no such version")
	ErrChecksum   = errors.New("the archive is not the one that the repository announces")
	ErrProvenance = errors.New("the archive is not proven to be the author's")
)

// What a repository may send at most: an index, and an archive.
const (
	maxIndex   = 256 << 20
	maxArchive = 64 << 20
)

// Source is a chart in a repository.
type Source struct {
	Repository, Name, Version string
	Username, Password        string
	Keyring                   string
}

// Fetch downloads a chart into dir, through transport, and returns the path of its
// archive. An archive that is there already, and is the one that the repository's index
// tells, is not downloaded again.
func Fetch(ctx context.Context, transport http.RoundTripper, dir string, s Source) (string, error) {
	f := &fetcher{source: s, transport: transport, dir: dir}
	file, err := f.fetch(ctx)
	if err != nil {
		return "", err
	}
	if s.Keyring != "" {
		return file, Verify(file, s.Keyring)
	}
	return file, nil
}

// Verify checks the archive at path against the provenance in the file beside it,
// whose name has ".prov" at its end.
func Verify(path, keyring string) error {
	if err := helm.Verify(path, keyring); err != nil {
		return fmt.Errorf("%w: %w", ErrProvenance, err)
	}
	return nil
}

type fetcher struct {
	source    Source
	transport http.RoundTripper
	dir       string
}

func (f *fetcher) fetch(ctx context.Context) (string, error) {
	if rest, isOCI := strings.CutPrefix(f.source.Repository, "oci://"); isOCI {
		return f.pull(ctx, strings.TrimSuffix(rest, "/")+"/"+f.source.Name)
	}
	base, err := url.Parse(f.source.Repository)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return "", fmt.Errorf("%q is no address of a repository: it begins with https:// or oci://", clip(f.source.Repository))
	}
	if base.User != nil {
		return "", errors.New("the address of the repository holds credentials: set Username and Password instead")
	}
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	index := base.JoinPath("index.yaml")
	text, err := f.get(ctx, index, base, maxIndex)
	if err != nil {
		return "", err
	}
	found, err := pick(text, f.source.Name, f.source.Version)
	if err != nil {
		return "", fmt.Errorf("%s: %w", index, err)
	}
	return f.archive(ctx, base, found)
}

// archive downloads the archive of one version, unless it is there.
func (f *fetcher) archive(ctx context.Context, base *url.URL, found version) (string, error) {
	address, err := base.Parse(found.URLs[0])
	if err != nil {
		return "", fmt.Errorf("read the address of version %s: %w", found.Version, err)
	}
	file := f.file(address.Path)
	announced := strings.TrimPrefix(found.Digest, "sha256:")
	if have, err := os.ReadFile(file); err != nil || announced == "" || !strings.EqualFold(sum(have), announced) {
		data, err := f.get(ctx, address, base, maxArchive)
		if errors.Is(err, errNotFound) {
			return "", fmt.Errorf("%w: the repository lists version %s and does not have it: %w", ErrVersion, found.Version, err)
		}
		if err != nil {
			return "", err
		}
		if announced != "" && !strings.EqualFold(sum(data), announced) {
			return "", fmt.Errorf("%w: SHA-256 of %s is %s, and its index says %s", ErrChecksum, address.Redacted(), sum(data), clip(announced))
		}
		if err := write(file, data); err != nil {
			return "", err
		}
	}
	if f.source.Keyring == "" {
		return file, nil
	}
	proof := *address
	proof.Path += ".prov"
	data, err := f.get(ctx, &proof, base, maxArchive)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrProvenance, err)
	}
	return file, write(file+".prov", data)
}

// file is where an archive is kept, in a folder of its repository. Its name is the
// one that its author gave it, since that is a part of the provenance.
func (f *fetcher) file(name string) string {
	if name = path.Base(name); path.Ext(name) != ".tgz" {
		name = path.Base(f.source.Name) + ".tgz"
	}
	return filepath.Join(f.dir, sum([]byte(f.source.Repository))[:12], name)
}

var errNotFound = errors.New("404 Not Found")

// get reads what is at address. Credentials go to the host of the repository alone.
func (f *fetcher) get(ctx context.Context, address, base *url.URL, most int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	own := address.Scheme == base.Scheme && address.Host == base.Host
	if own && f.source.Username+f.source.Password != "" {
		r.SetBasicAuth(f.source.Username, f.source.Password)
	}
	client := http.Client{Transport: f.transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != base.Scheme || r.URL.Host != base.Host { // a client by itself trusts subdomains, and http
			r.Header.Del("Authorization")
		}
		if len(via) >= 10 {
			return errors.New("stopped after 10 redirects")
		}
		return nil
	}}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		why := error(nil)
		switch resp.StatusCode {
		case http.StatusNotFound:
			why = errNotFound
		case http.StatusUnauthorized, http.StatusForbidden:
			why = fmt.Errorf("%s: the repository wants other credentials", resp.Status)
		}
		return nil, fmt.Errorf("GET %s: %w", address.Redacted(), cmp.Or(why, errors.New(resp.Status)))
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("more than %d MiB", most>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", address.Redacted(), err)
	}
	return data, nil
}

func write(file string, data []byte) error {
	w, err := atomicfile.Create(file)
	if err != nil {
		return err
	}
	_, _ = w.Write(data) // Close returns its error
	return w.Close()
}

func sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// clip shortens what somebody else wrote.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "..."
	}
	return s
}
