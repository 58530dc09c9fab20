package eks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

// signer counts what it is asked for, and fails, waits or signs.
type signer struct {
	eks.Presigner
	mu    sync.Mutex
	calls int
	fails error
	takes time.Duration
}

func (s *signer) PresignGetCallerIdentity(ctx context.Context, in *sts.GetCallerIdentityInput, opts ...func(*sts.PresignOptions)) (*v4.PresignedHTTPRequest, error) {
	s.mu.Lock()
	s.calls++
	fails, takes := s.fails, s.takes
	s.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if fails != nil {
		return nil, fails
	}
	return s.Presigner.PresignGetCallerIdentity(ctx, in, opts...)
}

func (s *signer) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = err
}

// open is a cloud with a cluster that lets developers in, and what signs for them.
func open(t *testing.T, opts ekstest.Options) (*ekstest.Cloud, *signer) {
	t.Helper()
	cloud := ekstest.New(opts)
	for _, name := range []string{"demo", "other"} {
		cloud.AddCluster(name, types.AuthenticationModeApi)
		admit(t, cloud, name)
	}
	return cloud, &signer{Presigner: cloud.Presigner(developer)}
}

func TestTokenOpensItsClusterAlone(t *testing.T) {
	cloud, signer := open(t, ekstest.Options{})
	tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{})
	text, err := tokens.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	user, err := cloud.Authenticate(t.Context(), "demo", text)
	want := ekstest.User{Name: "arn:aws:sts::123456789012:assumed-role/eks-developer-demo-jane/session", Groups: []string{"developer"}, Principal: developer}
	if d := cmp.Diff(want, user); d != "" || err != nil {
		t.Errorf("error %v, user (-want +got):\n%s", err, d)
	}
	if _, err := cloud.Authenticate(t.Context(), "other", text); !errors.Is(err, ekstest.ErrUnauthorized) {
		t.Errorf("another cluster takes it: error %v", err)
	}
}

func TestTokenIsKeptAndRefreshedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud, signer := open(t, ekstest.Options{})
		tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{})
		const hours = 3
		for range hours * 60 {
			text, err := tokens.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute) // the request comes late
			if _, err := cloud.Authenticate(t.Context(), "demo", text); err != nil {
				t.Fatalf("after %d tokens: %v", signer.calls, err)
			}
		}
		if signer.calls != hours*60/10 {
			t.Errorf("%d tokens in %d hours, want one each ten minutes", signer.calls, hours)
		}
	})
}

func TestRefresh(t *testing.T) {
	trouble := errors.New("connection refused")
	tests := map[string]struct {
		refresh time.Duration
		fails   error
		after   time.Duration // the age of the first token
		calls   int           // in all
		same    bool          // the first token is given again
		is      error
	}{
		"a young token is given again":                      {after: 10*time.Minute - 1, calls: 1, same: true},
		"one of ten minutes is replaced":                    {after: 10 * time.Minute, calls: 2},
		"or of what the options say":                        {refresh: time.Minute, after: time.Minute, calls: 2},
		"of which more than a token lives is the default":   {refresh: time.Hour, after: 10 * time.Minute, calls: 2},
		"one that is good serves on where there is trouble": {fails: trouble, after: 14*time.Minute - 1, calls: 2, same: true},
		"one that is too old does not":                      {fails: trouble, after: 14 * time.Minute, calls: 2, is: trouble},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, signer := open(t, ekstest.Options{})
				tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{Refresh: tt.refresh})
				first, err := tokens.Token(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(tt.after)
				signer.fail(tt.fails)
				next, err := tokens.Token(t.Context())
				if !errors.Is(err, tt.is) || signer.calls != tt.calls || tt.is == nil && (next == first) != tt.same {
					t.Errorf("error %v, %d calls, the same token: %t", err, signer.calls, next == first)
				}
			})
		})
	}
}

func TestRefreshThatFailsRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, signer := open(t, ekstest.Options{})
		tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{})
		get := func() error {
			_, err := tokens.Token(t.Context())
			return err
		}
		if err := get(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		signer.fail(errors.New("down"))
		for range 60 { // a request a second
			if err := get(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if signer.calls != 1+4 {
			t.Errorf("%d attempts in a minute, want one each 15 seconds", signer.calls-1)
		}
		signer.fail(nil)
		time.Sleep(15 * time.Second)
		if err := get(); err != nil || signer.calls != 6 {
			t.Errorf("error %v, %d calls", err, signer.calls)
		}
	})
}

func TestTokenForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, signer := open(t, ekstest.Options{})
		signer.takes = time.Second
		tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{})
		burst := func() (texts map[string]bool, took time.Duration) {
			began := time.Now()
			var mu sync.Mutex
			var group sync.WaitGroup
			texts = make(map[string]bool)
			for range 100 {
				group.Go(func() {
					text, err := tokens.Token(t.Context())
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					texts[text] = true
					took = max(took, time.Since(began))
				})
			}
			group.Wait()
			return texts, took
		}
		if texts, took := burst(); signer.calls != 1 || len(texts) != 1 || took != time.Second {
			t.Errorf("at first: %d calls, %d tokens, %s", signer.calls, len(texts), took)
		}
		time.Sleep(10 * time.Minute)
		if texts, _ := burst(); signer.calls != 2 || len(texts) != 2 {
			t.Errorf("at the refresh: %d calls, %d tokens; want one who waits, and the old token for all others", signer.calls, len(texts))
		}
	})
}

// TestNoTokenForMany: who waits for an attempt that fails shares its error, and the next
// who comes tries again. A context that is over is its owner's alone.
func TestNoTokenForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, signer := open(t, ekstest.Options{})
		signer.takes, signer.fails = 5*time.Second, errors.New("down")
		tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{})
		began := time.Now()
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := tokens.Token(t.Context()); !errors.Is(err, signer.fails) {
					t.Errorf("error %v", err)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); signer.calls != 1 || took != signer.takes {
			t.Errorf("%d calls in %s, want one for all", signer.calls, took)
		}
		signer.fail(nil)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		group.Go(func() {
			if _, err := tokens.Token(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		})
		synctest.Wait()
		if _, err := tokens.Token(t.Context()); err != nil || signer.calls != 3 {
			t.Errorf("error %v, %d calls", err, signer.calls)
		}
		group.Wait()
	})
}

func TestTokenEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, signer := open(t, ekstest.Options{})
		signer.takes = time.Hour
		tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{})
		var group sync.WaitGroup
		for i := range 3 {
			group.Go(func() {
				limit := time.Duration(i+1) * time.Minute
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				began := time.Now()
				if _, err := tokens.Token(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != limit {
					t.Errorf("error %v after %s, want %s", err, time.Since(began), limit)
				}
			})
		}
		group.Wait()

		// With a token that is good, a refresh that hangs costs seconds.
		signer.takes = 0
		if _, err := tokens.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		signer.takes = time.Hour
		began := time.Now()
		if _, err := tokens.Token(t.Context()); err != nil || time.Since(began) > 15*time.Second {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
	})
}

func TestTokenErrors(t *testing.T) {
	expired := &smithy.GenericAPIError{Code: "ExpiredToken", Message: "The security token included in the request is expired"}
	tests := map[string]struct {
		fails error
		is    error
		want  string
	}{
		"expired credentials of a role": {expired, eks.ErrCredentials, "token of cluster demo: sign a request: the AWS credentials are expired or missing: sign in again"},
		"none at all":                   {errors.New("failed to refresh cached credentials, no EC2 IMDS role found"), eks.ErrCredentials, "no EC2 IMDS role found"},
		"a role that may not be assumed": {
			&smithy.GenericAPIError{Code: "AccessDenied", Message: "is not authorized to perform: sts:AssumeRole"}, eks.ErrDenied, "sts:AssumeRole",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tokens := eks.NewTokens(&signer{fails: tt.fails}, "demo", eks.TokenOptions{})
			_, err := tokens.Token(t.Context())
			check(t, err, tt.is, tt.want)
		})
	}
}

func TestTokensShowNoToken(t *testing.T) {
	_, signer := open(t, ekstest.Options{})
	tokens := eks.NewTokens(signer, "demo\x1b[2J", eks.TokenOptions{})
	text, err := tokens.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown := fmt.Sprintf(verb, tokens)
		if shown != `token of cluster demo\x1b[2J` {
			t.Errorf("%s shows %q", verb, shown)
		}
		if holder := fmt.Sprintf(verb, struct{ t *eks.Tokens }{tokens}); strings.Contains(holder, text[20:60]) {
			t.Errorf("%s shows a token within a struct", verb)
		}
	}
}
