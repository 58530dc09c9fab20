package ecrtest

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// repository is one repository and all that is in it.
type repository struct {
	name       string
	created    time.Time
	mutability string
	exclusions []exclusion
	scanning   scanning
	encryption encryption
	lifecycle  string            // lifecycle policy; "" is none
	policy     string            // repository policy; "" is none
	labels     map[string]string // its own tags, as AWS resources have them

	blobs  map[string][]byte // config and layers by digest
	images map[string]*image // by digest
	tagged map[string]string // image tag -> digest
}

type scanning struct {
	ScanOnPush bool `json:"scanOnPush"`
}

type encryption struct {
	EncryptionType string `json:"encryptionType"`
	KmsKey         string `json:"kmsKey,omitempty"`
}

// AddRepository makes a repository with the settings that CreateRepository gives
// it where it is told none: mutable tags, no scanning. It does nothing where
// there already is one, or where ECR would refuse the name.
func (c *Cloud) AddRepository(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.createRepository(createRepository{RepositoryName: name}, time.Now()) // documented
}

type createRepository struct {
	RepositoryName                     string
	ImageTagMutability                 string
	ImageTagMutabilityExclusionFilters []exclusion
	ImageScanningConfiguration         scanning
	EncryptionConfiguration            encryption
	Tags                               []tag
}

func (c *Cloud) createRepository(in createRepository, now time.Time) (object, *Error) {
	if fault := checkName(in.RepositoryName); fault != nil {
		return nil, fault
	}
	r := &repository{
		name: in.RepositoryName, created: now,
		mutability: cmp.Or(in.ImageTagMutability, mutable), exclusions: in.ImageTagMutabilityExclusionFilters,
		scanning: in.ImageScanningConfiguration, encryption: in.EncryptionConfiguration.defaulted(),
		labels: make(map[string]string), blobs: make(map[string][]byte), images: make(map[string]*image), tagged: make(map[string]string),
	}
	if fault := cmp.Or(checkMutability(r.mutability, r.exclusions), r.encryption.check(), r.tag(in.Tags)); fault != nil {
		return nil, fault
	}
	if c.repositories[r.name] != nil {
		return nil, &Error{
			Code:    "RepositoryAlreadyExistsException",
			Message: fmt.Sprintf("The repository with name '%s' already exists in the registry with id '%s'", r.name, Account),
		}
	}
	c.repositories[r.name] = r
	return object{"repository": c.wire(r)}, nil
}

func (c *Cloud) wire(r *repository) object {
	out := object{
		"repositoryArn": arn(r.name), "registryId": Account, "repositoryName": r.name,
		"repositoryUri": c.opts.Host + "/" + r.name, "createdAt": double.Stamp(r.created),
		"imageTagMutability": r.mutability, "imageScanningConfiguration": r.scanning, "encryptionConfiguration": r.encryption,
	}
	if len(r.exclusions) > 0 {
		out["imageTagMutabilityExclusionFilters"] = r.exclusions
	}
	return out
}

type describeRepositories struct {
	RegistryID      string `json:"registryId"`
	RepositoryNames []string
	paging
}

func (c *Cloud) describeRepositories(in describeRepositories) (object, *Error) {
	if fault := cmp.Or(in.check(len(in.RepositoryNames) > 0, "repositoryNames"), checkLength("repositoryNames", len(in.RepositoryNames), 0, 100)); fault != nil {
		return nil, fault
	}
	names := in.RepositoryNames
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(c.repositories))
	}
	part, next := in.page(names)
	found := []object{}
	for _, name := range part {
		r, fault := c.repository(in.RegistryID, name)
		if fault != nil {
			return nil, fault
		}
		found = append(found, c.wire(r))
	}
	return next.add(object{"repositories": found}), nil
}

type deleteRepository struct {
	RegistryID     string `json:"registryId"`
	RepositoryName string
	Force          bool
}

func (c *Cloud) deleteRepository(in deleteRepository) (object, *Error) {
	r, fault := c.repository(in.RegistryID, in.RepositoryName)
	if fault != nil {
		return nil, fault
	}
	if len(r.images) > 0 && !in.Force {
		return nil, &Error{Code: "RepositoryNotEmptyException", Message: fmt.Sprintf(
			"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", r.name, Account)}
	}
	delete(c.repositories, r.name)
	return object{"repository": c.wire(r)}, nil
}

// repository finds the repository that a call is about.
func (c *Cloud) repository(registry, name string) (*repository, *Error) {
	if fault := checkName(name); fault != nil {
		return nil, fault
	}
	registry = cmp.Or(registry, Account)
	if r := c.repositories[name]; r != nil && registry == Account {
		return r, nil
	}
	return nil, noRepository(name, registry)
}

func noRepository(name, registry string) *Error {
	return &Error{
		Code:    "RepositoryNotFoundException",
		Message: fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", name, registry),
	}
}

// namePattern is what the name of a repository must match.
// Source: Amazon ECR API reference, CreateRepository, "repositoryName".
const namePattern = `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`

var validName = regexp.MustCompile(`^` + namePattern + `$`)

func checkName(name string) *Error {
	if fault := checkLength("repositoryName", len(name), 2, 256); fault != nil {
		return fault
	}
	if !validName.MatchString(name) {
		return invalid("repositoryName", "must satisfy regular expression '"+namePattern+"'")
	}
	return nil
}

// checkLength refuses a text or a list that is too short or too long.
func checkLength(parameter string, n, least, most int) *Error {
	switch {
	case n < least:
		return invalid(parameter, "must have length greater than or equal to "+strconv.Itoa(least))
	case n > most:
		return invalid(parameter, "must have length less than or equal to "+strconv.Itoa(most))
	}
	return nil
}

func (e encryption) defaulted() encryption {
	e.EncryptionType = cmp.Or(e.EncryptionType, "AES256")
	if e.EncryptionType != "AES256" && e.KmsKey == "" {
		e.KmsKey = "arn:aws:kms:" + Region + ":" + Account + ":key/00000000-0000-4000-8000-000000000000" // of AWS, for ECR
	}
	return e
}

func (e encryption) check() *Error {
	switch e.EncryptionType {
	case "KMS", "KMS_DSSE":
		return nil
	case "AES256":
		if e.KmsKey == "" {
			return nil
		}
		return invalid("encryptionConfiguration", "KmsKey can not be specified with encryption type AES256")
	}
	return invalid("encryptionConfiguration.encryptionType", "Member must satisfy enum value set: [AES256, KMS, KMS_DSSE]")
}

func arn(repository string) string {
	return "arn:aws:ecr:" + Region + ":" + Account + ":repository/" + repository
}
