package ecr

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/internal/wait"
)

// clerk hands out tokens "AWS:secret-1", "AWS:secret-2", … after a while.
type clerk struct {
	life  time.Duration // from the moment that it is asked for
	takes time.Duration
	fails error
	text  string // instead of a token

	mu    sync.Mutex
	asked int
}

func (c *clerk) GetAuthorizationToken(ctx context.Context, _ *awsecr.GetAuthorizationTokenInput, _ ...func(*awsecr.Options)) (*awsecr.GetAuthorizationTokenOutput, error) {
	c.mu.Lock()
	c.asked++
	n := c.asked
	c.mu.Unlock()
	if err := wait.For(ctx, c.takes); err != nil {
		return nil, err
	}
	if c.fails != nil {
		return nil, c.fails
	}
	text := c.text
	if text == "" {
		text = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "AWS:secret-%d", n))
	}
	expires := time.Now().Add(c.life)
	return &awsecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{{AuthorizationToken: &text, ExpiresAt: &expires}}}, nil
}

func newTokens(c *clerk) *tokens { return &tokens{api: c, turn: make(chan struct{}, 1)} }

func TestOneTokenServesAllPushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clerk{life: 12 * time.Hour, takes: time.Second}
		all := newTokens(c)
		var pushes sync.WaitGroup
		for range 20 {
			pushes.Go(func() {
				if got, err := all.forPush()(t.Context(), false); err != nil || got.password() != "secret-1" {
					t.Errorf("token %v, %v; want the first", got, err)
				}
			})
		}
		pushes.Wait()
		if c.asked != 1 {
			t.Errorf("asked %d times, want once", c.asked)
		}
	})
}

func TestATokenIsRenewedAtHalfItsLife(t *testing.T) {
	tests := map[string]struct {
		life time.Duration
		then time.Duration // until the second push
		want int           // tokens
	}{
		"before half of it": {12 * time.Hour, 6*time.Hour - time.Second, 1},
		"after half of it":  {12 * time.Hour, 6 * time.Hour, 2},
		"one that expired years ago is good for a while": {-10 * 365 * 24 * time.Hour, 14 * time.Minute, 1},
		"but not for ever": {-10 * 365 * 24 * time.Hour, 15 * time.Minute, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &clerk{life: tt.life}
				all := newTokens(c)
				for range 2 {
					if _, err := all.forPush()(t.Context(), false); err != nil {
						t.Fatal(err)
					}
					time.Sleep(tt.then)
				}
				if c.asked != tt.want {
					t.Errorf("asked %d times, want %d", c.asked, tt.want)
				}
			})
		})
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clerk{life: 12 * time.Hour, takes: time.Second}
		all := newTokens(c)
		var pushes sync.WaitGroup
		for range 5 {
			pushes.Go(func() {
				auth := all.forPush()
				if _, err := auth(t.Context(), false); err != nil {
					t.Error(err)
				}
				if got, err := auth(t.Context(), true); err != nil || got.password() != "secret-2" {
					t.Errorf("token %v, %v; want the second", got, err)
				}
			})
		}
		pushes.Wait()
		if c.asked != 2 {
			t.Errorf("asked %d times, want twice: five pushes were refused the same token", c.asked)
		}
	})
}

func TestWhoeverWaitsForATokenCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newTokens(&clerk{takes: time.Hour})
		first, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		go func() { _, _ = all.get(first, nil) }()
		synctest.Wait()
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		if _, err := all.get(short, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that of the context", err)
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("it took %v", d)
		}
		time.Sleep(time.Hour)
		if _, err := all.get(t.Context(), nil); err != nil {
			t.Errorf("after that: %v", err)
		}
	})
}

func TestAFailedTokenIsNotKept(t *testing.T) {
	c := &clerk{fails: errors.New("no network")}
	all := newTokens(c)
	if _, err := all.get(t.Context(), nil); err == nil || err.Error() != "get authorisation token: no network" {
		t.Errorf("error %v", err)
	}
	c.fails = nil
	if got, err := all.get(t.Context(), nil); err != nil || got.password() != "secret-2" {
		t.Errorf("token %v, %v; want the second", got, err)
	}
}

func TestMalformedTokens(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	tests := map[string]string{
		"no base64":   "hunter2!hunter2",
		"no colon":    encode("hunter2"),
		"no user":     encode(":hunter2"),
		"no password": encode("hunter2:"),
		"nothing":     " ",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := newTokens(&clerk{text: text}).get(t.Context(), nil)
			if !errors.Is(err, ErrToken) {
				t.Fatalf("error %v, want %v", err, ErrToken)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), encode("hunter2")) {
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
	t.Run("a password may hold colons", func(t *testing.T) {
		got, err := parseToken(encode("AWS:a:b:c") + "\n")
		if err != nil || got.user != "AWS" || got.password() != "a:b:c" {
			t.Errorf("token of user %q, %v", got.user, err)
		}
	})
}

func TestATokenIsNeverPrinted(t *testing.T) {
	all := newTokens(&clerk{})
	given, err := all.get(t.Context(), nil)
	if err != nil || given.password() != "secret-1" {
		t.Fatal(err)
	}
	holders := map[string]any{"the token": given, "a copy": *given, "several": []*token{given}, "the store": all, "the publisher": &Publisher{tokens: *all}}
	for name, holder := range holders {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			text := fmt.Sprintf(verb, holder)
			if strings.Contains(text, "secret") || strings.Contains(text, hex.EncodeToString([]byte("secret"))) {
				t.Errorf("%s with %s: %s", name, verb, text)
			}
		}
	}
}

func FuzzParseToken(f *testing.F) {
	for _, seed := range []string{"", "QVdTOnBhc3M=", "QVdTOg==", "!", "QVdTOnBhc3M", "\nQVdTOnBhc3M=\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseToken(text)
		if err != nil {
			if !errors.Is(err, ErrToken) {
				t.Errorf("error %v, want %v", err, ErrToken)
			}
			return
		}
		if want := base64.StdEncoding.EncodeToString([]byte(got.user + ":" + got.password())); strings.TrimSpace(text) != want {
			if plain, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); string(plain) != got.user+":"+got.password() {
				t.Errorf("parseToken(%q) lost something", text)
			}
		}
	})
}
