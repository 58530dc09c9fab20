package keys

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/awserr"
)

// What an error of this package may match.
var (
	// ErrNotPlanned: the plan does not come from Plan.
	ErrNotPlanned = errors.New("not planned by this package: call Plan first")
	// ErrStale: somebody else has written an object since it was planned.
	ErrStale = errors.New("somebody else has changed it since it was planned: plan again")
	// ErrNoBucket: there is no such bucket.
	ErrNoBucket = errors.New("there is no such bucket: apply the stack that makes it first")
	// ErrNoUser: there is no such IAM user.
	ErrNoUser = errors.New("there is no such IAM user: apply the stack that makes it first")
	// ErrNoKey: Parameter Store has no private key of the key pair.
	ErrNoKey = errors.New("there is no private key of it in Parameter Store: EC2 keeps one only for key pairs that it has made itself in this region, and deletes it with them")
	// ErrNoRoom: the user has as many access keys as IAM allows, and none that may go.
	ErrNoRoom = errors.New("an IAM user has at most two access keys, and neither of these may go for a new one: delete the one that is in no object by hand, or set RemoveOrphans, which takes those that are older than five minutes")
)

// OrphanError is an access key that a delivery has made and could not put into the bucket,
// nor delete. Its secret is lost, so that it is of no use to anybody.
type OrphanError struct {
	User, KeyID string
	Err         error // why it could not be deleted; nil where it may be in the bucket
}

func (e *OrphanError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("access key %s of user %s may be in the bucket or not: plan again, which tells", e.KeyID, e.User)
	}
	return fmt.Sprintf("access key %s of user %s was made and is left over: delete it, such as with `aws iam delete-access-key --user-name %s --access-key-id %s`: %v",
		e.KeyID, e.User, e.User, e.KeyID, e.Err)
}

// Unwrap returns why it could not be deleted.
func (e *OrphanError) Unwrap() error { return e.Err }

func isMissing(err error) bool { return awserr.Is(err, "NoSuchKey", "NotFound") }

// isConflict: an object is there, or another than the one that was read, or none any more.
// Source: S3 user guide, "Conditional writes".
func isConflict(err error) bool {
	return awserr.Is(err, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
}

// explain adds to an answer of AWS what helps.
func explain(err error, account string) error {
	switch {
	case awserr.Is(err, "NoSuchBucket"):
		return fmt.Errorf("%w: %w", ErrNoBucket, err)
	case awserr.Is(err, "NoSuchEntity", "NoSuchEntityException"):
		return fmt.Errorf("%w: %w", ErrNoUser, err)
	case awserr.Is(err, "ParameterNotFound"):
		return fmt.Errorf("%w: %w", ErrNoKey, err)
	case awserr.Is(err, "PermanentRedirect", "MovedPermanently", "AuthorizationHeaderMalformed"):
		return fmt.Errorf("the bucket is in another region than the client: %w", err)
	case awserr.Is(err, "AccessDenied", "Forbidden") && account != "":
		return fmt.Errorf("either the credentials may not (to be told that an object is missing takes s3:ListBucket), or the bucket belongs to another account than %s: %w", account, err)
	}
	return err
}

// afterwards is how long cleaning up may take when the caller's context is over.
const afterwards = 30 * time.Second

// aside is a context for what must be done even where ctx is over.
func aside(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), afterwards)
}

func list(ids []string) string { return strings.Join(ids, ", ") }
