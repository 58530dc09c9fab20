// Package charts has what a cluster needs before runtimes move in, as settings that
// are checked and named for what they mean: external-dns, cert-manager with an issuer
// of certificates, an ingress controller and a provisioner of storage.
//
//	releases, err := charts.Cluster{
//		ExternalDNS: &charts.ExternalDNS{Owner: "kre-dev", Role: dnsRole, Policy: charts.Sync, Domains: []string{"mettel-automation.net"}},
//		CertManager: &charts.CertManager{Role: certRole},
//		Issuer:      &charts.Issuer{Email: "ops@mettel-automation.net", Region: "us-east-1"},
//		Ingress:     charts.IngressNginx{Sources: []string{"203.0.113.0/24"}},
//		Storage:     charts.HostPathProvisioner{Path: "/mnt/efs/kre-dev"},
//	}.Releases()
//	plan, err := engine.Plan(ctx, releases)
//
// Each has the repository and the version of a chart by default, which its
// documentation says, and takes others: these projects move. ingress-nginx is retired
// since March 2026, and hostpath-provisioner is not maintained; anything that is a
// [Source] can take their place, such as [Custom], a release as it is.
//
// It installs nothing: package kre does, and it refuses keys that a chart does not
// have. The roles for service accounts come from package infra.
package charts

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/internal/values"
)

// Source makes a release: each of the charts here, or [Custom].
type Source interface {
	Release() (kre.Release, error)
}

// Custom is a release of another chart, such as another ingress controller.
type Custom kre.Release

// Release is the release as it is.
func (c Custom) Release() (kre.Release, error) { return kre.Release(c), nil }

// Common are settings that all charts have. The zero value is the chart's own name and
// namespace, and the documented chart.
type Common struct {
	// Name and Namespace of the release.
	Name, Namespace string
	// Chart in place of the documented one. Where only its Version is set, it is that
	// version of the documented one.
	Chart kre.Chart
	// Values are further values, in the words of the chart. Those that belong to a
	// setting are an error, even where it is not made, unless they are the same: two
	// places for one thing would come to contradict each other.
	Values map[string]any
	// AllowUnknown, Needs and Timeout are those of the release.
	AllowUnknown, Needs []string
	Timeout             time.Duration
}

// documented says what a chart is called, and where it is.
type documented struct {
	name, namespace string
	chart           kre.Chart
}

// release makes the release, or says all that is wrong with it.
func (c Common) release(d documented, typed map[string]any, faults []error) (kre.Release, error) {
	name := cmp.Or(c.Name, d.name)
	extra, err := values.Normalize(c.Values)
	if err != nil {
		faults = append(faults, fmt.Errorf("read Values: %w", err))
	}
	merged, clashes := merge("", typed, extra)
	faults = append(faults, clashes...)
	if len(faults) > 0 {
		for i, err := range faults {
			faults[i] = fmt.Errorf("%s: %w", name, err)
		}
		return kre.Release{}, errors.Join(faults...)
	}
	chart := c.Chart
	if chart == (kre.Chart{Version: chart.Version}) {
		chart = d.chart
		chart.Version = cmp.Or(c.Chart.Version, chart.Version)
	}
	return kre.Release{
		Name: name, Namespace: cmp.Or(c.Namespace, d.namespace), Chart: chart, Values: made(merged),
		AllowUnknown: c.AllowUnknown, Needs: c.Needs, Timeout: c.Timeout,
	}, nil
}

// unmade is in the place of a value whose setting is not made: the name of the
// setting, to which the value belongs all the same.
type unmade string

// merge adds extra to typed. A key that both have, with different values, is a fault.
func merge(path string, typed, extra map[string]any) (map[string]any, []error) {
	out := maps.Clone(typed)
	if out == nil {
		out = make(map[string]any)
	}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		value := extra[key]
		have, ok := out[key]
		under, isMap := have.(map[string]any)
		over, alsoMap := value.(map[string]any)
		setting, isUnmade := have.(unmade)
		switch {
		case !ok:
			out[key] = value
		case isUnmade:
			faults = append(faults, fmt.Errorf("value %s%s belongs to the setting %s; make that in place of it in Values", path, key, setting))
		case isMap && alsoMap:
			merged, clashes := merge(path+key+".", under, over)
			out[key] = merged
			faults = append(faults, clashes...)
		case isMap:
			faults = append(faults, fmt.Errorf("value %s%s has values of settings below it, and is %v in Values; leave it out of Values", path, key, value))
		case !same(have, value):
			faults = append(faults, fmt.Errorf("value %s%s is %v by a setting and %v in Values; leave it out of Values", path, key, have, value))
		}
	}
	return out, faults
}

