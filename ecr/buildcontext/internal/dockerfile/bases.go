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

// scratch is the image that is none.
const scratch = "scratch"

// ErrNoStage is the error of a target that is no stage.
var ErrNoStage = errors.New("no such stage")

// noStageError says which, and leaves it to who matches ErrNoStage to say what.
type noStageError string

func (e noStageError) Error() string        { return string(e) }
func (e noStageError) Is(target error) bool { return target == ErrNoStage }

// Image is an image that a Dockerfile names, with its variables expanded.
type Image struct {
	Name string
	Line int    // of the instruction, from 1
	Text string // what the Dockerfile has in place of Name
}

// stage is one part of a Dockerfile, from a FROM to the next.
type stage struct {
	name string // "" without one
	from Image
	body []instruction
}

// Images returns the images that the stages up to target take something from,
// in the order of their first mention and each once. Stages of the Dockerfile
// itself are none, nor is scratch. Args are the build arguments; those that
// BuildKit sets, such as TARGETARCH, are to be among them. An empty target is the
// last stage.
func Images(source []byte, target string, args map[string]string) ([]Image, error) {
	instructions, escape, err := parse(source)
	if err != nil {
		return nil, err
	}
	stages, err := split(instructions, escape, args)
	if err != nil {
		return nil, err
	}
	last, err := find(stages, target)
	if err != nil {
		return nil, err
	}
	var all []Image
	add := func(image Image) {
		known := slices.ContainsFunc(all, func(i Image) bool { return i.Name == image.Name })
		if image.Name != scratch && !known {
			all = append(all, image)
		}
	}
	for i, s := range stages[:last+1] {
		if !slices.ContainsFunc(stages[:i], func(earlier stage) bool { return earlier.name != "" && earlier.name == s.from.Name }) {
			add(s.from)
		}
		for _, in := range s.body {
			for _, name := range sources(in) {
				if !isStage(stages, name) {
					add(Image{Name: name, Line: in.line, Text: name})
				}
			}
		}
	}
	return all, nil
}

// split groups the instructions by stages. Variables in FROM are those of the
// ARG instructions before the first one.
func split(instructions []instruction, escape rune, args map[string]string) ([]stage, error) {
	var stages []stage
	env := make(map[string]string)
	for _, in := range instructions {
		var err error
		switch {
		case in.name == "from":
			var s stage
			if s, err = from(in, escape, env, args); err == nil {
				stages = append(stages, s)
			}
		case len(stages) > 0:
			s := &stages[len(stages)-1]
			s.body = append(s.body, in)
		case in.name == "arg":
			err = declare(in, escape, env, args)
		default:
			err = fmt.Errorf("%s stands before the first FROM", strings.ToUpper(in.name))
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", in.line, err)
		}
	}
	if len(stages) == 0 {
		return nil, errors.New("it has no FROM")
	}
	return stages, nil
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

func from(in instruction, escape rune, env, args map[string]string) (stage, error) {
	parts := blank.Split(in.rest, -1)
	switch {
	case in.rest == "" || len(parts) != 1 && len(parts) != 3:
		return stage{}, errors.New("FROM takes an image, and AS with a name")
	case len(parts) == 3 && !strings.EqualFold(parts[1], "as"):
		return stage{}, fmt.Errorf("FROM %s is followed by %q, which is not AS", parts[0], parts[1])
	}
	known := visible(env, args)
	for _, m := range platformVariable.FindAllStringSubmatch(parts[0], -1) {
		if _, ok := known[m[1]]; !ok {
			return stage{}, fmt.Errorf("FROM %s: %s is not known: say for which platform to build, or give it as a build argument", parts[0], m[1])
		}
	}
	name, err := expand(parts[0], escape, known)
	switch {
	case err != nil:
		return stage{}, fmt.Errorf("FROM %s: %w", parts[0], err)
	case name == "":
		return stage{}, fmt.Errorf("FROM %s names no image: give its variable a value, by an ARG before the first FROM or as a build argument", parts[0])
	}
	s := stage{from: Image{Name: name, Line: in.line, Text: parts[0]}}
	if len(parts) == 3 {
		s.name = strings.ToLower(parts[2])
	}
	return s, nil
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

func isStage(stages []stage, name string) bool {
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(stages) {
		return true
	}
	return slices.ContainsFunc(stages, func(s stage) bool { return s.name != "" && s.name == strings.ToLower(name) })
}

// sources returns the stages and images that an instruction copies from or mounts.
func sources(in instruction) (names []string) {
	for _, f := range in.flags {
		flag, value, _ := strings.Cut(f, "=")
		switch {
		case in.name == "copy" && flag == "--from":
			names = append(names, value)
		case in.name == "run" && flag == "--mount":
			names = append(names, mountSource(value))
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
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
