package ecr

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
)

// inputs are what makes one image, read once: what is built is what was hashed.
type inputs struct {
	files *buildcontext.Context // with the digests of Image.Bases in its Dockerfile
	bases []buildcontext.Base
	hash  string // in full
}

// hint is a part of the reason for a build that people could do without.
func (in inputs) hint() string {
	if in.files == nil || !in.files.Has(".git") {
		return ""
	}
	return "; .git is one of them, and changes with each commit: leave it out in .dockerignore"
}

// readInputs reads and hashes the inputs of all images, several at once, and
// fills in the fault of each one that has any.
func (p *Publisher) readInputs(ctx context.Context, images []Image, faults []error) []inputs {
	all := make([]inputs, len(images))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, image := range images {
		group.Go(func() error {
			p.opts.Progress.Emit(progress.Event{Op: opPublish, Subject: image.Module, State: progress.Running, Message: "hashing"})
			all[i], faults[i] = p.readOne(ctx, image)
			return nil
		})
	}
	_ = group.Wait() // failures are in faults, one an image
	return all
}

func (p *Publisher) readOne(ctx context.Context, image Image) (inputs, error) {
	files, err := buildcontext.Open(ctx, image.Context, buildcontext.Options{Dockerfile: image.Dockerfile, Hashing: p.opts.Hashing})
	if err != nil {
		return inputs{}, invalid(image.Module, err)
	}
	in := buildcontext.Inputs{
		Target: image.Target, Platform: image.Platform, Network: image.Network,
		Args: image.Args, Epoch: image.Epoch, Labels: image.Labels,
	}
	for _, s := range image.Secrets {
		in.Secrets = append(in.Secrets, s.ID)
	}
	bases, err := files.Bases(in)
	if err != nil {
		return inputs{}, invalid(image.Module, err)
	}
	if in.Bases, err = pins(image, files.Dockerfile().Path, bases); err != nil {
		return inputs{}, err
	}
	hash, err := files.Hash(ctx, in)
	if err != nil {
		return inputs{}, fmt.Errorf("image %s: %w", image.Module, err)
	}
	pinned, err := files.Pin(in)
	if err != nil {
		return inputs{}, invalid(image.Module, err)
	}
	return inputs{files: pinned, bases: bases, hash: hash}, nil
}

// pins returns the digests of those bases that image.Bases pins. One that nothing
// pins is an error: its tag may stand for another image tomorrow, and the hash
// would be the same.
func pins(image Image, dockerfile string, bases []buildcontext.Base) (map[string]string, error) {
	pinned := make(map[string]string)
	var loose unpinned
	for _, base := range bases {
		digest, known := image.Bases[base.Image]
		switch {
		case known:
			pinned[base.Image] = digest
		case base.Pinned(), image.Epoch != "":
		default:
			place := fmt.Sprintf("image %s: %s:%d", image.Module, clean.Text(dockerfile), base.Line)
			if base.Line == 0 {
				place = fmt.Sprintf("image %s: its build arguments", image.Module)
			}
			loose = append(loose, unpinnedBase{name: base.Image, place: place})
		}
	}
	if len(loose) > 0 {
		return nil, loose
	}
	return pinned, nil
}

// unpinned is what comes from elsewhere and nothing pins. It matches ErrUnpinned.
type unpinned []unpinnedBase

type unpinnedBase struct {
	name, place string   // where it is first, with the image
	also        []string // other images that have it
}

func (u unpinned) Error() string {
	lines := make([]string, len(u))
	for i, base := range u {
		others := ""
		if len(base.also) > 0 {
			others = " (nor is it in " + several(base.also) + ")"
		}
		what, remedy := "the base image", "give its digest in the Dockerfile or in Image.Bases"
		if strings.Contains(base.name, "://") || strings.HasPrefix(base.name, "git@") {
			what, remedy = "what it adds", "give its --checksum in the Dockerfile"
		}
		lines[i] = fmt.Sprintf("%s: %s: %s is not pinned%s: %s, or set Image.Epoch", base.place, clean.Text(base.name), what, others, remedy)
	}
	return strings.Join(lines, "\n")
}

func (unpinned) Unwrap() error { return ErrUnpinned }

// together joins the faults of images, and names a base image that is not
// pinned in several of them only once.
func together(images []Image, faults []error) error {
	var all unpinned
	var errs []error
	for i, fault := range faults {
		loose, ok := errors.AsType[unpinned](fault)
		if !ok {
			errs = append(errs, fault)
			continue
		}
		for _, base := range loose {
			at := slices.IndexFunc(all, func(b unpinnedBase) bool { return b.name == base.name })
			switch {
			case at < 0:
				all = append(all, base)
			case !strings.HasPrefix(all[at].place, "image "+images[i].Module+":"):
				all[at].also = append(all[at].also, images[i].Module)
			}
		}
	}
	if len(all) > 0 {
		errs = append(errs, all)
	}
	return errors.Join(errs...)
}
