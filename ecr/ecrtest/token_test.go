package ecrtest_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func (b bench) token() types.AuthorizationData {
	b.Helper()
	out, err := b.client.GetAuthorizationToken(b.Context(), &awsecr.GetAuthorizationTokenInput{})
	if err != nil {
		b.Fatal(err)
	}
	return out.AuthorizationData[0]
}

// password of a new token.
func (b bench) password() string {
	b.Helper()
	plain, err := base64.StdEncoding.DecodeString(*b.token().AuthorizationToken)
	user, password, ok := strings.Cut(string(plain), ":")
	if err != nil || !ok || user != "AWS" || !strings.HasPrefix(password, ecrtest.Password) {
		b.Fatalf("%v: token of %q", err, plain)
	}
	return password
}

// get asks the registry for path with a password, and returns the answer.
func (b bench) get(path, password string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if password != "" {
		r.SetBasicAuth("AWS", password)
	}
	w := httptest.NewRecorder()
	b.cloud.ServeHTTP(w, r)
	return w
}

func TestATokenOpensTheRegistryForTwelveHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecrtest.Options{})
		data := b.token()
		if life := time.Until(*data.ExpiresAt); life != 12*time.Hour || *data.ProxyEndpoint != "https://123456789012.dkr.ecr.us-east-1.amazonaws.com" {
			t.Errorf("it is for %s, for %v", *data.ProxyEndpoint, life)
		}
		first, second := b.password(), b.password()
		if first == second {
			t.Error("two tokens are the same")
		}
		time.Sleep(12*time.Hour - time.Second)
		if w := b.get("/v2/", first); w.Code != http.StatusOK {
			t.Errorf("a second before its end: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Second)
		w := b.get("/v2/", first)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."`) {
			t.Errorf("at its end: %d %s", w.Code, w.Body)
		}
		if w := b.get("/v2/", b.password()); w.Code != http.StatusOK {
			t.Errorf("with a new one: %d", w.Code)
		}
	})
}

func TestOnlyATokenOpensTheRegistry(t *testing.T) {
	b := newBench(t, ecrtest.Options{Host: "localhost:5000"})
	for name, password := range map[string]string{"no password": "", "a wrong one": "secret"} {
		w := b.get("/v2/app/manifests/v1", password)
		want := `Basic realm="http://localhost:5000/",service="ecr.amazonaws.com"`
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != want {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/v2/", nil)
	r.SetBasicAuth("somebody", b.password())
	w := httptest.NewRecorder()
	if b.cloud.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("another user: %d", w.Code)
	}
}

func TestTokensThatAreNotAsTheyShould(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		past := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
		b := newBench(t, ecrtest.Options{
			Host:        "127.0.0.1:5000",
			TokenLife:   time.Minute,
			TokenExpiry: func(time.Time) time.Time { return past },
			Token: func(n int) string {
				if n == 1 {
					return "garbage"
				}
				return ""
			},
		})
		data := b.token()
		if *data.AuthorizationToken != "garbage" || !data.ExpiresAt.Equal(past) || *data.ProxyEndpoint != "http://127.0.0.1:5000" {
			t.Errorf("%s until %v for %s", *data.AuthorizationToken, data.ExpiresAt, *data.ProxyEndpoint)
		}
		password := b.password()
		if w := b.get("/v2/", password); w.Code != http.StatusOK {
			t.Errorf("what it says of its expiry closes the registry: %d", w.Code)
		}
		time.Sleep(time.Minute)
		if w := b.get("/v2/", password); w.Code != http.StatusForbidden {
			t.Errorf("after its life: %d", w.Code)
		}
		password = b.password()
		b.cloud.ExpireTokens()
		if w := b.get("/v2/", password); w.Code != http.StatusForbidden {
			t.Errorf("after all have expired: %d", w.Code)
		}
	})
}
