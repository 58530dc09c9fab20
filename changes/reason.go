package changes

import (
	"cmp"
	"encoding/json"
	"strings"
)

// Kind is the kind of a [Reason].
type Kind string

// The kinds of reasons, in the order in which a module's reasons are sorted.
const (
	ByRemoval    Kind = "removed"    // the module is none any more
	ByFile       Kind = "file"       // a file of the module changed
	ByDependency Kind = "dependency" // a module that it depends on changed
	ByGlobal     Kind = "global"     // a file of Config.Global changed
	ByAll        Kind = "all"        // Diff.All
	ByVariable   Kind = "variable"   // the variable of Module.OnDemand
)

// rank is the place of k among the kinds, and the status that it gives a module.
func (k Kind) rank() (int, ModuleStatus) {
	switch k {
	case ByRemoval:
		return 0, ModuleDeleted
	case ByFile:
		return 1, ModuleChanged
	case ByDependency:
		return 2, ModuleDependent
	case ByGlobal:
		return 3, ModuleGlobal
	case ByAll:
		return 4, ModuleAskedFor
	}
	return 5, ModuleAskedFor // ByVariable
}

// Reason is why a module is selected.
type Reason struct {
	Kind Kind
	// Path and Status are those of the changed file (file and global).
	Path   string
	Status Status
	// Via is the chain of dependencies (dependency): a module that the selected
	// one depends on, and so on, up to one of which a file changed. It is a
	// shortest chain and, of those, the first by the names of its modules.
	// With Removed, that one is deleted instead, and the one before it in the chain
	// (the selected module itself, where Via has one name) depended on it.
	Via     []string
	Removed bool
	// Detail is Diff.All (all) or the name of the variable (variable).
	Detail string
}

// String says it in words: "services/a/main.go modified", "depends on b, which
// changed", "depended on b, which was deleted", ".gitlab-ci.yml is global", "all
// modules were asked for: nightly run", "TEST_FRONTEND asks for it" or "no module
// any more". Names and details are shown as by [Printable], so it stays on one line.
func (r Reason) String() string {
	switch r.Kind {
	case ByFile:
		return File{Path: r.Path, Status: r.Status}.String()
	case ByDependency:
		return r.chain()
	case ByGlobal:
		return Printable(r.Path) + " is global"
	case ByAll:
		return "all modules were asked for: " + Printable(r.Detail)
	case ByVariable:
		return Printable(r.Detail) + " asks for it"
	case ByRemoval:
		return "no module any more"
	}
	return string(r.Kind)
}

// chain says a dependency in words.
func (r Reason) chain() string {
	if len(r.Via) == 0 {
		return string(r.Kind)
	}
	const link, last = "depends on ", "depended on "
	var b strings.Builder
	for i, name := range r.Via {
		if i > 0 {
			b.WriteString(", which ")
		}
		if r.Removed && i == len(r.Via)-1 {
			b.WriteString(last)
		} else {
			b.WriteString(link)
		}
		b.WriteString(Printable(name))
	}
	if r.Removed {
		return b.String() + ", which was deleted"
	}
	return b.String() + ", which changed"
}

// MarshalJSON writes an object with the keys kind, path ("" where there is
// none), via (never null), removed (left out where it is false) and text, which
// is String's. A path that is not
// UTF-8 is written as by [File.MarshalJSON].
func (r Reason) MarshalJSON() ([]byte, error) {
	path, raw := jsonPath(r.Path)
	via := r.Via
	if via == nil {
		via = []string{}
	}
	return json.Marshal(struct {
		Kind    Kind     `json:"kind"`
		Path    string   `json:"path"`
		Raw     []byte   `json:"pathBase64,omitempty"`
		Via     []string `json:"via"`
		Removed bool     `json:"removed,omitempty"`
		Text    string   `json:"text"`
	}{r.Kind, path, raw, via, r.Removed, r.String()})
}

func compareReasons(a, b Reason) int {
	if a.Kind != b.Kind {
		rank, _ := a.Kind.rank()
		other, _ := b.Kind.rank()
		return rank - other
	}
	return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Status, b.Status))
}

func equalReasons(a, b Reason) bool { return a.Kind == b.Kind && compareReasons(a, b) == 0 }
