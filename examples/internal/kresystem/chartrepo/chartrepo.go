// Package chartrepo answers for every chart repository, without a network: with small
// charts of the names, the versions and the keys of those that a KRE environment needs.
package chartrepo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"go.yaml.in/yaml/v4"
)

// standIns are small charts of the names, the versions and the keys of those that an
// environment needs.
//
//go:embed charts
var standIns embed.FS

// Repository is an [http.RoundTripper] that has the stand-ins, whatever the address.
type Repository struct {
	index    []byte
	archives map[string][]byte // by file name
}

// New packs the charts.
func New() (*Repository, error) {
	r := &Repository{archives: make(map[string][]byte)}
	dirs, err := fs.ReadDir(standIns, "charts")
	if err != nil {
		return nil, err
	}
	entries := make(map[string][]map[string]any)
	for _, dir := range dirs {
		var chart struct{ Name, Version string }
		at := path.Join("charts", dir.Name())
		text, err := standIns.ReadFile(path.Join(at, "Chart.yaml"))
		if err != nil {
			return nil, err
		}
		var file map[string]any
		if err := yaml.Load(text, &file); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		chart.Name, chart.Version = fmt.Sprint(file["name"]), fmt.Sprint(file["version"])
		name := chart.Name + "-" + chart.Version + ".tgz"
		if r.archives[name], err = archive(at, chart.Name); err != nil {
			return nil, err
		}
		entries[chart.Name] = append(entries[chart.Name], map[string]any{"version": chart.Version, "urls": []string{name}})
	}
	r.index, err = yaml.Dump(map[string]any{"apiVersion": "v1", "entries": entries})
	return r, err
}

// archive packs the chart in a directory of the stand-ins.
func archive(dir, name string) ([]byte, error) {
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	packed := tar.NewWriter(zipped)
	err := fs.WalkDir(standIns, dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := standIns.ReadFile(file)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: name + strings.TrimPrefix(file, dir), Mode: 0o644, Size: int64(len(data))}
		if err := packed.WriteHeader(header); err != nil {
			return err
		}
		_, err = packed.Write(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	err = zipped.Close()
	return b.Bytes(), err
}

// RoundTrip answers one request.
func (r *Repository) RoundTrip(request *http.Request) (*http.Response, error) {
	body, known := r.index, true
	if name := path.Base(request.URL.Path); name != "index.yaml" {
		body, known = r.archives[name]
	}
	response := &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: request}
	if !known {
		response.StatusCode, response.Status = http.StatusNotFound, "404 Not Found"
	}
	return response, nil
}
