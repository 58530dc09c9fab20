package changes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Kind is the kind of a [Reason].
type Kind string

// The kinds of reasons, in the order in which a module's reasons are sorted.
const (
	ByFile       Kind = "file"       // a file of the module changed
	ByDependency Kind = "dependency" // a module that it depends on changed
	ByGlobal     Kind = "global"     // a file of Config.Global changed
	ByAll        Kind = "all"        // SelectOptions.All
	ByVariable   Kind = "variable"   // the variable of Module.OnDemand
)

func (k Kind) rank() int {
	return slices.Index([]Kind{ByFile, ByDependency, ByGlobal, ByAll, ByVariable}, k)
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
	Via []string
	// Detail is SelectOptions.AllReason (all) or the name of the variable (variable).
	Detail string
}

// String says it in words: "services/a/main.go modified", "depends on b, which
// changed", ".gitlab-ci.yml is global", "all modules were asked for" or
// "TEST_FRONTEND asks for it". It stays on one line.
func (r Reason) String() string {
	switch r.Kind {
	case ByFile:
		return File{Path: r.Path, Status: r.Status}.String()
	case ByDependency:
		return "depends on " + strings.Join(r.Via, ", which depends on ") + ", which changed"
	case ByGlobal:
		return printable(r.Path) + " is global"
	case ByAll:
		if r.Detail != "" {
			return "all modules were asked for: " + r.Detail
		}
		return "all modules were asked for"
	case ByVariable:
		return r.Detail + " asks for it"
	}
	return string(r.Kind)
}

// MarshalJSON writes an object with the keys kind, path ("" where there is
// none), via (never null) and text, which is String's. A path that is not
// UTF-8 is written as by [File.MarshalJSON].
func (r Reason) MarshalJSON() ([]byte, error) {
	path, raw := jsonPath(r.Path)
	via := r.Via
	if via == nil {
		via = []string{}
	}
	return json.Marshal(struct {
		Kind Kind     `json:"kind"`
		Path string   `json:"path"`
		Raw  []byte   `json:"path_base64,omitempty"`
		Via  []string `json:"via"`
		Text string   `json:"text"`
	}{r.Kind, path, raw, via, r.String()})
}

func compareReasons(a, b Reason) int {
	return cmp.Or(cmp.Compare(a.Kind.rank(), b.Kind.rank()), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Status, b.Status))
}

func equalReasons(a, b Reason) bool { return a.Kind == b.Kind && compareReasons(a, b) == 0 }
