package eks

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mettel-automation/delivery/internal/clean"
)

// TokenOptions tune Tokens. The zero value is ready to use.
type TokenOptions struct {
	// Refresh is the age at which a token is replaced; default 10 min, and at most 14:
	// a cluster takes a token for 15 minutes.
	Refresh time.Duration
}

const (
	// lifetime is how long a token is used at most. The authenticator of a cluster takes
	// it for 15 minutes; one is for clocks that differ and requests that are under way.
	// Source: aws-iam-authenticator, pkg/token; the AWS CLI says 14 minutes, too.
	lifetime = 14 * time.Minute
	// patience is how long signing may take while the old token is still good, and the
	// pause between two attempts that fail.
	patience = 15 * time.Second
)

// tokenPrefix and tokenHeader are what the authenticator expects.
// Source: aws-iam-authenticator, README, "API Authorization from Outside a Cluster".
const (
	tokenPrefix = "k8s-aws-v1."
	tokenHeader = "x-k8s-aws-id"
)

// Tokens makes the bearer tokens of one cluster: GetCallerIdentity requests that are
// signed and not sent. It keeps the latest, and is safe for many goroutines at once.
//
// It shows its cluster when it is printed, and never a token.
type Tokens struct {
	api     Presigner
	cluster string
	opts    TokenOptions
	signing chan struct{} // held by the one who signs

	mu      sync.Mutex
	current *token    // nil, or the latest; a pointer, since package fmt follows none
	retry   time.Time // not before which a refresh that has failed is tried again
	failed  failure   // the latest
}

type token struct {
	text string
	made time.Time
}

// failure is why signing has failed, and when.
type failure struct {
	err error
	at  time.Time
}

func (t *token) younger(d time.Duration) bool { return t != nil && time.Since(t.made) < d }

// NewTokens returns the Tokens of the named cluster, for whom api signs.
func NewTokens(api Presigner, cluster string, opts TokenOptions) *Tokens {
	if opts.Refresh <= 0 || opts.Refresh > lifetime {
		opts.Refresh = 10 * time.Minute
	}
	return &Tokens{api: api, cluster: cluster, opts: opts, signing: make(chan struct{}, 1)}
}

// Token returns a token that is good for another minute at least. It calls whatever gives
// the credentials, and makes no request of its own.
//
// Where a new token cannot be had, the old one serves as long as it is good; after that it
// is an error, [ErrCredentials] where the credentials are the reason.
func (t *Tokens) Token(ctx context.Context) (string, error) {
	current, rest := t.look()
	if current.younger(t.opts.Refresh) || current.younger(lifetime) && rest {
		return current.text, nil
	}
	if current.younger(lifetime) {
		return t.renew(ctx, current)
	}
	began := time.Now()
	select {
	case t.signing <- struct{}{}:
		defer func() { <-t.signing }()
	case <-ctx.Done():
		return "", fmt.Errorf("%s: %w", t, context.Cause(ctx))
	}
	if current, _ = t.look(); current.younger(t.opts.Refresh) { // somebody else has made it
		return current.text, nil
	}
	if err := t.failedSince(began); err != nil { // or has failed to
		return "", err
	}
	return t.sign(ctx)
}

// look returns the token that there is, and whether a refresh is to rest for now.
func (t *Tokens) look() (*token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current, time.Now().Before(t.retry)
}

// failedSince returns why somebody else's attempt has failed that was waited for: those
// who wait do not each try in turn, which takes long where it takes one long.
func (t *Tokens) failedSince(began time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed.at.After(began) {
		return t.failed.err
	}
	return nil
}

// renew replaces a token that is still good. Nobody waits for somebody else's attempt,
// and none takes long.
func (t *Tokens) renew(ctx context.Context, old *token) (string, error) {
	select {
	case t.signing <- struct{}{}:
		defer func() { <-t.signing }()
	default:
		return old.text, nil
	}
	if current, _ := t.look(); current.younger(t.opts.Refresh) { // somebody has just made it
		return current.text, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, err := t.sign(ctx)
	if err == nil {
		return text, nil
	}
	t.mu.Lock()
	t.retry = time.Now().Add(patience)
	t.mu.Unlock()
	if old.younger(lifetime) {
		return old.text, nil
	}
	return "", err
}

// sign makes a token and keeps it, or why there is none, unless it is that ctx is over.
func (t *Tokens) sign(ctx context.Context) (string, error) {
	next, err := t.signed(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil:
		t.current, t.retry = next, time.Time{}
		return next.text, nil
	case ctx.Err() == nil:
		t.failed = failure{err, time.Now()}
	}
	return "", err
}

func (t *Tokens) signed(ctx context.Context) (*token, error) {
	made := time.Now()
	out, err := t.api.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions,
				smithyhttp.SetHeaderValue(tokenHeader, t.cluster),
				smithyhttp.SetHeaderValue("X-Amz-Expires", "60")) // seconds; required, and not looked at
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: sign a request: %w", t, blame(ctx, err))
	case out == nil || out.URL == "":
		return nil, fmt.Errorf("%s: sign a request: the answer has no address", t)
	}
	return &token{text: tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(out.URL)), made: made}, nil
}

// blame says that the credentials are at fault where they must be: signing needs nothing
// else, unless it was the network to where they come from.
func blame(ctx context.Context, err error) error {
	explained := explain(ctx, err)
	if ctx.Err() != nil || unreachable(err) || errors.Is(explained, ErrCredentials) || errors.Is(explained, ErrDenied) {
		return explained
	}
	return fmt.Errorf("%w: %w", ErrCredentials, err)
}

// refuse forgets a token that the API server has not taken.
func (t *Tokens) refuse(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.current.text == text {
		t.current, t.retry = nil, time.Time{}
	}
}

// String names the cluster.
func (t *Tokens) String() string { return "token of cluster " + clean.Text(t.cluster) }

// Format prints what String says, whatever the verb.
func (t *Tokens) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }
