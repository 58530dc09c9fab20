// Package modulefile reads the modules of a repository from a YAML file:
//
//	global: [.gitlab-ci.yml, "ci/**"]
//	modules:
//	  - name: billing
//	    paths: [services/billing]
//	    exclude: ["**/*.md"]
//	    depends_on: [ledger]
//	    labels: {language: python}
//	  - name: ledger
//	    paths: [libs/ledger, "schemas/ledger-*.json"]
//	  - name: portal
//	    paths: [frontend/portal]
//	    on_demand: TEST_PORTAL
//
// The keys are the fields of [changes.Config] and [changes.Module], and mean what
// these say. [Load] reads the file, and [LoadFS] the one that a commit has.
//
// It is a package of its own so that who has modules as Go values, or finds them
// by package discovery, does not link a YAML parser. It writes no files.
package modulefile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
)

// Load reads the modules of a file; see [Read].
func Load(path string) (changes.Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return changes.Config{}, fmt.Errorf("read modules: %w", err)
	}
	defer file.Close()
	return read(file, path)
}

// LoadFS is Load for a file of fsys, such as the tree of a commit: the modules as they
// were before, so that those which a change deletes are known.
//
//	now, err := modulefile.Load("modules.yaml")
//	tree, err := repo.FS(ctx, diff.From)
//	before, err := modulefile.LoadFS(tree, "modules.yaml")
//	selection, err := now.Select(diff, changes.SelectOptions{Before: &before})
func LoadFS(fsys fs.FS, name string) (changes.Config, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return changes.Config{}, fmt.Errorf("read modules: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	return read(file, name)
}

// Read reads modules from YAML, as the package comment shows it.
//
// The key modules, and of each module name and paths, must be there. It is
// strict: a key that is unknown or given twice, a value of another type (a
// number or a boolean is no text unless it is quoted), a second document, and
// every fault that [changes.Config.Validate] finds is a [*changes.ConfigError] with its line
// and column; they are joined. Anchors and aliases may be used, merge keys not;
// a document whose aliases make too much of it is refused.
func Read(r io.Reader) (changes.Config, error) { return read(r, "") }

func read(r io.Reader, file string) (changes.Config, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return changes.Config{}, fmt.Errorf("read modules: %w", err)
	}
	d := newDecoder(file, len(content))
	return d.checked(d.document(content))
}

// Decode reads the values of the keys global and modules of a larger document, whose
// other keys are somebody else's. Either may be the zero Node where its key is
// missing. Faults are those of [Read], at the places that the nodes have in file.
func Decode(global, modules *yaml.Node, file string) (changes.Config, error) {
	d := newDecoder(file, maxAliased)
	var c changes.Config
	if !global.IsZero() {
		c.Global = d.texts(global, changes.Place{Module: -1, Field: "global"})
	}
	if modules.IsZero() {
		d.fail(nil, "the key modules is missing")
	} else {
		d.modules(modules, &c)
	}
	return d.checked(c)
}

func newDecoder(file string, size int) *decoder {
	return &decoder{file: file, marks: map[changes.Place]*yaml.Node{}, budget: size + maxAliased}
}

// checked is config, or all that is wrong with it.
func (d *decoder) checked(config changes.Config) (changes.Config, error) {
	if len(d.errs) == 0 {
		for _, f := range faults(config.Validate()) {
			d.fail(d.marks[f.Place], "%w", f.Err)
		}
	}
	if len(d.errs) > 0 {
		return changes.Config{}, d.joined()
	}
	return config, nil
}

// faults are the errors that Validate has joined.
func faults(err error) []*changes.ConfigError {
	joined, _ := err.(interface{ Unwrap() []error }) //nolint:errorlint // Validate documents it
	if joined == nil {
		return nil
	}
	var faults []*changes.ConfigError
	for _, err := range joined.Unwrap() {
		if f, ok := errors.AsType[*changes.ConfigError](err); ok {
			faults = append(faults, f)
		}
	}
	return faults
}

// maxAliased bounds the nodes that aliases may add to those of the document,
// of which each takes a byte at least.
const maxAliased = 1 << 18

// decoder turns YAML into a Config and remembers where each part stood.
type decoder struct {
	file   string
	marks  map[changes.Place]*yaml.Node
	errs   []*changes.ConfigError
	budget int // nodes that may still be read; negative once that was said
}

// afford reports whether the nodes below one may be read.
func (d *decoder) afford(node *yaml.Node) bool {
	if d.budget < 0 {
		return false
	}
	if d.budget -= len(node.Content); d.budget < 0 {
		d.fail(node, "the aliases of the document make too much of it")
	}
	return d.budget >= 0
}

func (d *decoder) fail(at *yaml.Node, format string, args ...any) {
	e := &changes.ConfigError{File: d.file, Err: fmt.Errorf(format, args...)}
	if at != nil {
		e.Line, e.Column = at.Line, at.Column
	}
	d.errs = append(d.errs, e)
}

