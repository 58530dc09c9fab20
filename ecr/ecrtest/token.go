package ecrtest

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// Password begins every password that a token of the Cloud holds, so that a test
// can tell whether one has leaked into an event or an error.
const Password = "ecrtest-password-"

// ExpireTokens lets all tokens that have been issued so far expire now.
func (c *Cloud) ExpireTokens() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for password := range c.tokens {
		c.tokens[password] = time.Now()
	}
}

func (c *Cloud) getAuthorizationToken(now time.Time) object {
	n := c.calls.Of("GetAuthorizationToken")
	c.serial++
	password := fmt.Sprintf("%s%d", Password, c.serial)
	c.tokens[password] = now.Add(c.opts.TokenLife)
	token := base64.StdEncoding.EncodeToString([]byte("AWS:" + password))
	if c.opts.Token != nil {
		if other := c.opts.Token(n); other != "" {
			token = other
		}
	}
	expires := now.Add(c.opts.TokenLife)
	if c.opts.TokenExpiry != nil {
		expires = c.opts.TokenExpiry(now)
	}
	return object{"authorizationData": []object{{
		"authorizationToken": token,
		"expiresAt":          double.Stamp(expires),
		"proxyEndpoint":      c.endpoint(),
	}}}
}

// endpoint is the registry's URL. On a loopback address it is plain HTTP, which
// Docker takes there.
func (c *Cloud) endpoint() string {
	host, _, err := net.SplitHostPort(c.opts.Host)
	if err != nil {
		host = c.opts.Host
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return "http://" + c.opts.Host
	}
	return "https://" + c.opts.Host
}

// authorize is how the registry refuses a request without a good token; nil
// where it does not. It is the user AWS whose password is the token's.
func (c *Cloud) authorize(w http.ResponseWriter, r *http.Request) *refusal {
	user, password, given := r.BasicAuth()
	c.mu.Lock()
	until, known := c.tokens[password]
	c.mu.Unlock()
	switch {
	case !given || user != "AWS" || !known:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Basic realm="%s/",service="ecr.amazonaws.com"`, c.endpoint()))
		return &refusal{http.StatusUnauthorized, "", "Not Authorized"}
	case !time.Now().Before(until):
		return expired()
	}
	return nil
}

func expired() *refusal {
	return &refusal{http.StatusForbidden, "DENIED", "Your authorization token has expired. Reauthenticate and try again."}
}
