package localcloud

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
)

// engineVersion is the version of Docker's API that the Engine says it speaks.
const engineVersion = "1.47"

// The paths of Docker's API: those that the Engine has, with or without the version
// of the API, and any with one.
var (
	enginePath = regexp.MustCompile(`^(?:/v\d+\.\d+)?/(?:(_ping|version|build)|(images)/(.+?)(/json|/tag|/push)?)$`)
	engineAny  = regexp.MustCompile(`^/v\d+\.\d+/`)
)

// serveEngine answers what a builder asks of a Docker Engine, and reports whether it
// was asked. Source: Docker Engine API reference, v1.47.
func (c *Cloud) serveEngine(w http.ResponseWriter, r *http.Request) bool {
	op, name := r.Method, ""
	if path := enginePath.FindStringSubmatch(r.URL.Path); path != nil {
		op, name = r.Method+" "+path[1]+path[2]+path[4], path[3]
	}
	do, known := map[string]func(http.ResponseWriter, *http.Request, string) error{
		"GET _ping": pong, "HEAD _ping": pong, "GET version": version, "POST build": c.build,
		"GET images/json": c.inspect, "POST images/tag": c.tag, "POST images/push": c.push, "DELETE images": c.remove,
	}[op]
	switch {
	case known:
		if err := do(w, r, name); err != nil {
			refuseEngine(w, err)
		}
	case engineAny.MatchString(r.URL.Path):
		refuseEngine(w, fmt.Errorf("invalid request: the Docker Engine in memory does not have %s %s", r.Method, r.URL.Path))
	default:
		return false
	}
	return true
}

func pong(w http.ResponseWriter, _ *http.Request, _ string) error {
	w.Header().Set("Api-Version", engineVersion)
	w.Header().Set("Ostype", "linux")
	_, err := io.WriteString(w, "OK")
	return err
}

func version(w http.ResponseWriter, _ *http.Request, _ string) error {
	return engineJSON(w, http.StatusOK, object{
		"Version": "in memory", "ApiVersion": engineVersion, "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64",
	})
}

func engineJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}

// refuseEngine answers as the Engine does; a client puts "Error response from
// daemon" before it.
func refuseEngine(w http.ResponseWriter, err error) {
	message := strings.TrimPrefix(err.Error(), "Error response from daemon: ")
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, context.Canceled):
		return // nobody listens
	case strings.HasPrefix(message, "No such image"):
		status = http.StatusNotFound
	case strings.HasPrefix(message, "Cannot locate"), strings.HasPrefix(message, "invalid"):
		status = http.StatusBadRequest
	}
	_ = engineJSON(w, status, object{"message": message}) // whoever has gone needs no answer
}

func (c *Cloud) inspect(w http.ResponseWriter, r *http.Request, name string) error {
	_, raw, err := c.engine.ImageInspectWithRaw(r.Context(), name)
	if err != nil {
		return err
	}
	return engineJSON(w, http.StatusOK, json.RawMessage(raw))
}

func (c *Cloud) tag(w http.ResponseWriter, r *http.Request, name string) error {
	q := r.URL.Query()
	if err := c.engine.ImageTag(r.Context(), name, q.Get("repo")+":"+cmp.Or(q.Get("tag"), "latest")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (c *Cloud) remove(w http.ResponseWriter, r *http.Request, name string) error {
	gone, err := c.engine.ImageRemove(r.Context(), name, image.RemoveOptions{})
	if err != nil {
		return err
	}
	return engineJSON(w, http.StatusOK, gone)
}

func (c *Cloud) build(w http.ResponseWriter, r *http.Request, _ string) error {
	q := r.URL.Query()
	options := build.ImageBuildOptions{
		Version: build.BuilderVersion(q.Get("version")), Dockerfile: q.Get("dockerfile"), Tags: q["t"],
		Target: q.Get("target"), Platform: q.Get("platform"), NetworkMode: q.Get("networkmode"),
	}
	for name, into := range map[string]any{"labels": &options.Labels, "buildargs": &options.BuildArgs} {
		if text := q.Get(name); text != "" {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return fmt.Errorf("invalid %s: %w", name, err)
			}
		}
	}
	answer, err := c.engine.ImageBuild(r.Context(), r.Body, options)
	if err != nil {
		return err
	}
	return stream(w, answer.Body)
}

func (c *Cloud) push(w http.ResponseWriter, r *http.Request, name string) error {
	if tag := r.URL.Query().Get("tag"); tag != "" {
		name += ":" + tag
	}
	answer, err := c.engine.ImagePush(r.Context(), name, image.PushOptions{RegistryAuth: r.Header.Get("X-Registry-Auth")})
	if err != nil {
		return err
	}
	return stream(w, answer)
}

func stream(w http.ResponseWriter, body io.ReadCloser) error {
	defer body.Close()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.Copy(w, body) // whoever has gone needs no answer
	return nil
}
