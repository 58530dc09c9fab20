package ecr

// defaultPlatform is that of ECS tasks that name none.
// Source: ECS developer guide, "Task definition parameters", cpuArchitecture.
const defaultPlatform = "linux/amd64"

// Image is one image that is to be in its repository. Repository and Context must
// be given; the zero value of every other field is its default.
//
// Of its fields, what Context holds, what Dockerfile says, Target, Platform, Network,
// Args, Bases, Epoch, Labels and the ids of Secrets are inputs: where one changes, the
// image is built.
// The values of secrets are none, so that a new one needs a new Epoch.
type Image struct {
	// Module is what events and errors call the image, and must be unique;
	// default Repository.
	Module string
	// Repository is the name of the ECR repository, without a host.
	Repository string
	// Context is the directory that the build may read. It is required.
	Context string
	// Dockerfile is the path of the Dockerfile, relative to Context, which it may
	// lie outside of; default "Dockerfile".
	Dockerfile string
	// Target is the stage to build; default the last one.
	Target string
	// Platform is what the image runs on, as os/architecture or
	// os/architecture/variant; default "linux/amd64", whatever the engine runs on.
	// What the engine has built for another one is not pushed, see [ErrPlatform].
	Platform string
	// Network is the network of RUN: "none", "host" or one of the engine's;
	// default the engine's own choice.
	Network string
	// Args are the build arguments. They are kept in the history of the image,
	// where whoever pulls it can read them: use Secrets for secrets.
	Args map[string]string
	// Bases are the digests ("sha256:" and 64 hex digits) that stand behind the
	// images that the Dockerfile names by a tag, by that name with its variables
	// expanded.
	// Names that it does not use do not count, so that one map does for all images
	// of a repository. The engine is sent a Dockerfile with these digests after the
	// names, so that it builds from those images alone. One that is only in the
	// engine, and in no registry, has no such digest: it needs an Epoch.
	Bases map[string]string
	// Epoch is any text that changes when the image must be built although no
	// file has changed, such as "2026-07". It also stands for base images that
	// neither the Dockerfile nor Bases pins.
	Epoch string
	// Secrets are for RUN --mount=type=secret. The classic builder refuses them.
	Secrets []Secret
	// Labels are more labels of the image. What changes with each commit belongs
	// into Options.Revision, which is no input.
	Labels map[string]string
	// Tags are the names that people read, such as "8527fec8-131" and
	// "latest-8527fec8". They are moved to the image.
	Tags []string
}
