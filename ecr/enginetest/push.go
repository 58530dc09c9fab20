package enginetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"

	"github.com/mettel-automation/delivery/internal/wait"
)

// The media types of what is pushed.
const (
	manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	configType   = "application/vnd.docker.container.image.v1+json"
	layerType    = "application/vnd.docker.image.rootfs.diff.tar"
)

// attempts is how often the engine tries a layer; before the n-th it waits 5 s
// longer than before the one before.
const attempts = 5

// ImagePush pushes the image called name, "host/repository:tag", with the
// credentials of options. Whatever fails is an error within the answer.
func (e *Engine) ImagePush(ctx context.Context, name string, options image.PushOptions) (io.ReadCloser, error) {
	if err := e.begin(ctx, "push", name); err != nil {
		return nil, err
	}
	if options.RegistryAuth == "" {
		return nil, errors.New("Error response from daemon: Bad parameters and missing X-Registry-Auth: EOF")
	}
	auth, err := decode(options.RegistryAuth)
	if err != nil {
		return nil, err
	}
	host, path, _ := strings.Cut(name, "/")
	path, tag, _ := strings.Cut(path, ":")
	var out stream
	out.add(object{"status": "The push refers to repository [" + host + "/" + path + "]"})
	e.mu.Lock()
	img := e.images[e.names[name]]
	e.mu.Unlock()
	if img == nil {
		out.fail("An image does not exist locally with the tag: "+host+"/"+path, 0)
		return out.body(), nil
	}
	p := pushing{registry: e.registry, host: host, path: path, auth: auth, out: &out}
	digest, size, err := p.push(ctx, img, tag)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		out.fail(err.Error(), 0)
		return out.body(), nil
	}
	out.add(object{"status": fmt.Sprintf("%s: digest: %s size: %d", tag, digest, size)})
	out.add(object{"aux": object{"Tag": tag, "Digest": digest, "Size": size}})
	return out.body(), nil
}

func decode(header string) (registry.AuthConfig, error) {
	var auth registry.AuthConfig
	text, err := base64.URLEncoding.DecodeString(header)
	if err == nil {
		err = json.Unmarshal(text, &auth)
	}
	if err != nil {
		return auth, fmt.Errorf("Error response from daemon: invalid X-Registry-Auth header: %w", err)
	}
	return auth, nil
}

// pushing is one image on its way to one repository.
type pushing struct {
	registry   http.RoundTripper
	host, path string
	auth       registry.AuthConfig
	out        *stream
}

func (p pushing) push(ctx context.Context, img *built, tag string) (digest string, size int, err error) {
	for _, blob := range [][]byte{img.layer, img.config} {
		if err := p.blob(ctx, blob); err != nil {
			return "", 0, err
		}
	}
	descriptor := func(kind string, content []byte) object {
		return object{"mediaType": kind, "size": len(content), "digest": digestOf(content)}
	}
	manifest, _ := json.Marshal(object{ // plain strings and numbers
		"schemaVersion": 2, "mediaType": manifestType,
		"config": descriptor(configType, img.config), "layers": []object{descriptor(layerType, img.layer)},
	})
	header := http.Header{"Content-Type": {manifestType}}
	if _, err := p.do(ctx, http.MethodPut, "/manifests/"+tag, header, manifest); err != nil {
		return "", 0, err
	}
	return digestOf(manifest), len(manifest), nil
}

// blob uploads a layer unless the registry has it, and again where that hangs up.
func (p pushing) blob(ctx context.Context, content []byte) error {
	digest := digestOf(content)
	id := digest[len("sha256:"):][:12]
	if answer, err := p.do(ctx, http.MethodHead, "/blobs/"+digest, nil, nil); err == nil && answer.StatusCode == http.StatusOK {
		p.out.add(object{"status": "Layer already exists", "id": id})
		return nil
	}
	for n := 1; ; n++ {
		err := p.upload(ctx, digest, content)
		if err == nil {
			p.out.add(object{"status": "Pushed", "id": id})
			return nil
		}
		if _, told := errors.AsType[*refusal](err); told {
			return err
		}
		if n == attempts {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = io.EOF // all that is left of it
			}
			return err
		}
		seconds := 5 * n
		p.out.add(object{"status": fmt.Sprintf("Retrying in %d seconds", seconds), "id": id})
		if err := wait.For(ctx, time.Duration(seconds)*time.Second); err != nil { // virtual, as a rule
			return err
		}
	}
}

// upload sends one layer as Docker does, in three requests.
func (p pushing) upload(ctx context.Context, digest string, content []byte) error {
	begun, err := p.do(ctx, http.MethodPost, "/blobs/uploads/", nil, nil)
	if err != nil {
		return err
	}
	path := strings.TrimPrefix(begun.Header.Get("Location"), "/v2/"+p.path)
	if _, err := p.do(ctx, http.MethodPatch, path, nil, content); err != nil {
		return err
	}
	_, err = p.do(ctx, http.MethodPut, path+"?digest="+url.QueryEscape(digest), nil, nil)
	return err
}

// refusal is what the registry answers, in the words of the engine.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// do makes one request, whose failure is a [*refusal] where the registry answered.
// The body of the answer has been read.
func (p pushing) do(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, "https://"+p.host+"/v2/"+p.path+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		r.Header = header
	}
	if p.auth.Username != "" {
		r.SetBasicAuth(p.auth.Username, p.auth.Password)
	}
	answer, err := p.registry.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusBadRequest && method != http.MethodHead {
		return nil, p.refused(answer.StatusCode, text)
	}
	return answer, nil
}

func (p pushing) refused(status int, body []byte) error {
	if status >= http.StatusInternalServerError {
		return &refusal{fmt.Sprintf("received unexpected HTTP status: %d %s", status, http.StatusText(status))}
	}
	if status == http.StatusUnauthorized && p.auth.Username == "" {
		return &refusal{"no basic auth credentials"}
	}
	var told struct {
		Errors []struct{ Code, Message string }
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return &refusal{fmt.Sprintf("error parsing HTTP %d response body: %v: %q", status, err, body)}
	}
	if len(told.Errors) == 0 {
		return &refusal{fmt.Sprintf("unexpected HTTP status: %d", status)}
	}
	code := strings.ToLower(strings.ReplaceAll(told.Errors[0].Code, "_", " "))
	return &refusal{code + ": " + told.Errors[0].Message}
}
