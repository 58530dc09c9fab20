package cleanup

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/mettel-automation/delivery/ecr/internal/names"
)

// usage is what a request says about use, in the form that decisions need.
type usage struct {
	live    map[string]bool          // ids of environments, production's among them
	gone    map[string]bool          // ids of environments that are known not to exist
	digests map[string]bool          // that run
	tags    map[string]bool          // that run, as repository:tag
	named   map[string][]names.Image // that run, by their repository
}

func newUsage() usage {
	return usage{
		live: make(map[string]bool), gone: make(map[string]bool),
		digests: make(map[string]bool), tags: make(map[string]bool), named: make(map[string][]names.Image),
	}
}

// date is an id that may be one.
var date = regexp.MustCompile(`^[0-9]{8}$`)

// mayBeDate reports whether id is no id of an environment for certain.
func (u usage) mayBeDate(id string) bool { return date.MatchString(id) && !u.gone[id] }

// check reads request, or returns all its faults.
func (c *Cleaner) check(request Request) (usage, error) {
	use := newUsage()
	var errs []error
	if len(request.Repositories) == 0 {
		errs = append(errs, fmt.Errorf("%w: no repositories", ErrInvalid))
	}
	for _, name := range request.Repositories {
		if err := names.CheckRepository(name); err != nil {
			errs = append(errs, fmt.Errorf("%w: repository %q: %w", ErrInvalid, name, err))
		}
	}
	errs = append(errs, c.environments(request, use)...)
	if request.Running == nil {
		errs = append(errs, ErrNoRunning)
	}
	for _, image := range request.Running {
		if err := use.run(image); err != nil {
			errs = append(errs, fmt.Errorf("%w: running image %q: %w", ErrInvalid, image, err))
		}
	}
	return use, errors.Join(errs...)
}

// environments notes in use which environments exist and which are gone, and
// returns the faults of what request says about them.
func (c *Cleaner) environments(request Request, use usage) (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...))
	}
	if len(request.Live) == 0 && !request.NoneLive {
		errs = append(errs, ErrNoLive)
	}
	if len(request.Live) > 0 && request.NoneLive {
		bad("Live lists environments, and NoneLive says that there are none")
	}
	for _, id := range c.opts.Production {
		use.live[id] = true
	}
	for _, id := range request.Live {
		if !use.live[id] && !c.possible(id) {
			bad("no tag can belong to the environment %q: give its id, such as 8527fec8, not its name", id)
		}
		use.live[id] = true
	}
	for _, id := range request.Gone {
		switch {
		case use.live[id]:
			bad("environment %q is in Gone, and exists", id)
		case !c.possible(id):
			bad("no tag can belong to the environment %q, which is in Gone", id)
		}
		use.gone[id] = true
	}
	return errs
}

// possible reports whether there are tags of an environment called id.
func (c *Cleaner) possible(id string) bool {
	return slices.ContainsFunc([]string{id + "-1", "latest-" + id}, func(tag string) bool {
		of, ok := c.opts.EnvironmentOf(tag)
		return ok && of == id
	})
}

// run notes that image is in use.
func (u usage) run(image string) error {
	parsed, err := names.ParseImage(image)
	switch {
	case err != nil:
		return err
	case parsed.Digest != "":
		u.digests[parsed.Digest] = true
		if parsed.Repository != "" {
			u.named[parsed.Repository] = append(u.named[parsed.Repository], parsed)
		}
	default:
		u.tags[parsed.Repository+":"+parsed.Tag] = true
		u.named[parsed.Repository] = append(u.named[parsed.Repository], parsed)
	}
	return nil
}
