package build

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
)

// blame tells what the registry has not or would not take from faults of the input.
func blame(ctx context.Context, err error) error {
	if names := withoutRepository(err); len(names) > 0 {
		err = &missingError{names, err}
	}
	if errors.Is(err, ecr.ErrUnpinned) {
		err = fmt.Errorf("%w (in %s these are images.bases and images.epoch)", err, config.Name)
	}
	return cloud.Blame(ctx, err, ecr.ErrNoRepository, ecr.ErrImmutable)
}

// missingError is the error of images whose repositories are not there yet, in one line
// for all.
type missingError struct {
	repositories []string
	err          error
}

func (e *missingError) Error() string {
	return fmt.Sprintf("there is no repository %s: run the job basic-infra first, which makes those of all modules", strings.Join(e.repositories, ", "))
}

func (e *missingError) Unwrap() error { return e.err }

// withoutRepository are the repositories that err, which may be joined, says are
// missing; none where anything else is wrong, too.
func withoutRepository(err error) (names []string) {
	for err != nil {
		joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // each by itself
		if ok {
			for _, e := range joined.Unwrap() {
				one := withoutRepository(e)
				if len(one) == 0 {
					return nil
				}
				names = append(names, one...)
			}
			return names
		}
		if inner := errors.Unwrap(err); inner != ecr.ErrNoRepository { //nolint:errorlint // the innermost one names the repository
			err = inner
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "describe repository "), ":")
		return []string{name}
	}
	return nil
}
