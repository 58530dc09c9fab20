package localcloud

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// Fault is something that goes wrong, as ParseFault reads it.
type Fault struct {
	Kind    FaultKind
	Subject string // name of the ECS service, logical id of the resource, or repository
	Name    string // what goes wrong there
}

// FaultKind says with what something goes wrong.
type FaultKind string

// The kinds of faults. The text of a fault of a service has no kind before it.
const (
	ServiceFault FaultKind = ""      // the tasks of an ECS service: see ecstest.Faults
	StackFault   FaultKind = "stack" // a resource of any stack: a stacktest.Phase, "create" where none is said
	ImageFault   FaultKind = "image" // the pushes into a repository: see ecrtest.Faults
)

// ParseFault reads "notifier=crash", "stack:LogGroup", "stack:LogGroup=delete" or
// "image:automation/notifier=denied".
func ParseFault(text string) (Fault, error) {
	subject, name, named := strings.Cut(text, "=")
	f := Fault{Subject: subject, Name: name}
	if kind, rest, ok := strings.Cut(subject, ":"); ok {
		f.Kind, f.Subject = FaultKind(kind), rest
	}
	if f.Kind == StackFault && !named {
		f.Name = string(stacktest.Create)
	}
	known := f.Kind.names()
	switch {
	case known == nil:
		return f, fmt.Errorf("fault %q: unknown kind %q: want SERVICE=FAULT, stack:LOGICALID=PHASE or image:REPOSITORY=FAULT", text, f.Kind)
	case f.Subject == "":
		return f, fmt.Errorf("fault %q: it does not say where: want SERVICE=FAULT, stack:LOGICALID=PHASE or image:REPOSITORY=FAULT", text)
	case !named && f.Kind != StackFault:
		return f, fmt.Errorf("fault %q: it does not say what goes wrong: want %s=FAULT, one of %s", text, subject, strings.Join(known, ", "))
	case !slices.Contains(known, f.Name):
		return f, fmt.Errorf("fault %q: unknown fault %q: want one of %s", text, f.Name, strings.Join(known, ", "))
	}
	return f, nil
}

// names are the faults of a kind; none of one that is unknown.
func (k FaultKind) names() (names []string) {
	switch k {
	case ServiceFault:
		for _, f := range append(ecstest.Faults(), ecstest.UnhealthyTarget) {
			names = append(names, string(f))
		}
	case StackFault:
		for _, p := range []stacktest.Phase{stacktest.Create, stacktest.Update, stacktest.Delete, stacktest.Rollback} {
			names = append(names, string(p))
		}
	case ImageFault:
		for _, f := range ecrtest.Faults() {
			names = append(names, string(f))
		}
	}
	return names
}

// String is the text that ParseFault reads.
func (f Fault) String() string {
	if f.Kind == ServiceFault {
		return f.Subject + "=" + f.Name
	}
	return string(f.Kind) + ":" + f.Subject + "=" + f.Name
}

// Inject lets f strike from now on: task definitions that are registered, resources
// that reach the phase, images that are pushed. A push that a publisher tries again
// fails once, any other one each time.
func (c *Cloud) Inject(f Fault) {
	switch f.Kind {
	case ServiceFault:
		c.containers.Inject(f.Subject, ecstest.Fault(f.Name))
	case StackFault:
		fault := stacktest.Fault{On: []stacktest.Phase{stacktest.Phase(f.Name)}, Reason: stacktest.NotStabilized}
		if f.Name == string(stacktest.Delete) {
			fault.Reason = stacktest.DependencyViolation
		}
		c.stacks.Inject(f.Subject, fault)
	case ImageFault:
		times := 1
		if kind := ecrtest.Fault(f.Name); kind == ecrtest.Denied || kind == ecrtest.NoRepository {
			times = -1
		}
		c.images.Inject(f.Subject, ecrtest.Fault(f.Name), times)
	}
}

// Faults are a flag.Value that may be given again and again.
type Faults []Fault

// String is empty, as the default of a flag that may be repeated.
func (f *Faults) String() string { return "" }

// Set adds what ParseFault reads.
func (f *Faults) Set(text string) error {
	fault, err := ParseFault(text)
	if err == nil {
		*f = append(*f, fault)
	}
	return err
}

// FaultUsage is what ParseFault reads, for the help of a flag.
func FaultUsage() string {
	list := func(k FaultKind) string { return strings.Join(k.names(), ", ") }
	return "SERVICE=" + list(ServiceFault) +
		"; stack:LOGICALID=" + list(StackFault) + "; image:REPOSITORY=" + list(ImageFault)
}
