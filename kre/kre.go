// Package kre keeps Helm releases in a Kubernetes cluster as desired: the charts
// that a cluster needs, and the runtimes of KRE that live on them.
//
// [Engine.Plan] renders charts and compares them with what is deployed, object by
// object; [Engine.Apply] does what the plan says:
//
//	engine, err := kre.New(config, kre.Options{Run: pipeline})
//	...
//	plan, err := engine.Plan(ctx, []kre.Release{
//		{Name: "cert-manager", Namespace: "cert-manager", Chart: kre.Chart{Path: "charts/cert-manager"}},
//		{Name: "issuers", Namespace: "cert-manager", Chart: kre.Chart{Path: "charts/issuers"}, Needs: []string{"cert-manager"}},
//	})
//	...
//	result, err := engine.Apply(ctx, plan)
//
// What has not changed is left alone, and what an earlier run left half done is taken
// up: a failed installation, an operation that was killed, an interrupted removal.
//
// It does not look for changes that others made to objects of an unchanged release,
// deletes no namespace or claim but those that a chart itself has, and runs no chart tests.
package kre

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/progress"
)

// RenderVersion is the version of Kubernetes that charts are told of where there is no
// cluster to ask: the newest that this package was tested with. Helm's own is 1.20, for
// which today's charts are not.
const RenderVersion = "v1.36.3"

// Op is the operation of the engine's events; their subject is a release.
const Op = "kre.release"

// Release is one desired installation of a chart.
type Release struct {
	// Name of the release: a DNS label of at most 53 characters, as helm has it. It is
	// unique among the releases that are planned together.
	Name string
	// Namespace that the release is stored in, and that objects go to which name
	// none. It is made where it does not exist, and never deleted.
	Namespace string
	Chart     Chart
	// Values that differ from the chart's defaults. Maps are merged with those, lists
	// replace them, and nil takes a default away. Anything that encodes as JSON can
	// be a value.
	Values map[string]any
	// Secrets are values too, merged over Values, and are hidden in plans, events
	// and errors wherever they turn up. They are stored with the release, as all
	// its values, in a Secret of its namespace.
	Secrets map[string]any
	// Needs are the names of releases that must be done before this one begins.
	Needs []string
	// Timeout is how long the release may take from its first write until it is
	// ready, with its hooks; default 5 minutes.
	Timeout time.Duration
	// AllowUnknown are keys of values, with dots ("controller.extra"), that the chart
	// uses though neither its values.yaml nor its schema names them. What is below such
	// a key is allowed with it; "*" allows all. Any other unknown key is an error.
	AllowUnknown []string
}

// String is the name and the namespace. It shows no values.
func (r Release) String() string { return r.Namespace + "/" + r.Name }

// GoString is String, so that no format prints secrets.
func (r Release) GoString() string { return r.String() }

// Chart says where a chart is: at Path, in Files, or in a Repository.
type Chart struct {
	// Path of a directory or a .tgz archive. Dependencies must be in its charts
	// folder; none are downloaded.
	Path string
	// Files is the directory of a chart that is part of the program, such as an
	// embed.FS.
	Files fs.FS
	// Repository is the address of a chart repository ("https://charts.jetstack.io"),
	// or of a registry and the folder in it ("oci://registry-1.docker.io/bitnamicharts").
	// Registries on localhost are asked without TLS.
	Repository string
	// Name of the chart in the repository.
	Name string
	// Version, or a constraint such as "~1.2", of which the newest is taken.
	// Required with a repository, so that one and the same plan is made tomorrow.
	Version string
	// Username and Password for the repository. They are sent to its own host alone,
	// and nobody else's credentials are ever read.
	Username, Password string
	// Keyring is the path of a file of public keys. Where it is set, the chart must
	// be an archive with a provenance that one of them signed.
	Keyring string
}

// String names the chart without credentials.
func (c Chart) String() string {
	switch {
	case c.Path != "":
		return c.Path
	case c.Files != nil:
		return "of this program"
	}
	return credentials.ReplaceAllString(c.Repository, "$1") + "/" + c.Name + " " + c.Version
}

// credentials are those in an address, which nobody is to see.
var credentials = regexp.MustCompile(`^([a-zA-Z0-9+.-]*://)?[^/?#]*@`)

