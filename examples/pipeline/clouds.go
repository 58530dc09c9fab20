package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/docker"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/examples/internal/stages/basicinfra"
	"github.com/mettel-automation/delivery/examples/internal/stages/build"
	"github.com/mettel-automation/delivery/examples/pipeline/sample"
)

// open connects to the cloud and the engine that the flags name. Finish ends what it has
// begun.
func (d *delivery) open(ctx context.Context) (finish func(), err error) {
	finish = func() {}
	if d.docker {
		d.engine = docker.Connect
	}
	if d.aws {
		d.connect = cloud.AWS()
		c, err := d.connect(ctx, d.job)
		if err == nil {
			d.job.Run.Cloud = c.Name
		}
		return finish, err
	}
	if err := d.checkFaults(); err != nil {
		return finish, err
	}
	tuning := localcloud.Options{Speed: d.speed, Seed: d.seed}
	if name := d.job.Config.Infrastructure.TemplateBucket; name != "" {
		tuning.Buckets = []string{name}
	}
	var listener net.Listener
	if d.docker { // a real engine pushes to a port
		var config net.ListenConfig
		if listener, err = config.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return finish, err
		}
		tuning.RegistryHost = listener.Addr().String()
	}
	d.memory = localcloud.New(tuning)
	if listener != nil {
		server := &http.Server{Handler: d.memory, ReadHeaderTimeout: 10 * time.Second}
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(listener) }()
		finish = func() { _, _ = server.Close(), <-ended }
	} else {
		d.engine = func(context.Context) (ecr.Engine, error) { return d.memory.Engine(), nil }
	}
	d.connect = cloud.Fixed(&cloud.Cloud{
		AWS: d.memory.Config(), Account: localcloud.Account, Speed: d.speed, Papertrail: d.memory.Papertrail(), Name: "an AWS in memory",
	})
	d.job.Run.Cloud = "an AWS in memory"
	if err := d.before(ctx); err != nil {
		return finish, err
	}
	for _, f := range d.faults {
		d.memory.Inject(f)
	}
	return finish, nil
}

// checkFaults refuses faults of what the system has not.
func (d *delivery) checkFaults() error {
	for _, f := range d.faults {
		known := d.job.Config.ServiceNames()
		switch f.Kind {
		case localcloud.StackFault: // resources are known when templates are rendered
			continue
		case localcloud.ImageFault:
			known = nil
			for _, image := range d.job.Config.Images.Modules {
				known = append(known, d.job.Config.Repository(image.Module))
			}
		}
		if !slices.Contains(known, f.Subject) {
			return fmt.Errorf("-inject %s: there is no %q, only %s", f, f.Subject, strings.Join(known, ", "))
		}
	}
	return nil
}

// before brings the account in memory to where that of the sample stands: the images of
// production are in the registry.
func (d *delivery) before(ctx context.Context) error {
	if !d.isSample {
		return nil
	}
	dir, err := os.MkdirTemp("", "delivery-before-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary directory harms nobody
	path := filepath.Join(dir, config.Name)
	if err := errors.Join(sample.BaseTree(dir), os.WriteFile(path, automation, 0o600)); err != nil {
		return fmt.Errorf("make the sample: %w", err)
	}
	j, err := job.Options{File: path, Branch: sample.Base}.Open(func(string) string { return "" }, false)
	if err != nil {
		return err
	}
	engine := func(context.Context) (ecr.Engine, error) { return d.memory.Engine(), nil }
	return d.unseen(ctx, j, append(basicinfra.Stages(d.connect, basicinfra.Options{})[:1], build.Stage(d.connect, build.Options{Engine: engine}))...)
}
