package eks

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// transport puts a token on each request to one API server.
type transport struct {
	tokens *Tokens
	server *url.URL // to which alone tokens go
	next   http.RoundTripper
}

// RoundTrip sends a request with a token. One for which the server answers 401 is sent
// once more with a new token, if its body can be had again. Requests elsewhere, such as
// after a redirection, and those that have an authorization go as they are.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.EqualFold(r.URL.Host, t.server.Host) || r.URL.Scheme != t.server.Scheme || r.Header.Get("Authorization") != "" {
		return t.next.RoundTrip(r)
	}
	text, err := t.tokens.Token(r.Context())
	if err != nil {
		return nil, errors.Join(err, closeBody(r))
	}
	answer, err := t.next.RoundTrip(authorized(r, text))
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	t.tokens.refuse(text)
	again := replay(r)
	if again == nil {
		return answer, nil
	}
	fresh, err := t.tokens.Token(r.Context())
	if err == nil && fresh == text {
		return answer, closeBody(again)
	}
	drain(answer.Body)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the API server has refused the last one (401): %w", err), closeBody(again))
	}
	return t.next.RoundTrip(authorized(again, fresh))
}

// WrappedRoundTripper is how client-go finds the connection below.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.next }

// authorized is a copy of r with a token: a RoundTripper must not change what it is given.
func authorized(r *http.Request, text string) *http.Request {
	out := r.Clone(r.Context())
	out.Header.Set("Authorization", "Bearer "+text)
	return out
}

// replay returns r with its body from the beginning, nil where there is none to be had.
func replay(r *http.Request) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	if r.GetBody == nil {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil // the refusal says more
	}
	out := r.Clone(r.Context())
	out.Body = body
	return out
}

func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	return r.Body.Close()
}

// drain lets the connection be used again.
func drain(body io.ReadCloser) {
	const most = 64 << 10
	_, _ = io.CopyN(io.Discard, body, most) // what is longer costs the connection
	_ = body.Close()
}

// address parses the address of an API server, which may have no scheme.
func address(endpoint string) *url.URL {
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return &url.URL{} // client-go says what is wrong with it
	}
	return u
}
