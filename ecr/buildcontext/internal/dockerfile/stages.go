package dockerfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// file is what a Dockerfile takes from elsewhere.
type file struct {
	stages     []stage
	references []reference       // in the order of the text
	globals    map[string]string // the variables of FROM
}

// stage is one part of a Dockerfile, from a FROM to the next.
type stage struct {
	name string // "" without one
	uses []int  // the stages that it takes something from
}

// reference is one mention of an image or of an address.
type reference struct {
	Image
	stage int  // that has it; -1 for that of the whole file
	place span // in the source
	// form is how it is written there: "" for the name alone, otherwise in what.
	form string
}

var imageDigest = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)

// digest reports whether the name of an image ends in its digest.
func digest(name string) bool { return imageDigest.MatchString(name) }

// read finds all references of a Dockerfile.
func read(source []byte, args map[string]string) (file, error) {
	instructions, escape, err := parse(source)
	if err != nil {
		return file{}, err
	}
	f := file{}
	if r, ok := syntax(source); ok {
		r.stage = -1
		f.references = append(f.references, r)
	}
	bodies, err := f.split(instructions, escape, args)
	if err != nil {
		return file{}, err
	}
	for i, body := range bodies {
		for _, in := range body {
			f.body(i, in)
		}
	}
	f.addresses(bodies, escape, args)
	slices.SortStableFunc(f.references, func(a, b reference) int { return a.place.begin - b.place.begin })
	return f, nil
}

// split groups the instructions by stages. Variables in FROM are those of the
// ARG instructions before the first one.
func (f *file) split(instructions []instruction, escape rune, args map[string]string) (bodies [][]instruction, err error) {
	env := make(map[string]string)
	f.globals = env
	for _, in := range instructions {
		var err error
		switch {
		case in.name == "from":
			err = f.from(in, escape, env, args)
			bodies = append(bodies, nil)
		case len(f.stages) > 0:
			bodies[len(bodies)-1] = append(bodies[len(bodies)-1], in)
		case in.name == "arg":
			err = declare(in, escape, env, args)
		default:
			err = fmt.Errorf("%s stands before the first FROM", strings.ToUpper(in.name))
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", in.line, err)
		}
	}
	if len(f.stages) == 0 {
		return nil, errors.New("it has no FROM")
	}
	return bodies, nil
}

// declare adds the variables of an ARG to env.
func declare(in instruction, escape rune, env, args map[string]string) error {
	for _, w := range words(in.rest, escape) {
		name, value, hasValue := strings.Cut(w, "=")
		given, isGiven := args[name]
		switch {
		case isGiven:
			env[name] = given
		case hasValue:
			expanded, err := expand(value, escape, visible(env, args))
			if err != nil {
				return fmt.Errorf("ARG %s: %w", name, err)
			}
			env[name] = expanded
		}
	}
	return nil
}

// platform are the variables that BuildKit declares itself.
var platform = []string{
	"BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT",
	"TARGETPLATFORM", "TARGETOS", "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
}

// visible is env with those arguments that need no ARG.
func visible(env, args map[string]string) map[string]string {
	all := make(map[string]string, len(env)+len(platform))
	for _, name := range platform {
		if v, ok := args[name]; ok {
			all[name] = v
		}
	}
	maps.Copy(all, env)
	return all
}

var platformVariable = regexp.MustCompile(`\$\{?((?:BUILD|TARGET)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT))\b`)

// from begins a stage.
func (f *file) from(in instruction, escape rune, env, args map[string]string) error {
	parts := blank.Split(in.rest, -1)
	switch {
	case in.rest == "" || len(parts) != 1 && len(parts) != 3:
		return errors.New("FROM takes an image, and AS with a name")
	case len(parts) == 3 && !strings.EqualFold(parts[1], "as"):
		return fmt.Errorf("FROM %s is followed by %q, which is not AS", parts[0], parts[1])
	}
	known := visible(env, args)
	for _, m := range platformVariable.FindAllStringSubmatch(parts[0], -1) {
		if _, ok := known[m[1]]; !ok {
			return fmt.Errorf("FROM %s: %s is not known: say for which platform to build, or give it as a build argument", parts[0], m[1])
		}
	}
	name, err := expand(parts[0], escape, known)
	switch {
	case err != nil:
		return fmt.Errorf("FROM %s: %w", parts[0], err)
	case name == "":
		return fmt.Errorf("FROM %s names no image: give its variable a value, by an ARG before the first FROM or as a build argument", parts[0])
	}
	var s stage
	for i, earlier := range f.stages {
		if earlier.name != "" && earlier.name == name {
			s.uses = append(s.uses, i)
		}
	}
	if len(s.uses) == 0 {
		f.references = append(f.references, reference{
			Image: Image{Name: name, Line: in.line, Text: parts[0], Fixed: digest(name)},
			stage: len(f.stages), place: in.place(in.begin, in.begin+len(parts[0])),
		})
	}
	if len(parts) == 3 {
		s.name = strings.ToLower(parts[2])
	}
	f.stages = append(f.stages, s)
	return nil
}

// body notes what an instruction of a stage copies from or mounts. What an ONBUILD
// holds counts, since another stage may begin with this one.
func (f *file) body(stage int, in instruction) {
	if in.trigger != nil {
		in = *in.trigger
	}
	for _, flag := range in.flags {
		name, form := origin(in.name, flag.word)
		if name == "" {
			continue
		}
		if used := f.named(name); used != nil {
			f.stages[stage].uses = append(f.stages[stage].uses, used...)
			continue
		}
		f.references = append(f.references, reference{
			Image: Image{Name: name, Line: in.line, Text: name, Fixed: digest(name)},
			stage: stage, place: in.place(flag.begin, flag.end), form: form,
		})
	}
}

// named returns the stages that an instruction means by name, which may be a number.
func (f *file) named(name string) (found []int) {
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(f.stages) {
		return []int{i}
	}
	for i, s := range f.stages {
		if s.name != "" && s.name == strings.ToLower(name) {
			found = append(found, i)
		}
	}
	return found
}

// find returns the index of the stage that target names, also by its number.
func find(stages []stage, target string) (int, error) {
	if target == "" {
		return len(stages) - 1, nil
	}
	// Of two stages of one name, it is the later one.
	for i, s := range slices.Backward(stages) {
		if s.name == strings.ToLower(target) {
			return i, nil
		}
	}
	if i, err := strconv.Atoi(target); err == nil && i >= 0 && i < len(stages) {
		return i, nil
	}
	var names []string
	for _, s := range stages {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		return 0, noStageError(fmt.Sprintf("%q, and no stage has a name", target))
	}
	return 0, noStageError(fmt.Sprintf("%q; there are %s", target, strings.Join(names, ", ")))
}

// The forms of a reference that is no name alone.
const (
	copyFlag   = "--from"
	mountFlag  = "--mount"
	addAddress = "ADD"
)

// origin returns the stage or image that a flag of an instruction names, and
// which flag that is.
func origin(instruction, word string) (name, form string) {
	form, value, _ := strings.Cut(word, "=")
	switch {
	case instruction == "copy" && form == copyFlag:
		return value, form
	case instruction == "run" && form == mountFlag:
		return mountSource(value), form
	}
	return "", ""
}

func mountSource(mount string) (from string) {
	fields, err := csv.NewReader(bytes.NewBufferString(mount)).Read()
	if err != nil {
		return "" // the builder tells it better
	}
	for _, f := range fields {
		if key, value, _ := strings.Cut(f, "="); strings.EqualFold(key, "from") {
			from = value
		}
	}
	return from
}
