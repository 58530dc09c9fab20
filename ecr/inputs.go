package ecr

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
)

// inputs are what makes one image, read once: what is built is what was hashed.
type inputs struct {
	files *buildcontext.Context
	bases []buildcontext.Base
	hash  string // in full
}

// readInputs reads and hashes the inputs of all images, several at once, and
// fills in the fault of each one that has any.
func (p *Publisher) readInputs(ctx context.Context, images []Image, faults []error) []inputs {
	all := make([]inputs, len(images))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, image := range images {
		group.Go(func() error {
			p.opts.Progress.Emit(progress.Event{Op: opPlan, Subject: image.Module, State: progress.Running, Message: "hashing"})
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
	return inputs{files: files, bases: bases, hash: hash}, nil
}

// pins returns the digests of those bases that image.Bases pins. One that nothing
// pins is an error: its tag may stand for another image tomorrow, and the hash
// would be the same.
func pins(image Image, dockerfile string, bases []buildcontext.Base) (map[string]string, error) {
	pinned := make(map[string]string)
	var errs []error
	for _, base := range bases {
		digest, known := image.Bases[base.Image]
		switch {
		case known:
			pinned[base.Image] = digest
		case base.Pinned(), image.Epoch != "":
		default:
			errs = append(errs, fmt.Errorf("image %s: %s:%d: %s: %w: give its digest in the Dockerfile or in Image.Bases, or set Image.Epoch",
				image.Module, clean.Text(dockerfile), base.Line, clean.Text(base.Image), ErrUnpinned))
		}
	}
	return pinned, errors.Join(errs...)
}
