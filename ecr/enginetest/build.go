package enginetest

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/build"
)

// object is a JSON object of the engine's API.
type object = map[string]any

// ImageBuild reads the archive and makes an image of it, with the labels and
// names of options. The layer of the image is the archive.
func (e *Engine) ImageBuild(ctx context.Context, archive io.Reader, options build.ImageBuildOptions) (build.ImageBuildResponse, error) {
	name := ""
	if len(options.Tags) > 0 {
		name = options.Tags[0]
	}
	if err := e.begin(ctx, "build", name); err != nil {
		return build.ImageBuildResponse{}, err
	}
	if options.Version == build.BuilderBuildKit {
		return build.ImageBuildResponse{}, errors.New("Error response from daemon: this engine has no BuildKit")
	}
	layer, err := io.ReadAll(archive)
	if err != nil {
		return build.ImageBuildResponse{}, err
	}
	dockerfile, err := find(layer, options.Dockerfile)
	if err != nil {
		return build.ImageBuildResponse{}, fmt.Errorf("Error response from daemon: %w", err)
	}
	var out stream
	steps := instructions(dockerfile)
	for i, step := range steps {
		out.add(object{"stream": fmt.Sprintf("Step %d/%d : %s\n", i+1, len(steps), step)})
		if code := exits(step); code != 0 {
			out.fail(fmt.Sprintf("The command '/bin/sh -c %s' returned a non-zero code: %d", strings.TrimPrefix(step, "RUN "), code), code)
			return build.ImageBuildResponse{Body: out.body(), OSType: "linux"}, nil
		}
	}
	id := e.keep(layer, options)
	out.add(object{"aux": object{"ID": id}})
	out.add(object{"stream": "Successfully built " + id[len("sha256:"):][:12] + "\n"})
	return build.ImageBuildResponse{Body: out.body(), OSType: "linux"}, nil
}

// keep stores an image under a new id.
func (e *Engine) keep(layer []byte, options build.ImageBuildOptions) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	os, rest, _ := strings.Cut(cmp.Or(e.opts.Platform, options.Platform, "linux/amd64"), "/")
	architecture, variant, _ := strings.Cut(rest, "/")
	e.serial++                        // stands for the time, which makes each image another one
	config, _ := json.Marshal(object{ // plain strings
		"os": os, "architecture": architecture, "variant": variant, "config": object{"Labels": options.Labels},
		"history": []object{{"comment": fmt.Sprintf("build %d", e.serial)}},
		"rootfs":  object{"type": "layers", "diff_ids": []string{digestOf(layer)}},
	})
	id := digestOf(config)
	e.images[id] = &built{config: config, layer: layer}
	for _, name := range options.Tags {
		e.names[name] = id
	}
	return id
}

// missingDockerfile is what the engine says, before the path.
const missingDockerfile = "Cannot locate specified Dockerfile: "

// find returns the content of the file called path in an archive.
func find(archive []byte, path string) ([]byte, error) {
	if path == "" {
		path = "Dockerfile"
	}
	files := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New(missingDockerfile + path)
		}
		if err != nil {
			return nil, err
		}
		if header.Name == path {
			return io.ReadAll(files)
		}
	}
}

var continued = regexp.MustCompile(`\\\s*\n`)

// instructions are the steps of a Dockerfile.
func instructions(dockerfile []byte) (steps []string) {
	for line := range strings.Lines(continued.ReplaceAllString(string(dockerfile), " ")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			steps = append(steps, line)
		}
	}
	return steps
}

// exits returns the code that a step fails with, or 0.
func exits(step string) int {
	code, _ := strings.CutPrefix(step, "RUN exit ")
	n, _ := strconv.Atoi(code)
	return n
}

// stream is an answer of the engine: one JSON object after the other.
type stream struct{ bytes.Buffer }

func (s *stream) add(o object) {
	text, _ := json.Marshal(o) // plain strings and numbers
	s.Write(append(text, '\r', '\n'))
}

func (s *stream) fail(message string, code int) {
	detail := object{"message": message}
	if code != 0 {
		detail["code"] = code
	}
	s.add(object{"errorDetail": detail, "error": message})
}

func (s *stream) body() io.ReadCloser { return io.NopCloser(&s.Buffer) }

func digestOf(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }
