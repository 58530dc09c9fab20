// Package httpapi speaks Papertrail's HTTP API, version 1, for package papertrail.
//
//	client, err := httpapi.New(httpapi.Options{Token: httpapi.Token(os.Getenv("PAPERTRAIL_API_TOKEN"))})
//	keeper := papertrail.New(client, papertrail.Options{})
//
// It keeps to the documented shapes (https://papertrail.com/help/settings-api) and to
// 25 requests in 5 seconds. What is asked for more is answered with 429: then, and
// after server errors and lost connections, it waits and tries again, but never
// repeats a creation whose answer was lost, which could make a second one: that is
// a [papertrail.ErrUncertain].
//
// Papertrail's accounts are being moved to another service of its vendor, whose API
// is another one: this package is for those that are still there, or for what speaks
// the same.
package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/papertrail"
)

// DefaultURL is where the API is.
const DefaultURL = "https://papertrailapp.com/api/v1/"

// Token is the secret that an account is opened with. It prints as stars; convert it
// to a string to have it.
type Token string

// String is not the token.
func (Token) String() string { return "***" }

// Format is not the token either, whatever the verb.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText is not the token either.
func (Token) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Options say which account, and how patiently.
type Options struct {
	// Token opens the account. It must be given.
	Token Token
	// BaseURL is where the API is; default [DefaultURL]. Without TLS it must be on
	// this machine, since the token goes there.
	BaseURL string
	// Transport makes the requests; default that of net/http. Redirects are not
	// followed: they would carry the token elsewhere.
	Transport http.RoundTripper
	// Timeout is how long an answer may take; default 30 s.
	Timeout time.Duration
	// Attempts is how often a request is made at most; default 6.
	Attempts int
	// Window is the time within which 25 requests may begin; default 5 s, as Papertrail
	// has it. A shorter one is for an API in memory that is faster.
	Window time.Duration
}

// Client is a [papertrail.API]. It is safe for several goroutines at once.
type Client struct {
	base     string
	token    *Token // a pointer, since fmt would print an unexported field as it is
	http     http.Client
	attempts int
	window   window
}

var _ papertrail.API = (*Client)(nil)

// New returns a Client, or says what is wrong with the options. It makes no request.
func New(opts Options) (*Client, error) {
	base := opts.BaseURL
	if base == "" {
		base = DefaultURL
	}
	if err := errors.Join(checkURL(base), checkToken(opts.Token)); err != nil {
		return nil, err
	}
	if opts.Timeout < 0 || opts.Attempts < 0 || opts.Window < 0 {
		return nil, errors.New("a timeout, a window or a number of attempts is negative")
	}
	c := &Client{base: strings.TrimSuffix(base, "/") + "/", token: &opts.Token, attempts: opts.Attempts}
	c.window.span = cmp.Or(opts.Window, windowTime)
	if c.attempts == 0 {
		c.attempts = 6
	}
	c.http = http.Client{
		Transport: opts.Transport, Timeout: opts.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if c.http.Timeout == 0 {
		c.http.Timeout = 30 * time.Second
	}
	return c, nil
}

func checkURL(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http",
		u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q is no base URL of an API; want one such as %s", redacted(base), DefaultURL)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("the token would go to %s without TLS; use https", u.Host)
	}
	return nil
}

func checkToken(t Token) error {
	switch {
	case t == "":
		return errors.New("no API token is given; an account's is in its profile on papertrailapp.com")
	case strings.ContainsFunc(string(t), func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the API token has a character that no token has, such as a space or a line break")
	}
	return nil
}

// redacted is a URL without what may be a password or a token in it.
func redacted(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i+1] + "***"
	}
	if i := strings.LastIndex(text, "@"); i >= 0 {
		return "***" + text[i:]
	}
	return text
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Groups lists all groups.
func (c *Client) Groups(ctx context.Context) ([]papertrail.GroupRecord, error) {
	return list(ctx, c, "groups.json", group.record)
}

