// Package enginetest holds a Docker Engine in memory, for tests of what builds and
// pushes images.
//
// An [Engine] has the methods of ecr.Engine. It reads the archive that it is sent
// and makes a small image of it, and pushes that with the OCI distribution protocol
// to a registry without a socket, such as a Cloud of package ecr/ecrtest:
//
//	cloud := ecrtest.New(ecrtest.Options{})
//	engine := enginetest.New(cloud, enginetest.Options{})
//	publisher := ecr.New(cloud.Client(), ecr.Options{Engine: engine})
//
// Its answers are those of Docker 20.10, errors within the stream included. As
// with a real one, two builds of the same context are two images with two
// digests, and a layer that the registry hangs up on is tried five times, with
// pauses that pass in no time inside a testing/synctest bubble.
//
// It runs nothing: of a Dockerfile it only counts the steps, and `RUN exit 3` fails
// with code 3. It pulls no base images, and knows neither BuildKit nor a cache.
package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/docker/docker/api/types/image"
)

// Options tune an Engine. The zero value is ready to use.
type Options struct {
	// Before is called at the beginning of each operation, "build", "inspect", "push",
	// "tag" and "remove", with the name of the image. It may wait, and its error is
	// what the engine answers. Nil lets everything through.
	Before func(ctx context.Context, op, name string) error
	// Platform is what all images are built for, as os/architecture or
	// os/architecture/variant, whatever a build asks for: so does the classic
	// builder where it has the base image. Default what the build asks for, and
	// "linux/amd64" where that is nothing.
	Platform string
}

// Engine is a Docker Engine. It is safe for concurrent use.
type Engine struct {
	registry http.RoundTripper
	opts     Options

	mu     sync.Mutex
	images map[string]*built // by id
	names  map[string]string // ids by host/repository:tag
	calls  map[string]int
	serial int
}

// built is an image of the engine.
type built struct {
	config, layer []byte
}

// New returns an Engine without images that pushes to registry.
func New(registry http.RoundTripper, opts Options) *Engine {
	return &Engine{
		registry: registry, opts: opts,
		images: make(map[string]*built), names: make(map[string]string), calls: make(map[string]int),
	}
}

// Calls returns how often an operation was called: "build", "inspect", "push", "tag"
// or "remove".
func (e *Engine) Calls(op string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls[op]
}

// Names returns the names that images have in the engine, sorted.
func (e *Engine) Names() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.names))
}

// begin counts a call and asks Options.Before.
func (e *Engine) begin(ctx context.Context, op, name string) error {
	e.mu.Lock()
	e.calls[op]++
	e.mu.Unlock()
	if e.opts.Before != nil {
		if err := e.opts.Before(ctx, op, name); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// ImageInspectWithRaw tells the id, the names and the platform of the image that has
// an id or a name, and the same as JSON.
func (e *Engine) ImageInspectWithRaw(ctx context.Context, name string) (image.InspectResponse, []byte, error) {
	if err := e.begin(ctx, "inspect", name); err != nil {
		return image.InspectResponse{}, nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id := e.find(name)
	if id == "" {
		return image.InspectResponse{}, nil, fmt.Errorf("Error response from daemon: No such image: %s", name)
	}
	told := image.InspectResponse{ID: id}
	if err := json.Unmarshal(e.images[id].config, &told); err != nil {
		return told, nil, err
	}
	for name, of := range e.names {
		if of == id {
			told.RepoTags = append(told.RepoTags, name)
		}
	}
	slices.Sort(told.RepoTags)
	raw, err := json.Marshal(told)
	return told, raw, err
}

// ImageTag gives the image that has an id or a name another name.
func (e *Engine) ImageTag(ctx context.Context, source, target string) error {
	if err := e.begin(ctx, "tag", source); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id := e.find(source)
	if id == "" {
		return fmt.Errorf("Error response from daemon: No such image: %s", source)
	}
	e.names[target] = id
	return nil
}

// ImageRemove takes a name away, and the image with its last one.
func (e *Engine) ImageRemove(ctx context.Context, name string, _ image.RemoveOptions) ([]image.DeleteResponse, error) {
	if err := e.begin(ctx, "remove", name); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id, known := e.names[name]
	if !known {
		return nil, fmt.Errorf("Error response from daemon: No such image: %s", name)
	}
	delete(e.names, name)
	gone := []image.DeleteResponse{{Untagged: name}}
	if !slices.Contains(slices.Collect(maps.Values(e.names)), id) {
		delete(e.images, id)
		gone = append(gone, image.DeleteResponse{Deleted: id})
	}
	return gone, nil
}

// find returns the id of the image that has a name or an id, or "".
func (e *Engine) find(name string) string {
	if e.images[name] != nil {
		return name
	}
	return e.names[name]
}
