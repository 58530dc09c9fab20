package cleanup

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// usage is what a request says about use, in the form that decisions need.
type usage struct {
	live    map[string]bool // ids of environments, production's among them
	digests map[string]bool // that run
	tags    map[string]bool // that run, as repository:tag
}

// check reads request, or returns all its faults.
func (c *Cleaner) check(request Request) (usage, error) {
	use := usage{live: make(map[string]bool), digests: make(map[string]bool), tags: make(map[string]bool)}
	var errs []error
	if len(request.Repositories) == 0 {
		errs = append(errs, fmt.Errorf("%w: no repositories", ErrInvalid))
	}
	if len(request.Live) == 0 && !request.NoneLive {
		errs = append(errs, ErrNoLive)
	}
	if len(request.Live) > 0 && request.NoneLive {
		errs = append(errs, fmt.Errorf("%w: Live lists environments, and NoneLive says that there are none", ErrInvalid))
	}
	for _, id := range c.opts.Production {
		use.live[id] = true
	}
	for _, id := range request.Live {
		if !use.live[id] && !c.possible(id) {
			errs = append(errs, fmt.Errorf("%w: no tag can belong to the environment %q: give its id, such as 8527fec8, not its name", ErrInvalid, id))
		}
		use.live[id] = true
	}
	for _, image := range request.Running {
		if err := use.run(image); err != nil {
			errs = append(errs, fmt.Errorf("%w: running image %q: %w", ErrInvalid, image, err))
		}
	}
	return use, errors.Join(errs...)
}

// possible reports whether there are tags of an environment called id.
func (c *Cleaner) possible(id string) bool {
	return slices.ContainsFunc([]string{id + "-1", "latest-" + id}, func(tag string) bool {
		of, ok := c.opts.EnvironmentOf(tag)
		return ok && of == id
	})
}

var digestName = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// run notes that image is in use.
func (u usage) run(image string) error {
	if digestName.MatchString(image) {
		u.digests[image] = true
		return nil
	}
	name, digest, pinned := strings.Cut(image, "@")
	switch {
	case strings.TrimSpace(name) == "" || strings.HasPrefix(image, "sha256:"):
		return errors.New("it is no name of an image")
	case pinned && !digestName.MatchString(digest):
		return errors.New("its digest must be sha256: and 64 hex digits")
	case pinned:
		u.digests[digest] = true
		return nil
	}
	tag := "latest"
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name, tag = name[:colon], name[colon+1:]
	}
	if host, path, ok := strings.Cut(name, "/"); ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		name = path
	}
	if name == "" || tag == "" {
		return errors.New("it is no name of an image")
	}
	u.tags[name+":"+tag] = true
	return nil
}
