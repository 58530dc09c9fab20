// Package dockerfile reads of a Dockerfile what it takes from elsewhere: the images
// that its stages begin with and copy from. It follows the parser of BuildKit,
// with continuation lines, the escape directive, comments and here-documents,
// and knows nothing of what the instructions do.
package dockerfile

import (
	"errors"
	"slices"
	"strings"
)

// scratch is the image that is none.
const scratch = "scratch"

// syntaxArgument is the build argument that stands above the directive syntax.
// Source: BuildKit, frontend/dockerfile/builder, keySyntaxArg.
const syntaxArgument = "BUILDKIT_SYNTAX"

// ErrNoStage is the error of a target that is no stage.
var ErrNoStage = errors.New("no such stage")

// noStageError says which, and leaves it to who matches ErrNoStage to say what.
type noStageError string

func (e noStageError) Error() string        { return string(e) }
func (e noStageError) Is(target error) bool { return target == ErrNoStage }

// Image is an image that a Dockerfile names, or an address that it adds from, with
// its variables expanded.
type Image struct {
	Name string
	Line int    // of the instruction, from 1; 0 for a build argument
	Text string // what the Dockerfile has in place of Name
	// Fixed is Name saying which content it is: by a digest, a checksum or a commit.
	Fixed bool
}

// Images returns what the target takes from elsewhere, in the order of the first
// mention and each once: the images of the stages up to it, of those that they
// take something from, and of the directive syntax, and the addresses that they add
// from. Stages of the Dockerfile itself are none, nor is scratch. Args are the build
// arguments; those that BuildKit sets, such as TARGETARCH, are to be among them. An
// empty target is the last stage.
func Images(source []byte, target string, args map[string]string) ([]Image, error) {
	f, err := read(source, args)
	if err != nil {
		return nil, err
	}
	last, err := find(f.stages, target)
	if err != nil {
		return nil, err
	}
	var all []Image
	add := func(r reference) {
		known := slices.ContainsFunc(all, func(i Image) bool { return i.Name == r.Name })
		if r.Name != scratch && !known {
			all = append(all, r.Image)
		}
	}
	if name := syntaxImage(args); name != "" {
		add(reference{Image: Image{Name: name, Text: syntaxArgument, Fixed: digest(name)}})
	}
	reached := f.reach(last)
	for _, r := range f.references {
		if r.stage < 0 || reached[r.stage] {
			add(r)
		}
	}
	return all, nil
}

// syntaxImage is the image that the build arguments have for the directive syntax.
func syntaxImage(args map[string]string) string {
	name, _, _ := strings.Cut(args[syntaxArgument], " ")
	return name
}

// reach tells the stages that a build of the stage last needs: all before it,
// which a classic builder runs whether they are needed or not, and those that
// these copy from and mount, also if they come later.
func (f file) reach(last int) []bool {
	reached := make([]bool, len(f.stages))
	var visit func(i int)
	visit = func(i int) {
		if reached[i] {
			return
		}
		reached[i] = true
		for _, used := range f.stages[i].uses {
			visit(used)
		}
	}
	for i := range last + 1 {
		visit(i)
	}
	return reached
}

// Declares returns the names of all arguments that the Dockerfile declares.
func Declares(source []byte) map[string]bool {
	names := make(map[string]bool)
	instructions, escape, err := parse(source)
	if err != nil {
		return names // it cannot be built
	}
	for _, in := range instructions {
		if in.trigger != nil {
			in = *in.trigger
		}
		if in.name != "arg" {
			continue
		}
		for _, w := range words(in.rest, escape) {
			name, _, _ := strings.Cut(w, "=")
			names[name] = true
		}
	}
	return names
}
