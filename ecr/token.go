package ecr

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/docker/docker/api/types/registry"
)

// shortestLife is how long a token is taken to be good whatever its expiresAt
// says, so that a clock that is wrong, or a registry that names a time in the
// past, does not ask for one token a push. One that is refused is replaced anyway.
const shortestLife = 30 * time.Minute

// ErrToken is the error of an authorisation token that cannot be read.
var ErrToken = errors.New("malformed authorisation token")

// token is what a push authenticates with.
type token struct {
	user     string
	password func() string // as a function, so that nothing that prints a token prints it
	renewAt  time.Time     // half of its life is over
}

// tokens hands one token to all pushes of a Publisher. ECR limits how often one
// may be asked for, and a token is good for twelve hours.
// Source: ECR API reference, GetAuthorizationToken.
type tokens struct {
	api     Authorizer
	turn    chan struct{} // holds one: whoever may look at current, or replace it
	current *token
}

// get returns the current token, or a new one where there is none, half the life
// of the current one is over, or it is refused: the one that the caller was given
// before and that the registry did not take. Of several callers at once, one asks ECR.
func (t *tokens) get(ctx context.Context, refused *token) (*token, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if t.current != nil && t.current != refused && time.Now().Before(t.current.renewAt) {
		return t.current, nil
	}
	fetched, err := fetchToken(ctx, t.api)
	if err != nil {
		return nil, fmt.Errorf("get authorisation token: %w", err)
	}
	t.current = fetched
	return fetched, nil
}

// credentials is what a push asks before each attempt: fresh says that those of
// the call before were refused.
type credentials func(ctx context.Context, fresh bool) (*token, error)

// forPush returns the credentials of one push.
func (t *tokens) forPush() credentials {
	var given *token
	return func(ctx context.Context, fresh bool) (*token, error) {
		var refused *token
		if fresh {
			refused = given
		}
		got, err := t.get(ctx, refused)
		if err == nil {
			given = got
		}
		return got, err
	}
}

func fetchToken(ctx context.Context, api Authorizer) (*token, error) {
	out, err := api.GetAuthorizationToken(ctx, &awsecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, err
	}
	if len(out.AuthorizationData) == 0 {
		return nil, fmt.Errorf("%w: the answer holds none", ErrToken)
	}
	data := out.AuthorizationData[0]
	t, err := parseToken(aws.ToString(data.AuthorizationToken))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	life := max(aws.ToTime(data.ExpiresAt).Sub(now), shortestLife)
	t.renewAt = now.Add(life / 2)
	return t, nil
}

// parseToken reads base64 of "user:password". Its errors never hold any of it.
func parseToken(text string) (*token, error) {
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not base64", ErrToken)
	}
	user, password, found := strings.Cut(string(plain), ":")
	if !found || user == "" || password == "" {
		return nil, fmt.Errorf("%w: it is not base64 of user:password", ErrToken)
	}
	return &token{user: user, password: func() string { return password }}, nil
}

// config is t as the engine wants it for the registry at host.
func (t *token) config(host string) registry.AuthConfig {
	return registry.AuthConfig{Username: t.user, Password: t.password(), ServerAddress: host}
}
