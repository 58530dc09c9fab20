package helm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/discovery"
)

// guard is between helm and the cluster where helm's own care is too little: it deletes
// definitions with all objects of their kinds, says nothing of what it could not delete,
// and does no more with a release that has an object of a kind which is not served.
type guard struct {
	access   *Access
	keep     func(definition string) bool // nil keeps all
	old      bool                         // objects may be of kinds that are gone
	removing bool
	undone   []error // what could not be deleted, or not recorded before a removal
	failed   string  // what helm said last of a removal that failed, since its error does not
}

// keeps reports whether an object is a definition that must not be deleted.
func (g *guard) keeps(info *resource.Info) bool {
	kind := info.Mapping.GroupVersionKind
	return kind.Group == "apiextensions.k8s.io" && kind.Kind == "CustomResourceDefinition" && (g.keep == nil || g.keep(info.Name))
}

// known takes from stored objects, and the error of them, those that are not to be looked
// at: whose kind is not served, since they are gone with it, and definitions that stay.
// Nothing is removed where that could not be recorded.
func (g *guard) known(list []*resource.Info, err error, isNew bool) ([]*resource.Info, error) {
	if isNew {
		return list, err
	}
	if g.old {
		err = utilerrors.FilterOut(err, g.notServed)
	}
	if g.removing {
		list = slices.DeleteFunc(list, g.keeps)
		err = errors.Join(append(g.undone, err)...)
	}
	return list, err
}

// notServed reports whether the cluster has no more of a kind; a group that does not
// answer says nothing of that.
func (g *guard) notServed(err error) bool {
	unknown, isUnknown := errors.AsType[*meta.NoKindMatchError](err)
	if !isUnknown {
		return false
	}
	_, _, err = g.access.discovery.ServerGroupsAndResources()
	silent, _ := discovery.GroupDiscoveryFailedErrorGroups(err)
	for group := range silent {
		if group.Group == unknown.GroupKind.Group {
			return false
		}
	}
	return err == nil || silent != nil
}

// hearsOfRelease is what helm logs of releases.
func (g *guard) hearsOfRelease(format string, args ...any) {
	switch {
	case strings.Contains(format, "Failed to delete release"):
		g.failed = fmt.Sprintf(format, args...)
	case strings.Contains(format, "Failed to store updated release"):
		g.undone = append(g.undone, fmt.Errorf(strings.TrimPrefix(format, "uninstall: "), args...))
	}
}

// hears is what helm's client of objects logs of those that it was to delete.
func (g *guard) hears(format string, args ...any) {
	if !strings.HasPrefix(format, "Failed to delete %q") && !strings.HasPrefix(format, "Unable to get obj %q") || len(args) != 2 {
		return
	}
	if err, isError := args[1].(error); isError && !apierrors.IsNotFound(err) {
		g.undone = append(g.undone, fmt.Errorf("delete %v, which the chart has no more: %w", args[0], err))
	}
}
