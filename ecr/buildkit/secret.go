package buildkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/registry"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/secrets"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/internal/clean"
)

// maxSecret is how many bytes a secret may have.
// Source: BuildKit, session/secrets/secretsprovider, MaxSecretSize.
const maxSecret = 500 << 10

// vault gives out secrets, and takes those that it gave out off any output.
type vault struct {
	secrets map[string]ecr.Secret

	mu    sync.Mutex
	known []string // lines of values that are long enough to be told from others
}

func openVault(all []ecr.Secret) (*vault, error) {
	v := &vault{secrets: make(map[string]ecr.Secret, len(all))}
	var errs []error
	for _, s := range all {
		errs = append(errs, v.check(s))
		v.secrets[s.ID] = s
	}
	return v, errors.Join(errs...)
}

func (v *vault) check(s ecr.Secret) error {
	_, twice := v.secrets[s.ID]
	switch {
	case s.ID == "":
		return errors.New("a secret has no id")
	case twice:
		return fmt.Errorf("secret %q is given twice", s.ID)
	case (s.File == "") == (s.Value == nil):
		return fmt.Errorf("secret %q needs either a file or a value", s.ID)
	case s.Value != nil:
		return nil
	}
	info, err := os.Stat(s.File)
	switch {
	case err != nil:
		return fmt.Errorf("secret %q: %w", s.ID, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("secret %q: %s is no regular file", s.ID, clean.Text(s.File))
	case info.Size() > maxSecret:
		return fmt.Errorf("secret %q: %s has more than %d bytes", s.ID, clean.Text(s.File), maxSecret)
	}
	return nil
}

// GetSecret is that of [secrets.SecretStore].
func (v *vault) GetSecret(ctx context.Context, id string) ([]byte, error) {
	s, ok := v.secrets[id]
	if !ok {
		return nil, fmt.Errorf("no secret %q was given: %w", id, secrets.ErrNotFound)
	}
	value, err := read(ctx, s)
	if err == nil && len(value) > maxSecret {
		err = fmt.Errorf("it has more than %d bytes", maxSecret)
	}
	if err != nil {
		return nil, fmt.Errorf("read secret %q: %w", id, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for line := range bytes.Lines(value) {
		if text := strings.TrimSpace(string(line)); len(text) >= minHidden && !slices.Contains(v.known, text) {
			v.known = append(v.known, text)
		}
	}
	// The longest first: one secret may be the beginning of another.
	slices.SortStableFunc(v.known, func(a, b string) int { return len(b) - len(a) })
	return value, nil
}

func read(ctx context.Context, s ecr.Secret) ([]byte, error) {
	if s.Value != nil {
		return s.Value(ctx)
	}
	return os.ReadFile(s.File)
}

// minHidden is how long a line of a secret must be to be taken off the output;
// shorter ones are words such as "true".
const minHidden = 6

// hide replaces what a step has printed of secrets, and what the end of text, which
// may be cut off anywhere, has of the beginning of one.
func (v *vault) hide(text string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, secret := range v.known {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	for _, secret := range v.known {
		for n := min(len(secret)-1, len(text)); n >= minHidden; n-- {
			if strings.HasSuffix(text, secret[:n]) {
				text = text[:len(text)-n] + hidden
				break
			}
		}
	}
	return text
}

// hidden stands for a secret.
const hidden = "***"

// logins gives out the credentials for private base images.
type logins map[string]registry.AuthConfig

// Register is that of [session.Attachable].
func (l logins) Register(server *grpc.Server) {
	auth.RegisterAuthServer(server, &loginServer{logins: l})
}

// loginServer leaves it to the engine to get tokens for a user and a password.
type loginServer struct {
	auth.UnimplementedAuthServer
	logins logins
}

// Credentials returns nothing for a registry that needs none.
func (s *loginServer) Credentials(_ context.Context, in *auth.CredentialsRequest) (*auth.CredentialsResponse, error) {
	login := s.logins[in.Host]
	if login.IdentityToken != "" {
		return &auth.CredentialsResponse{Secret: login.IdentityToken}, nil
	}
	return &auth.CredentialsResponse{Username: login.Username, Secret: login.Password}, nil
}

// FetchToken says that tokens are the engine's business.
func (*loginServer) FetchToken(context.Context, *auth.FetchTokenRequest) (*auth.FetchTokenResponse, error) {
	return nil, status.Error(codes.Unavailable, "client side tokens are off")
}
