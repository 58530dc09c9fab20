package ecr

import (
	"context"
	"io"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/progress"
)

// Engine is what building and pushing need of a Docker Engine; a
// [*github.com/docker/docker/client.Client] has it. Of the two methods that inspect
// an image, it has the one whose types are not those of the client, which this
// package does not link.
type Engine interface {
	ImageBuild(ctx context.Context, context io.Reader, options build.ImageBuildOptions) (build.ImageBuildResponse, error)
	ImagePush(ctx context.Context, ref string, options image.PushOptions) (io.ReadCloser, error)
	ImageInspectWithRaw(ctx context.Context, image string) (image.InspectResponse, []byte, error)
	ImageTag(ctx context.Context, source, target string) error
	ImageRemove(ctx context.Context, ref string, options image.RemoveOptions) ([]image.DeleteResponse, error)
}

// Builder builds one image. [NewClassic] and package ecr/buildkit have one each.
//
// Build returns the id of the image, "sha256:" and 64 hexadecimal digits. A step
// that fails is a [*BuildError]. When Build returns, also because ctx has ended,
// nothing that it began is still running.
//
// It reports what it does as news of the operation "ecr.publish", all in the state
// [progress.Running]: the end is for its caller to tell, who may push the image too.
type Builder interface {
	Build(ctx context.Context, b Build) (imageID string, err error)
}

// Build is one image to build.
type Build struct {
	Subject  string                // subject of the events and errors, such as the module
	Context  *buildcontext.Context // the files, and the Dockerfile
	Target   string                // stage to build; "" is the last one
	Platform string                // such as "linux/amd64"; "" is the engine's own
	Network  string                // network of RUN: "default", "none", "host"; "" is the engine's default

	// Args are the build arguments. They are no place for secrets: the engine keeps
	// them in the history of the image, where whoever pulls it can read them.
	Args map[string]string

	Labels  map[string]string // labels of the image
	Secrets []Secret          // for RUN --mount=type=secret; BuildKit only
	Tags    []string          // names that the image gets in the engine
	NoCache bool              // build every step anew
	Pull    bool              // ask the registry for newer base images, also where the engine has one

	// Auths are the credentials for private base images, by the host of the
	// registry. Those for Docker Hub are there twice: by "registry-1.docker.io", as
	// BuildKit asks for them, and "https://index.docker.io/v1/", as the classic builder.
	Auths map[string]registry.AuthConfig

	Progress progress.Func // nil is silence
}

// Secret is one value that a RUN step may read while it runs and that stays out
// of the image. Just one of File and Value gives it.
type Secret struct {
	ID    string                                    `json:"id"`             // as in RUN --mount=type=secret,id=...
	File  string                                    `json:"file,omitempty"` // path of a file that holds the value
	Value func(ctx context.Context) ([]byte, error) `json:"-"`              // asked when a step wants the value
}
