package repository

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecr/internal/names"
	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

// Repository is a desired repository. Name must be given. The zero value of every
// other field leaves what an existing repository has; the defaults are those of one
// that is made.
type Repository struct {
	// Name is the name of the repository, such as "automation/notifier".
	Name string
	// Mutability says whether tags can be moved; default ImmutableWithExclusion
	// with the Exclusions "latest*" and "cache*", so that the tag of an image's
	// inputs never changes its meaning. Exclusions alone say ImmutableWithExclusion.
	Mutability Mutability
	// Exclusions are the tags that Mutability does not hold for, as up to five
	// patterns in which * stands for any text. Only the two mutabilities with
	// exclusion take them, and need them.
	Exclusions []string
	// Scanning is when images are scanned for vulnerabilities; default
	// ScanOnPush. A scanning configuration of the whole registry wins over it.
	Scanning Scanning
	// Encryption cannot be changed once the repository exists; default AES256.
	Encryption Encryption
	// Lifecycle is the lifecycle policy; nil leaves what there is, one without
	// rules takes it away. It needs Running.
	Lifecycle *lifecycle.Policy
	// Running are the digests of the images that run, or must stay able to, such as
	// those of the active task definitions: Lifecycle must not endanger them. They may be URIs as task definitions have them
	// ("host/repository@sha256:...", "host/repository:tag"); those of other
	// repositories are passed over, so that one list does for all. One that the
	// repository does not have is a warning of the plan. Empty and not nil says that
	// none runs.
	Running []string
	// Policy is the JSON text of the repository policy, which says who may pull
	// and push; nil leaves what there is, "" takes it away.
	Policy *string
	// Tags are the tags of the repository. Others that it has stay.
	Tags map[string]string
}

// Mutability says which tags can be moved to another image.
type Mutability string

// The mutabilities. Source: ECR API reference, CreateRepository, "imageTagMutability".
const (
	Mutable                Mutability = "MUTABLE"
	Immutable              Mutability = "IMMUTABLE"
	MutableWithExclusion   Mutability = "MUTABLE_WITH_EXCLUSION"   // all but Exclusions
	ImmutableWithExclusion Mutability = "IMMUTABLE_WITH_EXCLUSION" // none but Exclusions
)

// Scanning is when images are scanned.
type Scanning string

// The times of scanning.
const (
	ScanOnPush Scanning = "on push"
	ScanManual Scanning = "manual"
)

// Encryption is how images are encrypted at rest.
type Encryption struct {
	Type string // "AES256", "KMS" or "KMS_DSSE"; default "AES256"
	Key  string // ARN or id of a KMS key; default the one of AWS for ECR
}

// The limits of ECR. Source: ECR API reference, CreateRepository and
// ImageTagMutabilityExclusionFilter; AWS General Reference, "Tag naming limits".
const (
	maxExclusions     = 5
	maxTags           = 50
	maxKey, maxValue  = 128, 256
	maxFilterWildcard = 2
)

var validFilter = regexp.MustCompile(`^[0-9a-zA-Z._*-]{1,128}$`)

// explicit is r with what it says in so many words, and in one order.
func (r Repository) explicit() Repository {
	if r.Mutability == "" && r.Exclusions != nil {
		r.Mutability = ImmutableWithExclusion
	}
	r.Exclusions = slices.Sorted(slices.Values(r.Exclusions))
	return r
}

// defaulted is explicit r with the defaults of a repository that is made.
func (r Repository) defaulted() Repository {
	if r.Mutability == "" {
		r.Mutability, r.Exclusions = ImmutableWithExclusion, []string{"cache*", "latest*"}
	}
	r.Scanning = cmp.Or(r.Scanning, ScanOnPush)
	r.Encryption.Type = cmp.Or(r.Encryption.Type, "AES256")
	return r
}

// images are the images that run, without those of other repositories.
func (r Repository) images() []names.Image {
	var images []names.Image
	for _, text := range r.Running {
		image, err := names.ParseImage(text)
		if err == nil && (image.Repository == "" || image.Repository == r.Name) {
			images = append(images, image)
		}
	}
	return images
}

// checkAll returns every fault of repositories, before any call.
func checkAll(repositories []Repository) error {
	var errs []error
	seen := make(map[string]bool, len(repositories))
	for _, r := range repositories {
		for _, err := range r.faults() {
			errs = append(errs, fmt.Errorf("%w %q: %w", ErrInvalid, r.Name, err))
		}
		if seen[r.Name] {
			errs = append(errs, fmt.Errorf("%w %q: it is given twice", ErrInvalid, r.Name))
		}
		seen[r.Name] = true
	}
	return errors.Join(errs...)
}

func (r Repository) faults() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if err := names.CheckRepository(r.Name); err != nil {
		bad("its name %w", err)
	}
	errs = append(errs, r.exclusionFaults()...)
	if !slices.Contains([]Scanning{"", ScanOnPush, ScanManual}, r.Scanning) {
		bad("scanning is %q, must be %q or %q", r.Scanning, ScanOnPush, ScanManual)
	}
	if e := r.Encryption; !slices.Contains([]string{"", "AES256", "KMS", "KMS_DSSE"}, e.Type) || !strings.HasPrefix(e.Type, "KMS") && e.Key != "" {
		bad("encryption is %q with key %q, must be AES256 without a key, KMS or KMS_DSSE", e.Type, e.Key)
	}
	errs = append(errs, r.policyFaults()...)
	if len(r.Tags) > maxTags {
		bad("it has %d tags, and ECR takes %d", len(r.Tags), maxTags)
	}
	for key, v := range r.Tags {
		if key == "" || len(key) > maxKey || len(v) > maxValue || strings.HasPrefix(strings.ToLower(key), "aws:") {
			bad("tag %q: a key has 1 to %d characters and does not begin with aws:, a value has up to %d", key, maxKey, maxValue)
		}
	}
	return errs
}

func (r Repository) exclusionFaults() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch r.Mutability {
	case "":
	case Mutable, Immutable:
		if len(r.Exclusions) > 0 {
			bad("mutability %s takes no exclusions; %s_WITH_EXCLUSION does", r.Mutability, r.Mutability)
		}
	case MutableWithExclusion, ImmutableWithExclusion:
		if n := len(r.Exclusions); n < 1 || n > maxExclusions {
			bad("mutability %s takes 1 to %d exclusions, not %d", r.Mutability, maxExclusions, n)
		}
	default:
		bad("mutability is %q, must be %s, %s, %s or %s", r.Mutability, Mutable, Immutable, MutableWithExclusion, ImmutableWithExclusion)
	}
	for _, e := range r.Exclusions {
		if !validFilter.MatchString(e) || strings.Count(e, "*") > maxFilterWildcard {
			bad("exclusion %q: must be 1 to 128 letters, digits, . _ - and up to %d *", e, maxFilterWildcard)
		}
	}
	return errs
}

func (r Repository) policyFaults() (errs []error) {
	if r.Policy != nil && *r.Policy != "" {
		if err := checkPolicy(*r.Policy); err != nil {
			errs = append(errs, err)
		}
	}
	if r.Lifecycle == nil {
		return errs
	}
	if err := r.Lifecycle.Check(); err != nil {
		errs = append(errs, err)
	}
	if r.Running == nil && len(r.Lifecycle.Rules) > 0 {
		errs = append(errs, errors.New("it has a lifecycle policy and no Running: say which digests run, so that none of them expires; []string{} says that none does"))
	}
	for _, image := range r.Running {
		if _, err := names.ParseImage(image); err != nil {
			errs = append(errs, fmt.Errorf("running image %q: %w", image, err))
		}
	}
	return errs
}
