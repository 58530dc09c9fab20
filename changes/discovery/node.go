package discovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// manifest is what a package.json declares. Source of the format:
// https://docs.npmjs.com/cli/configuring-npm/package-json.
type manifest struct {
	name        string
	substantial bool     // it has a name, scripts or dependencies
	needs       []string // names of packages
	paths       []string // that it refers to, relative to the file's directory
	workspaces  []string // globs
	globLine    int      // where they stand
}

// parsePackage reads a package.json. A key counts in its exact case, and the
// last of several, as in JavaScript.
func parsePackage(content []byte) (manifest, []fault) {
	content = bytes.TrimPrefix(content, []byte("\ufeff")) // npm takes one, too
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(content, &whole); err != nil {
		return manifest{}, []fault{jsonFault(content, 0, "", err)}
	}
	p := packageParser{content: content, deps: map[string]map[string]string{}}
	if whole != nil { // else it is null
		p.object()
	}
	m := p.manifest
	for _, key := range slices.Sorted(maps.Keys(p.deps)) {
		for _, name := range slices.Sorted(maps.Keys(p.deps[key])) {
			m.need(name, p.deps[key][name])
		}
	}
	_, scripts := whole["scripts"]
	m.substantial = m.name != "" || scripts || len(p.deps) > 0
	return m, p.faults
}

// packageParser goes through the keys of a package.json that is sound JSON.
type packageParser struct {
	content  []byte
	manifest manifest
	deps     map[string]map[string]string
	faults   []fault
}

func (p *packageParser) object() {
	dec := json.NewDecoder(bytes.NewReader(p.content))
	_, _ = dec.Token() // its brace; faults of the syntax would have been found before
	for dec.More() {
		token, _ := dec.Token()
		key, _ := token.(string)
		start := int(dec.InputOffset())
		start += bytes.IndexByte(p.content[start:], ':') + 1
		if err := p.value(dec, key, start); err != nil {
			p.faults = append(p.faults, jsonFault(p.content, start, key, err))
		}
	}
}

// value takes in the value of key, which stands behind the offset start.
func (p *packageParser) value(dec *json.Decoder, key string, start int) error {
	switch key {
	case "name":
		return dec.Decode(&p.manifest.name)
	case "dependencies", "devDependencies", "peerDependencies", "optionalDependencies":
		var specs map[string]string
		err := dec.Decode(&specs)
		p.deps[key] = specs
		return err
	case "workspaces":
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		p.manifest.globLine = lineAt(p.content, start)
		var err error
		p.manifest.workspaces, err = workspaceGlobs(value)
		return err
	}
	var other json.RawMessage
	return dec.Decode(&other)
}

// workspaceGlobs reads the value of workspaces: a list or, in Yarn 1 and Bun,
// an object with the list packages.
func workspaceGlobs(value json.RawMessage) ([]string, error) {
	var globs []string
	if json.Unmarshal(value, &globs) == nil {
		return globs, nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil {
		return nil, errors.New("it must be a list of globs, or an object with the key packages")
	}
	if list, ok := object["packages"]; ok && json.Unmarshal(list, &globs) != nil {
		return nil, errors.New("its packages must be a list of globs")
	}
	return globs, nil
}

// jsonFault says where and how the value of key, which begins at the offset
// start of content, is at fault. Without a key it is the whole of content.
func jsonFault(content []byte, start int, key string, err error) fault {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fault{lineAt(content, start+int(syntax.Offset)), fmt.Errorf("malformed JSON: %w", err)}
	}
	mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return fault{lineAt(content, start), fmt.Errorf("%s: %w", key, err)}
	}
	wanted := "the file must be an object"
	switch key {
	case "":
	case "name":
		wanted = "name must be text"
	default:
		wanted = key + " must be an object of names and texts"
	}
	line := lineAt(content, start+int(mismatch.Offset))
	return fault{line, fmt.Errorf("%s; here it has a value of type %s", wanted, mismatch.Value)}
}

// lineAt returns the line of the byte at offset, counted from 1.
func lineAt(content []byte, offset int) int {
	return 1 + bytes.Count(content[:min(offset, len(content))], []byte("\n"))
}

// need takes in one dependency by its name and its version or place.
//
// Sources: https://docs.npmjs.com/cli/configuring-npm/package-json#dependencies,
// https://yarnpkg.com/protocols, https://pnpm.io/workspaces#workspace-protocol-workspace.
func (m *manifest) need(name, spec string) {
	spec = strings.TrimSpace(spec)
	protocol, rest, ok := strings.Cut(spec, ":")
	switch {
	case isRelative(spec):
		m.paths = append(m.paths, spec)
	case !ok && !strings.Contains(spec, "/"), // a version or a tag; user/project is on GitHub
		protocol == "catalog":
		m.needs = append(m.needs, name)
	case protocol == "workspace" && isRelative(rest):
		m.paths = append(m.paths, rest)
	case protocol == "workspace", protocol == "npm":
		other, aliased := alias(rest)
		switch {
		case !aliased:
			m.needs = append(m.needs, name)
		case protocol == "workspace": // an alias of npm is a package of the registry
			m.needs = append(m.needs, other)
		}
	case protocol == "file", protocol == "link", protocol == "portal":
		if !strings.HasPrefix(rest, "~") { // the home directory
			m.paths = append(m.paths, rest)
		}
	}
}

// alias returns the name in name@version.
func alias(spec string) (string, bool) {
	at := strings.LastIndexByte(spec, '@')
	if at > 0 {
		return spec[:at], true
	}
	return spec, at == 0 // @scope/name without a version
}

func isRelative(p string) bool {
	return p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../")
}

func (s *survey) readPackage(d *directory, name string, content []byte) bool {
	m, faults := parsePackage(content)
	s.fail(d, name, faults...)
	m.substantial = m.substantial || len(faults) > 0
	d.pkg = &m
	return true // settlePackages decides
}
