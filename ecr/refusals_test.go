package ecr_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// refusing lets ECR refuse the n-th call of op, from 1; below that, every one.
func refusing(op string, n int, code, message string) ecrtest.Options {
	return ecrtest.Options{Before: func(called string, nth int) *ecrtest.Error {
		if called == op && (n < 1 || nth == n) {
			return &ecrtest.Error{Code: code, Message: message}
		}
		return nil
	}}
}

func TestWhatECRRefuses(t *testing.T) {
	const no = "User: arn:aws:iam::1:role/ci is not authorized to perform: that"
	ownBase := "FROM " + ecrtest.DefaultHost + "/base@sha256:" + strings.Repeat("0", 64)
	tests := map[string]struct {
		opts       ecrtest.Options
		dockerfile string
		phase      ecr.Phase // empty where the plan fails
		want       string    // what the error says between the module and ECR's own words
	}{
		"to describe repositories": {
			opts: refusing("DescribeRepositories", 0, "AccessDeniedException", no),
			want: "plan images: describe repositories: ",
		},
		"to tell what there is": {
			opts: refusing("BatchGetImage", 0, "AccessDeniedException", no),
			want: "plan images: read repository web: get images: ",
		},
		"a token": {
			opts: refusing("GetAuthorizationToken", 0, "AccessDeniedException", no), phase: ecr.PhasePush,
			want: "publish image web: push ",
		},
		"a token for the base image": {
			opts: refusing("GetAuthorizationToken", 0, "AccessDeniedException", no), dockerfile: ownBase, phase: ecr.PhaseBuild,
			want: "publish image web: get authorisation token: ",
		},
		"a look before the build": {
			opts: refusing("BatchGetImage", 2, "AccessDeniedException", no), phase: ecr.PhaseBuild,
			want: "publish image web: look for tag inputs-",
		},
		"another look before the push": {
			opts: refusing("BatchGetImage", 3, "AccessDeniedException", no), phase: ecr.PhasePush,
			want: "publish image web: look for tag inputs-",
		},
		"a look at the tags": {
			opts: refusing("BatchGetImage", 4, "AccessDeniedException", no), phase: ecr.PhaseTag,
			want: "publish image web: look for its tags: ",
		},
		"to tell the manifest": {
			opts: refusing("BatchGetImage", 5, "AccessDeniedException", no), phase: ecr.PhaseTag,
			want: "publish image web: get images: ",
		},
		"to move a tag": {
			opts: refusing("PutImage", 0, "AccessDeniedException", no), phase: ecr.PhaseTag,
			want: "publish image web: move tag latest: ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(tt.opts, nil, "web")
			web := module(t, "web")
			if tt.dockerfile != "" {
				web = module(t, "web", tt.dockerfile)
			}
			web.Tags = []string{"latest"}
			publisher := r.publisher(ecr.Options{})
			plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
			if err == nil {
				_, err = publisher.Apply(t.Context(), plan)
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || !strings.Contains(err.Error(), no) {
				t.Errorf("error %v\nwant it to begin with %q and to hold what ECR says", err, tt.want)
			}
			phase := ecr.Phase("")
			if failed, ok := errors.AsType[*ecr.ImageError](err); ok {
				phase = failed.Phase
			}
			if phase != tt.phase {
				t.Errorf("phase %q, want %q", phase, tt.phase)
			}
			if names := r.engine.Names(); len(names) > 0 {
				t.Errorf("the engine keeps %v", names)
			}
		})
	}
}

func TestOneTagTooManyHasARemedy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the SDK tries again
		r := newRig(refusing("PutImage", 0, "LimitExceededException", "too many"), nil, "web")
		web := module(t, "web")
		web.Tags = []string{"latest"}
		publisher := r.publisher(ecr.Options{})
		plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
		if err != nil {
			t.Fatal(err)
		}
		_, err = publisher.Apply(t.Context(), plan)
		if err == nil || !strings.Contains(err.Error(), "publish image web: move tag latest: ") || !strings.Contains(err.Error(), "ecr/cleanup") {
			t.Errorf("error %v, want a remedy", err)
		}
	})
}

// wrapped is an API whose answers to BatchGetImage are changed, and that keeps the
// registry of each call.
type wrapped struct {
	ecr.API
	change     func(*awsecr.BatchGetImageOutput)
	registries map[string]bool
}