// GoString is String, so that no format prints the password.
func (c Chart) GoString() string { return c.String() }

// Options tune an Engine. The zero value is ready to use.
type Options struct {
	// Progress hears of each release: operation [Op]. A nil one is silence.
	Progress progress.Func
	// Parallel is how many releases are worked on at once; default 4.
	Parallel int
	// MaxHistory is how many revisions of a release are kept; default 10.
	MaxHistory int
	// Rollback returns a release to its last good revision when an upgrade fails. The
	// error still says why it failed. A failed first installation is left as it is, so
	// that one can look at it, and is upgraded by the next run.
	Rollback bool
	// DeleteCRDs lets CustomResourceDefinitions be deleted, and with them all objects
	// of their kinds in all namespaces. Without it a release whose manifest has some is
	// not removed, those of crds folders stay, and so do those that an upgrade or a
	// rollback has no more.
	DeleteCRDs bool
	// Run says who works, such as the number of a pipeline. It is shown to others who
	// wait for a release. A run that finds a release locked by its own name takes
	// it up at once, as the repeated job of a pipeline does.
	Run string
	// LockWait is how long to wait for another run that works on a release; default
	// 10 minutes. A negative one is not at all.
	LockWait time.Duration
	// LockAge is after what time an operation that the helm command or another program
	// began, and which does not say how long it may take, counts as abandoned; default
	// 15 minutes. Those of this package say it.
	LockAge time.Duration
	// Dir keeps downloaded charts. Default is a temporary one for each call, which is
	// removed again.
	Dir string
	// HTTP fetches charts from repositories; default is [http.DefaultTransport].
	HTTP http.RoundTripper
	// Waiter makes what waits until the objects of a release are ready; default is
	// package kre/readiness. Messages of the cluster pass redact on their way out.
	Waiter func(cluster Cluster, redact func(string) string) Waiter
}

// Engine keeps releases of one cluster. It is safe for concurrent use.
type Engine struct {
	config *rest.Config
	opts   Options
	charts sync.Mutex // one at a time locates charts, who may share a directory
}

// New returns an Engine for the cluster of config. A nil config is enough to
// render. Where config has no rate of its own, requests are limited to 50 a second
// with bursts of 300 per release. It fails where config cannot be used, as with a
// certificate that does not parse; it asks nothing of the cluster.
func New(config *rest.Config, opts Options) (*Engine, error) {
	if config != nil {
		if _, err := rest.HTTPClientFor(config); err != nil {
			return nil, fmt.Errorf("use the configuration of the cluster: %w", err)
		}
	}
	opts.Parallel = max(cmp.Or(opts.Parallel, 4), 1)
	opts.MaxHistory = max(cmp.Or(opts.MaxHistory, 10), 2) // the one that is deployed, and the next
	opts.LockWait = cmp.Or(opts.LockWait, 10*time.Minute)
	opts.LockAge = cmp.Or(opts.LockAge, 15*time.Minute)
	if opts.HTTP == nil {
		opts.HTTP = http.DefaultTransport
	}
	if opts.Waiter == nil {
		opts.Waiter = waitByReadiness
	}
	return &Engine{config: config, opts: opts}, nil
}

// Render fills in the values of a chart, without a cluster, and returns the
// manifests: YAML documents in the order in which they would be installed, hooks
// last. They hold the secrets of the release. The chart is told of Kubernetes
// [RenderVersion] and of no kinds beyond those that helm assumes without a cluster, and
// its lookups find nothing.
func (e *Engine) Render(ctx context.Context, r Release) ([]byte, error) {
	d, err := e.load(ctx, r)
	if err != nil {
		return nil, &ReleaseError{Release: r.Name, Namespace: r.Namespace, Verb: "render", Err: err}
	}
	rendered, err := d.render(helm.Rendering{Capabilities: helm.Capabilities{KubeVersion: RenderVersion}}, nil)
	if err != nil {
		return nil, &ReleaseError{Release: r.Name, Namespace: r.Namespace, Verb: "render", Err: err}
	}
	text := []byte(rendered.Manifest)
	for _, h := range rendered.Hooks {
		text = fmt.Appendf(text, "---\n# Source: %s\n%s\n", h.Path, h.Manifest)
	}
	return text, nil
}