// same reports whether a value is what a normalized one is.
func same(value, normal any) bool {
	m, err := values.Normalize(map[string]any{"": value})
	return err == nil && reflect.DeepEqual(m[""], normal)
}

// made are the values without those whose setting is not made.
func made(all map[string]any) map[string]any {
	out := make(map[string]any)
	for key, value := range all {
		switch v := value.(type) {
		case unmade:
		case map[string]any:
			if below := made(v); len(below) > 0 || len(v) == 0 {
				out[key] = below
			}
		default:
			out[key] = v
		}
	}
	return out
}

// Cluster is what a cluster needs. What is nil is left out.
type Cluster struct {
	ExternalDNS *ExternalDNS
	CertManager *CertManager
	// Issuer needs CertManager.
	Issuer *Issuer
	// Ingress is the controller, and Storage the provisioner.
	Ingress, Storage Source
	// Others are further releases.
	Others []kre.Release
}

// Releases are those of all, or all that is wrong with them. The issuer comes after
// cert-manager; the others are independent.
func (c Cluster) Releases() ([]kre.Release, error) {
	var sources []Source
	if c.ExternalDNS != nil {
		sources = append(sources, *c.ExternalDNS)
	}
	if c.CertManager != nil {
		sources = append(sources, *c.CertManager)
	}
	var faults []error
	switch {
	case c.Issuer == nil:
	case c.CertManager == nil:
		faults = append(faults, errors.New("the issuer needs cert-manager, which is left out"))
	default:
		issuer := *c.Issuer
		issuer.Needs = append(slices.Clone(issuer.Needs), cmp.Or(c.CertManager.Name, certManager.name))
		issuer.Namespace = cmp.Or(issuer.Namespace, c.CertManager.Namespace)
		sources = append(sources, issuer)
	}
	for _, s := range []Source{c.Ingress, c.Storage} {
		if v := reflect.ValueOf(s); v.IsValid() && (v.Kind() != reflect.Pointer || !v.IsNil()) {
			sources = append(sources, s)
		}
	}
	releases := slices.Clone(c.Others)
	for _, s := range sources {
		r, err := s.Release()
		faults = append(faults, err)
		releases = append(releases, r)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return releases, nil
}

// faults gathers what is wrong.
type faults []error

func (f *faults) add(wrong bool, format string, args ...any) {
	if wrong {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// The ARN of an IAM role, as the annotation of a service account wants it.
var roleARN = regexp.MustCompile(`^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)

func (f *faults) role(arn string) {
	f.add(arn != "" && !roleARN.MatchString(arn), "role %q is not the ARN of an IAM role; want arn:aws:iam::111122223333:role/name", arn)
}

// account is the service account with its role.
func account(role string) map[string]any {
	return map[string]any{"annotations": map[string]any{"eks.amazonaws.com/role-arn": or(role, "Role")}}
}

// or is value, or that the setting is not made where it is the zero value.
func or(value any, setting string) any {
	if v := reflect.ValueOf(value); !v.IsValid() || v.IsZero() {
		return unmade(setting)
	}
	return value
}

// only is value where the setting is made.
func only(is bool, value any, setting string) any {
	if !is {
		return unmade(setting)
	}
	return value
}

// list is a slice as values have it, nil for none.
func list(texts []string) []any {
	var out []any
	for _, t := range texts {
		out = append(out, t)
	}
	return out
}

// A domain as DNS has it, without the dot at its end.
var domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (f *faults) domains(what string, names []string) {
	for _, name := range names {
		f.add(!domain.MatchString(name) || len(name) > 253, "%s %q is no domain; want one such as mettel-automation.net", what, name)
	}
}

func (f *faults) oneOf(what, value string, allowed ...string) {
	f.add(!slices.Contains(allowed, value), "%s %q is unknown; want %s", what, value, strings.Join(allowed, ", "))
}

// The name of an object that is in no namespace.
var objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)

func (f *faults) objectName(kind, name string) {
	f.add(!objectName.MatchString(name), "%s %q is no name: want small letters, digits, hyphens and dots", kind, name)
}