func (w *wrapped) BatchGetImage(ctx context.Context, in *awsecr.BatchGetImageInput, o ...func(*awsecr.Options)) (*awsecr.BatchGetImageOutput, error) {
	w.note(in.RegistryId)
	out, err := w.API.BatchGetImage(ctx, in, o...)
	if err == nil && w.change != nil {
		w.change(out)
	}
	return out, err
}

func (w *wrapped) DescribeRepositories(ctx context.Context, in *awsecr.DescribeRepositoriesInput, o ...func(*awsecr.Options)) (*awsecr.DescribeRepositoriesOutput, error) {
	w.note(in.RegistryId)
	return w.API.DescribeRepositories(ctx, in, o...)
}

func (w *wrapped) DescribeImages(ctx context.Context, in *awsecr.DescribeImagesInput, o ...func(*awsecr.Options)) (*awsecr.DescribeImagesOutput, error) {
	w.note(in.RegistryId)
	return w.API.DescribeImages(ctx, in, o...)
}

func (w *wrapped) PutImage(ctx context.Context, in *awsecr.PutImageInput, o ...func(*awsecr.Options)) (*awsecr.PutImageOutput, error) {
	w.note(in.RegistryId)
	return w.API.PutImage(ctx, in, o...)
}

func (w *wrapped) note(registry *string) {
	if registry == nil {
		registry = new("default")
	}
	w.registries[*registry] = true
}

func TestAnImageThatECRCannotReadIsAnError(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	api := &wrapped{API: r.cloud.Client(), registries: map[string]bool{}, change: func(out *awsecr.BatchGetImageOutput) {
		for i := range out.Failures {
			out.Failures[i].FailureCode, out.Failures[i].FailureReason = types.ImageFailureCodeKmsError, new("the key is gone")
		}
	}}
	_, err := ecr.New(api, ecr.Options{}).Plan(t.Context(), []ecr.Image{module(t, "web")})
	if err == nil || !strings.Contains(err.Error(), "plan images: read repository web: get image inputs-") || !strings.Contains(err.Error(), ": KmsError: the key is gone") {
		t.Errorf("error %v: a tag that cannot be read is not one that does not exist", err)
	}
}

func TestEveryCallNamesTheRegistry(t *testing.T) {
	for _, id := range []string{"", ecrtest.Account} {
		r := newRig(ecrtest.Options{}, nil, "web")
		api := &wrapped{API: r.cloud.Client(), registries: map[string]bool{}}
		publisher := ecr.New(api, ecr.Options{Engine: r.engine, RegistryID: id, MaxAge: 1e18})
		web := module(t, "web")
		for _, tag := range []string{"a", "b"} {
			web.Tags = []string{tag}
			plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := publisher.Apply(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
		}
		if id == "" {
			id = "default"
		}
		if len(api.registries) != 1 || !api.registries[id] {
			t.Errorf("registries %v, want %s alone", api.registries, id)
		}
	}
}

func TestAnImageThatIsDeletedAfterThePlan(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	web := module(t, "web")
	_, result := r.publish(t, ecr.Options{}, web)
	web.Tags = []string{"a"}
	publisher := r.publisher(ecr.Options{})
	plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.cloud.Client().BatchDeleteImage(t.Context(), &awsecr.BatchDeleteImageInput{
		RepositoryName: new("web"), ImageIds: []types.ImageIdentifier{{ImageDigest: &result.Images[0].Digest}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = publisher.Apply(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "it is gone: plan again") {
		t.Errorf("error %v, want one that says so", err)
	}
}

func TestTagsDoNotWaitForBuilds(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "built", "tagged")
	tagged := module(t, "tagged")
	r.publish(t, ecr.Options{}, tagged)
	tagged.Tags = []string{"a"}
	r.publish(t, ecr.Options{Parallel: 1}, module(t, "built"), tagged)
	var order []string
	for _, e := range r.events.Events() {
		if e.State.Ended() {
			order = append(order, e.Subject)
		}
	}
	// The plan and the image of the first run, the plan of the second, and its images.
	if got := strings.Join(order, " "); got != "tagged tagged built tagged tagged built" {
		t.Errorf("ended in the order %s, want the tags before the build", got)
	}
}