// Searches lists the saved searches of all groups.
func (c *Client) Searches(ctx context.Context) ([]papertrail.SearchRecord, error) {
	return list(ctx, c, "searches.json", search.record)
}

// Systems lists all senders.
func (c *Client) Systems(ctx context.Context) ([]papertrail.SystemRecord, error) {
	return list(ctx, c, "systems.json", system.record)
}

// CreateGroup creates a group.
func (c *Client) CreateGroup(ctx context.Context, name, wildcard string) (papertrail.GroupRecord, error) {
	var answer group
	err := c.do(ctx, request{method: http.MethodPost, path: "groups.json", body: groupBody{groupFields{Name: name, Wildcard: wildcard}}, answer: &answer, whole: func() bool { return answer.known() }})
	return answer.record(), err
}

// UpdateGroup changes the wildcard of a group.
func (c *Client) UpdateGroup(ctx context.Context, id int64, wildcard string) error {
	return c.do(ctx, request{method: http.MethodPut, path: item("groups", id), body: groupBody{groupFields{Wildcard: wildcard}}})
}

// DeleteGroup deletes a group and its searches.
func (c *Client) DeleteGroup(ctx context.Context, id int64) error {
	return c.do(ctx, request{method: http.MethodDelete, path: item("groups", id)})
}

// CreateSearch saves a search in a group.
func (c *Client) CreateSearch(ctx context.Context, group int64, s papertrail.Search) (papertrail.SearchRecord, error) {
	var answer search
	body := searchBody{searchFields{Name: s.Name, Query: s.Query, GroupID: group}}
	err := c.do(ctx, request{method: http.MethodPost, path: "searches.json", body: body, answer: &answer, whole: func() bool { return answer.known() }})
	return answer.record(), err
}

// UpdateSearch changes the query of a search, and nothing else of it.
func (c *Client) UpdateSearch(ctx context.Context, id int64, query string) error {
	return c.do(ctx, request{method: http.MethodPut, path: item("searches", id), body: searchBody{searchFields{Query: query}}})
}

// DeleteSearch deletes a search.
func (c *Client) DeleteSearch(ctx context.Context, id int64) error {
	return c.do(ctx, request{method: http.MethodDelete, path: item("searches", id)})
}

// RegisterSystem registers a sender.
func (c *Client) RegisterSystem(ctx context.Context, s papertrail.System) (papertrail.SystemRecord, error) {
	var answer system
	body := systemBody{
		System: systemFields{Name: s.Name, Hostname: s.Hostname, IPAddress: s.IPAddress},
		Port:   s.Port, DestinationID: s.Destination,
	}
	err := c.do(ctx, request{method: http.MethodPost, path: "systems.json", body: body, answer: &answer, whole: func() bool { return answer.known() }})
	return answer.record(), err
}

// JoinGroup makes a system a member of a group. To be one already is no error.
func (c *Client) JoinGroup(ctx context.Context, system, group int64) error {
	path := fmt.Sprintf("systems/%d/join.json", system)
	return c.do(ctx, request{method: http.MethodPost, path: path, body: joinBody{GroupID: group}, repeatable: true})
}

func item(kind string, id int64) string { return fmt.Sprintf("%s/%d.json", kind, id) }

// list reads a whole list: there are no pages.
func list[T interface{ known() bool }, R any](ctx context.Context, c *Client, path string, record func(T) R) ([]R, error) {
	var answer []T
	whole := func() bool {
		// A null is no empty list: an account that seems empty would be made anew.
		return answer != nil && !slices.ContainsFunc(answer, func(a T) bool { return !a.known() })
	}
	if err := c.do(ctx, request{method: http.MethodGet, path: path, answer: &answer, whole: whole}); err != nil {
		return nil, err
	}
	records := make([]R, len(answer))
	for i, a := range answer {
		records[i] = record(a)
	}
	return records, nil
}
