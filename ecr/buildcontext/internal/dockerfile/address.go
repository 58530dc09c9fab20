package dockerfile

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
)

var (
	// What ADD fetches: files by HTTP, and repositories of git.
	// Source: Dockerfile reference, ADD, "Adding files from a URL", "Adding files from
	// a Git repository".
	addressed = regexp.MustCompile(`(?i)^(https?://|git://|ssh://|[\w.-]+@[\w.-]+:|github\.com/)`)
	// A repository of git, with the commit at its end.
	gitCommit = regexp.MustCompile(`^(?:https?://[^#?]*\.git|git://[^#?]*|ssh://[^#?]*|[\w.-]+@[\w.-]+:[^#?]*|github\.com/[^#?]*)#[0-9a-f]{40}(?:[0-9a-f]{24})?(?::.*)?$`)
	checksum  = regexp.MustCompile(`^--checksum=(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|[0-9a-f]{40}|[0-9a-f]{64})$`)
)

// addresses notes what ADD instructions fetch. Variables have the values that ARG
// and ENV give them anywhere above, and those of args; what the environment of a
// base image gives is not known.
func (f *file) addresses(bodies [][]instruction, escape rune, args map[string]string) {
	env := make(map[string]string)
	maps.Copy(env, args)
	maps.Copy(env, f.globals)
	for stage, body := range bodies {
		for _, in := range body {
			if in.trigger != nil {
				in = *in.trigger
			}
			switch in.name {
			case "arg":
				_ = declare(in, escape, env, args) // the builder tells it better
			case "env":
				assign(in, escape, env)
			case "add":
				for _, source := range sources(in.rest) {
					f.address(stage, in, source, escape, env)
				}
			}
		}
	}
}

func (f *file) address(stage int, in instruction, source string, escape rune, env map[string]string) {
	name, err := expand(source, escape, env)
	if err != nil {
		name = source
	}
	if !addressed.MatchString(name) {
		return
	}
	fixed := gitCommit.MatchString(name)
	for _, flag := range in.flags {
		fixed = fixed || checksum.MatchString(flag.word)
	}
	f.references = append(f.references, reference{
		Image: Image{Name: name, Line: in.line, Text: source, Fixed: fixed},
		stage: stage, place: in.place(in.begin, in.begin+len(in.rest)), form: addAddress,
	})
}

// sources are all arguments of an ADD but the last.
func sources(rest string) []string {
	var all []string
	if !isJSON(rest) || json.Unmarshal([]byte(rest), &all) != nil {
		all = blank.Split(rest, -1)
	}
	return all[:max(len(all)-1, 0)]
}

// assign adds the variables of an ENV to env.
func assign(in instruction, escape rune, env map[string]string) {
	pairs := words(in.rest, escape)
	if len(pairs) > 1 && !strings.Contains(pairs[0], "=") { // ENV name value
		pairs = []string{pairs[0] + "=" + strings.Join(pairs[1:], " ")}
	}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if expanded, err := expand(value, escape, env); err == nil {
			env[name] = expanded
		}
	}
}
