package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The layers of a chart in a registry. Source: helm.sh, "Use OCI-based registries",
// and helm.sh/helm/v3/pkg/registry/constants.go.
const (
	chartLayer  types.MediaType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	legacyLayer types.MediaType = "application/tar+gzip"
	proofLayer  types.MediaType = "application/vnd.cncf.helm.chart.provenance.v1.prov"
)

// pull downloads the chart in the repository ref of a registry. Layers are named by
// their hash, which is checked as they are read.
func (f *fetcher) pull(ctx context.Context, ref string) (string, error) {
	repository, err := name.NewRepository(ref, name.WithDefaultRegistry(""))
	if err != nil {
		return "", err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithTransport(f.transport), remote.WithAuth(f.login())}
	tag, err := f.tag(repository, options)
	if err != nil {
		return "", explain(err, ErrChart)
	}
	image, err := remote.Image(repository.Tag(tag), options...)
	if err != nil {
		return "", explain(err, ErrVersion)
	}
	layers, err := image.Layers()
	if err != nil {
		return "", explain(err, ErrVersion)
	}
	file := f.file(f.source.Name + "-" + strings.ReplaceAll(tag, "_", "+") + ".tgz")
	found := map[types.MediaType]string{chartLayer: file, legacyLayer: file, proofLayer: file + ".prov"}
	saved := map[string]bool{}
	for _, layer := range layers {
		kind, err := layer.MediaType()
		if err != nil {
			return "", err
		}
		if target := found[kind]; target != "" && (kind != proofLayer || f.source.Keyring != "") {
			if err := save(layer, target); err != nil {
				return "", explain(err, ErrChecksum)
			}
			saved[target] = true
		}
	}
	switch {
	case !saved[file]:
		return "", fmt.Errorf("%w: %s:%s is no chart", ErrChart, ref, tag)
	case f.source.Keyring != "" && !saved[file+".prov"]:
		return "", fmt.Errorf("%w: %s:%s has no provenance", ErrProvenance, ref, tag)
	}
	return file, nil
}

func (f *fetcher) login() authn.Authenticator {
	if f.source.Username+f.source.Password == "" {
		return authn.Anonymous
	}
	return &authn.Basic{Username: f.source.Username, Password: f.source.Password}
}

// tag is that of the newest version that is wanted. A plus, which a tag cannot
// have, is an underscore in it.
func (f *fetcher) tag(repository name.Repository, options []remote.Option) (string, error) {
	if _, err := semver.StrictNewVersion(f.source.Version); err == nil {
		return strings.ReplaceAll(f.source.Version, "+", "_"), nil
	}
	tags, err := remote.List(repository, options...)
	if err != nil {
		return "", err
	}
	for i, tag := range tags {
		tags[i] = strings.ReplaceAll(tag, "_", "+")
	}
	version, err := newest(tags, f.source.Version)
	return strings.ReplaceAll(version, "+", "_"), err
}

func save(layer v1.Layer, file string) error {
	size, err := layer.Size()
	if err != nil {
		return err
	}
	if size > maxArchive {
		return fmt.Errorf("the archive has more than %d MiB", maxArchive>>20)
	}
	r, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return write(file, data)
}

// explain says what an answer of the registry means: that what was asked for is
// not there, and absent says what that was, or that it was not shown.
func explain(err, absent error) error {
	answer, isAnswer := errors.AsType[*transport.Error](err)
	if !isAnswer {
		return err
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", absent, err)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("the registry wants other credentials, or has no such chart: %w", err)
	}
	return err
}
