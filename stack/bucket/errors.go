package bucket

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// ErrBusy is the error of a bucket to which something writes faster than it empties.
var ErrBusy = errors.New("the bucket is still written to")

// ObjectError is one version of an object that could not be deleted.
type ObjectError struct {
	Key       string
	VersionID string // "null" in a bucket without versions
	Code      string // of S3, such as AccessDenied
	Message   string
	Locked    bool // object lock protects it
}

func newObjectError(e types.Error) *ObjectError {
	message := ptr.Value(e.Message)
	return &ObjectError{
		Key: ptr.Value(e.Key), VersionID: ptr.Value(e.VersionId), Code: ptr.Value(e.Code), Message: message,
		Locked: strings.Contains(strings.ToLower(message), "object lock"),
	}
}

func (e *ObjectError) Error() string {
	text := fmt.Sprintf("delete %q", e.Key)
	if e.VersionID != "" && e.VersionID != "null" {
		text += fmt.Sprintf(" (version %s)", e.VersionID)
	}
	if e.Locked {
		return text + ": object lock protects it; delete it when its retention has ended or its legal hold is taken off"
	}
	return fmt.Sprintf("%s: %s: %s", text, e.Code, strings.TrimSuffix(e.Message, "."))
}

// passes reports whether the failure may be another one a little later. Source: S3
// API reference, "List of error codes".
func (e *ObjectError) passes() bool {
	switch e.Code {
	case "InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted", "RequestTimeout":
		return true
	}
	return false
}

// maxTold is how many failures an error tells one by one.
const maxTold = 5

// failures keeps the first failures and counts the rest.
type failures struct {
	errs []error
	more int
}

func (f *failures) add(err error) {
	if len(f.errs) == maxTold {
		f.more++
		return
	}
	f.errs = append(f.errs, err)
}

func (f *failures) error() error {
	if f.more == 0 {
		return errors.Join(f.errs...)
	}
	return errors.Join(append(f.errs, fmt.Errorf("and %d more", f.more))...)
}

func isMissing(err error) bool { return awserr.Is(err, "NoSuchBucket") }

// explain adds to an answer of S3 what helps.
func explain(err error, owner string) error {
	switch {
	case awserr.Is(err, "PermanentRedirect", "MovedPermanently", "AuthorizationHeaderMalformed"):
		return fmt.Errorf("the bucket is in another region than the client: %w", err)
	case owner != "" && awserr.Is(err, "AccessDenied", "Forbidden"):
		return fmt.Errorf("either the credentials may not, or the bucket belongs to another account than %s: %w", owner, err)
	}
	return err
}
