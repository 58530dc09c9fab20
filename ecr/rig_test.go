package ecr_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/enginetest"
	"github.com/mettel-automation/delivery/progress"
)

// module is a directory with a Dockerfile and one file, and the image of it.
func module(t *testing.T, name string, dockerfile ...string) ecr.Image {
	t.Helper()
	image := ecr.Image{Repository: name, Context: t.TempDir()}
	if len(dockerfile) == 0 {
		dockerfile = []string{"FROM scratch", "COPY . /"}
	}
	write(t, image, "Dockerfile", strings.Join(dockerfile, "\n")+"\n")
	write(t, image, "main.py", "print('"+name+"')\n")
	return image
}

func write(t *testing.T, image ecr.Image, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(image.Context, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rig is a registry, an engine and what they are told.
type rig struct {
	cloud  *ecrtest.Cloud
	engine *enginetest.Engine
	events progress.Recorder
}

func newRig(opts ecrtest.Options, before func(ctx context.Context, op, name string) error, repositories ...string) *rig {
	cloud := ecrtest.New(opts)
	for _, name := range repositories {
		cloud.AddRepository(name)
	}
	return &rig{cloud: cloud, engine: enginetest.New(cloud, enginetest.Options{Before: before})}
}

func (r *rig) publisher(opts ecr.Options) *ecr.Publisher {
	opts.Engine = r.engine
	opts.Progress = r.events.Record
	return ecr.New(r.cloud.Client(), opts)
}

func (r *rig) plan(t *testing.T, opts ecr.Options, images ...ecr.Image) ecr.Plan {
	t.Helper()
	plan, err := r.publisher(opts).Plan(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// publish plans and applies, which must succeed.
func (r *rig) publish(t *testing.T, opts ecr.Options, images ...ecr.Image) (ecr.Plan, ecr.Result) {
	t.Helper()
	publisher := r.publisher(opts)
	plan, err := publisher.Plan(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	result, err := publisher.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return plan, result
}

// writes counts the calls that change something, or get ready to.
func (r *rig) writes() int {
	n := 0
	for _, op := range []string{"PutImage", "GetAuthorizationToken", "PUT manifests", "POST uploads"} {
		n += r.cloud.Calls(op)
	}
	return n + r.engine.Calls("build") + r.engine.Calls("push")
}

// at is the digest that a tag points to, or "".
func (r *rig) at(repository, tag string) string {
	for _, i := range r.cloud.Images(repository) {
		if slices.Contains(i.Tags, tag) {
			return i.Digest
		}
	}
	return ""
}

func outcomes(r ecr.Result) map[string]ecr.Outcome {
	all := make(map[string]ecr.Outcome)
	for _, i := range r.Images {
		all[i.Module] = i.Outcome
	}
	return all
}

// fix makes the tags of a repository immutable.
func fix(t *testing.T, cloud *ecrtest.Cloud, repository string) {
	t.Helper()
	_, err := cloud.Client().PutImageTagMutability(t.Context(), &awsecr.PutImageTagMutabilityInput{
		RepositoryName: &repository, ImageTagMutability: types.ImageTagMutabilityImmutable,
	})
	if err != nil {
		t.Fatal(err)
	}
}