// joined returns all faults in the order of the file.
func (d *decoder) joined() error {
	slices.SortStableFunc(d.errs, func(a, b *changes.ConfigError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(d.errs))
	for i, e := range d.errs {
		errs[i] = e
	}
	return errors.Join(errs...)
}

func (d *decoder) document(content []byte) (c changes.Config) {
	root := d.parse(content)
	if root == nil {
		return c
	}
	keys := d.mapping(root, "the document", []string{"global", "modules"})
	if keys["global"] != nil {
		c.Global = d.texts(keys["global"], changes.Place{Module: -1, Field: "global"})
	}
	if keys["modules"] == nil {
		if len(d.errs) == 0 {
			d.fail(root, "the key modules is missing")
		}
		return c
	}
	d.modules(keys["modules"], &c)
	return c
}

func (d *decoder) modules(list *yaml.Node, c *changes.Config) {
	for i, node := range d.items(list, "modules") {
		c.Modules = append(c.Modules, d.module(node, i))
	}
}

// parse returns the root of the only document, or nil after a failure.
func (d *decoder) parse(content []byte) *yaml.Node {
	if at := invalidUTF8(content); at != nil {
		d.fail(at, "malformed YAML: it is not UTF-8")
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		d.fail(nil, "%w", err)
		return nil
	}
	var document, second yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		d.fail(nil, "the document is empty; it needs the key modules")
		return nil
	case err != nil:
		d.malformed(err)
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		d.fail(&second, "a second document begins; all modules belong into one")
	case !errors.Is(err, io.EOF):
		d.malformed(err)
	}
	if document.Kind == yaml.DocumentNode && len(document.Content) == 1 {
		return document.Content[0]
	}
	return &document
}

// invalidUTF8 returns where content stops being UTF-8, or nil.
func invalidUTF8(content []byte) *yaml.Node {
	at := &yaml.Node{Line: 1, Column: 1}
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		switch {
		case r == utf8.RuneError && size == 1:
			return at
		case r == '\n':
			at.Line, at.Column = at.Line+1, 1
		default:
			at.Column++
		}
		content = content[size:]
	}
	return nil
}

func (d *decoder) malformed(err error) {
	at := &yaml.Node{}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		at.Line, at.Column = one.Mark.Line, one.Mark.Column
		err = errors.New(one.Message)
		if one.ContextMsg != "" {
			err = fmt.Errorf("%s %s", one.Message, one.ContextMsg)
		}
	}
	d.fail(at, "malformed YAML: %w", err)
}

func (d *decoder) module(node *yaml.Node, i int) (m changes.Module) {
	d.marks[changes.Place{Module: i}] = node
	d.marks[changes.Place{Module: i, Field: "name"}] = node
	keys := d.mapping(node, fmt.Sprintf("module %d", i+1), []string{"name", "paths", "exclude", "depends_on", "on_demand", "labels"})
	if n := keys["name"]; n != nil {
		m.Name = d.text(n, "name")
		d.marks[changes.Place{Module: i, Field: "name"}] = n
	}
	if n := keys["on_demand"]; n != nil {
		m.OnDemand = d.text(n, "on_demand")
		d.marks[changes.Place{Module: i, Field: "on_demand"}] = n
	}
	for field, list := range map[string]*[]string{"paths": &m.Paths, "exclude": &m.Exclude, "depends_on": &m.DependsOn} {
		if keys[field] != nil {
			*list = d.texts(keys[field], changes.Place{Module: i, Field: field})
		}
	}
	if n := keys["labels"]; n != nil {
		m.Labels = map[string]string{}
		for name, value := range d.mapping(n, "labels", nil) {
			m.Labels[name] = d.text(value, "label "+changes.Printable(name))
		}
	}
	return m
}

// mapping returns the values of a mapping by their keys, which must be among
// known unless that is nil.
func (d *decoder) mapping(node *yaml.Node, what string, known []string) map[string]*yaml.Node {
	node = target(node)
	if node.Kind != yaml.MappingNode {
		d.fail(node, "%s must be a mapping of keys to values, not %s", what, describe(node))
		return nil
	}
	if !d.afford(node) {
		return nil
	}
	values := make(map[string]*yaml.Node, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := target(node.Content[i])
		switch {
		case key.Kind != yaml.ScalarNode:
			d.fail(key, "a key of %s must be text, not %s", what, describe(key))
		case known != nil && !slices.Contains(known, key.Value):
			d.fail(key, "unknown key %q in %s (known: %s)", key.Value, what, strings.Join(known, ", "))
		case values[key.Value] != nil:
			d.fail(key, "key %q is given twice in %s", key.Value, what)
		default:
			values[key.Value] = node.Content[i+1]
		}
	}
	return values
}

func (d *decoder) items(node *yaml.Node, what string) []*yaml.Node {
	node = target(node)
	if node.Kind != yaml.SequenceNode {
		d.fail(node, "%s must be a list, not %s", what, describe(node))
		return nil
	}
	if !d.afford(node) {
		return nil
	}
	return node.Content
}

func (d *decoder) texts(node *yaml.Node, at changes.Place) []string {
	var texts []string
	for i, item := range d.items(node, at.Field) {
		at.Item = i
		d.marks[at] = item
		texts = append(texts, d.text(item, "an item of "+at.Field))
	}
	return texts
}

func (d *decoder) text(node *yaml.Node, what string) string {
	value := target(node)
	if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!str" {
		d.fail(node, "%s must be text, not %s", what, describe(value))
	}
	return value.Value
}

// target follows an alias.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

func describe(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.ShortTag() == "!!null":
		return "nothing"
	case node.ShortTag() == "!!str":
		return fmt.Sprintf("the text %q", node.Value)
	}
	return changes.Printable(node.Value) + " (put it in quotes)"
}
