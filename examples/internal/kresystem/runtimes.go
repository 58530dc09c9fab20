package kresystem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
)

// Runtimes are the runtimes of an environment as they are planned, and what came of it.
type Runtimes struct {
	Plan   *runtime.Plan   `json:"plan,omitempty"`
	Result *runtime.Result `json:"result,omitempty"`
}

// Runtimes plans the runtime of a name, or all for "", and with apply brings them up.
func (s *System) Runtimes(ctx context.Context, name string, apply bool) (*Runtimes, error) {
	r := &Runtimes{}
	wanted, err := s.Environment.runtimes(name)
	if err != nil {
		return r, err
	}
	out, c, err := s.Found(ctx)
	if err != nil {
		return r, err
	}
	list, err := s.filled(ctx, wanted, out)
	if err != nil {
		return r, err
	}
	manager := s.runtimes(c, wanted, zone.Options{}, nil)
	r.Result, err = step[runtime.Plan, runtime.Result]{
		name:  "runtimes",
		plan:  func(ctx context.Context) (runtime.Plan, error) { return manager.Plan(ctx, list) },
		begun: func(p runtime.Plan) { r.Plan = &p },
		apply: manager.Apply,
		says:  func(_ runtime.Plan, r runtime.Result) string { return r.String() },
	}.run(ctx, s.Console, apply)
	return r, err
}

// runtimes are those of the file, of which "" are all.
func (e *Environment) runtimes(name string) ([]config.Runtime, error) {
	if name == "" {
		if len(e.Runtimes) == 0 {
			return nil, &InputError{fmt.Errorf("environment %s has no runtimes", e.Name)}
		}
		return e.Runtimes, nil
	}
	var names []string
	for _, r := range e.Runtimes {
		if r.Name == name {
			return []config.Runtime{r}, nil
		}
		names = append(names, r.Name)
	}
	return nil, &InputError{fmt.Errorf("-runtime %s: environment %s has %s", name, e.Name, strings.Join(names, ", "))}
}

// runtimes is what keeps the wanted runtimes. Of those that are allowed, zones of
// production may go.
func (s *System) runtimes(c *Cluster, wanted []config.Runtime, zones zone.Options, allowed []string) *runtime.Manager {
	e := s.Environment
	return runtime.New(runtime.Kubernetes{Client: c.client}, c.engine, s.zones(wanted, zones, allowed), runtime.Options{
		Environment: e.Tag(), Progress: s.Console.Emit, Tags: map[string]string{"Project": e.Project},
		DeleteNamespaces: true, AllowProduction: allowed, PollInterval: pace(5*time.Second, s.kubeFactor),
	})
}

// zones are managers of hosted zones: one that makes them, and of production one for
// each that may be deleted, since a manager allows one.
type zones struct {
	*zone.Manager
	each map[string]*zone.Manager // by name of the zone
}

func (s *System) zones(wanted []config.Runtime, options zone.Options, allowed []string) zones {
	// Route 53 takes five calls a second from an account.
	const rate = 4
	options.Environment, options.Progress, options.Registry = s.Environment.Tag(), s.Console.Emit, s.Environment.registry()
	options.PollInterval, options.Rate = pace(5*time.Second, s.factor), rate*s.factor
	z := zones{Manager: zone.New(s.cloud.zones, options), each: make(map[string]*zone.Manager)}
	for _, r := range wanted {
		if slices.Contains(allowed, r.Name) {
			one := options
			one.AllowProduction, one.Rate = s.Environment.runtime(r).Zone(), options.Rate/float64(len(wanted))
			z.each[one.AllowProduction] = zone.New(s.cloud.zones, one)
		}
	}
	return z
}

func (z zones) of(name string) *zone.Manager {
	if m := z.each[name]; m != nil {
		return m
	}
	return z.Manager
}

// PlanDelete implements [runtime.Zones].
func (z zones) PlanDelete(ctx context.Context, spec zone.Spec) (zone.Deletion, error) {
	return z.of(spec.Name).PlanDelete(ctx, spec)
}

// ApplyDelete implements [runtime.Zones].
func (z zones) ApplyDelete(ctx context.Context, d zone.Deletion) (zone.Deleted, error) {
	return z.of(d.Zone).ApplyDelete(ctx, d)
}

// runtime is one of the file without its secrets.
func (e *Environment) runtime(r config.Runtime) runtime.Runtime {
	v := runtime.Runtime{
		Name: r.Name, Title: r.Title, Domain: r.Domain, ZoneID: r.ZoneID, DomainZoneID: r.DomainZoneID, Kind: e.Kind,
		Generation: runtime.Generation(r.Generation), Chart: e.chart(r.Chart), Admin: r.Admin, Auth: runtime.Auth{LinkLifetime: r.LinkLifetime},
		Storage: runtime.Storage{
			Class: r.Storage.Class, AdminAPI: runtime.Volume(r.Storage.AdminAPI), NATS: runtime.Volume(r.Storage.NATS),
			Chronograf: runtime.Volume(r.Storage.Chronograf), InfluxDB: runtime.Volume(r.Storage.InfluxDB), MongoDB: runtime.Volume(r.Storage.MongoDB),
		},
		MongoDB:      runtime.MongoDB{SecretName: r.MongoDB.SecretName, SecretKey: r.MongoDB.SecretKey},
		IngressClass: r.IngressClass, Values: r.Values, AllowUnknown: r.AllowUnknown, Timeout: r.Timeout,
	}
	if t := r.TLS; t != nil {
		v.TLS = &runtime.TLS{ClusterIssuer: t.ClusterIssuer, WildcardSecret: t.WildcardSecret}
		if t.ACME != nil {
			v.TLS.ACME = &runtime.ACME{Server: t.ACME.Server, Email: t.ACME.Email}
			if d := t.ACME.DNS; d != nil {
				v.TLS.ACME.DNS = &runtime.DNS{Region: d.Region, AccessKeyID: d.AccessKeyID}
			}
		}
	}
	return v
}

// filled are runtimes with their secrets, and with the credentials for mail that are in
// the environment's bucket.
func (s *System) filled(ctx context.Context, wanted []config.Runtime, out infra.KREClusterOutputs) ([]runtime.Runtime, error) {
	var list []runtime.Runtime
	var errs []error
	for _, r := range wanted {
		v := s.Environment.runtime(r)
		v.Timeout = s.patient(v.Timeout)
		if err := s.Secrets.fill(s.Environment, r.Secrets, &v); err != nil {
			errs = append(errs, &InputError{err})
		}
		list = append(list, v)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if made := s.Secrets.missing; len(made) > 0 {
		s.Console.Say("secrets that are not there are made up: "+strings.Join(made, ", "), "")
	}
	if !slices.ContainsFunc(wanted, func(r config.Runtime) bool { return r.Sender != "" }) {
		return list, nil
	}
	deliverer, spec := s.keys(out)
	smtp, err := deliverer.SMTP(ctx, spec)
	if errors.Is(err, keys.ErrNotDelivered) {
		err = fmt.Errorf("%w; here that is basic-infra-kre apply", err)
	}
	if err != nil {
		return nil, err
	}
	for i, r := range wanted {
		if r.Sender != "" {
			list[i].SMTP = &runtime.SMTP{
				Host: smtp.Host, Port: smtp.Port, Sender: r.Sender, User: smtp.Username, Password: runtime.Secret(smtp.Password.Reveal()),
			}
		}
	}
	return list, nil
}

// InputError is a fault of the flags, of the file or of the secrets that it names.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the fault.
func (e *InputError) Unwrap() error { return e.Err }
