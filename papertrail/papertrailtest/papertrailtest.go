// Package papertrailtest is Papertrail's HTTP API in memory, for tests.
//
//	server := papertrailtest.New(papertrailtest.Options{Token: "secret"})
//	client, err := httpapi.New(httpapi.Options{Token: "secret", Transport: server})
//
// A [Server] is an [http.RoundTripper], so that a test needs no socket and may run on
// virtual time (testing/synctest), and an [http.Handler], so that other programs can
// be tested as well. It answers as the documented API does
// (https://papertrail.com/help/settings-api), refuses more than 25 requests in 5
// seconds with 429, and goes wrong where a [Fault] says so.
//
// What is not documented is a guess: the words of a refusal, and that a search has a
// list of alerts, which [Options].Alerts turns on. It keeps no logs.
package papertrailtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options are those of a [Server]. The zero value takes any token.
type Options struct {
	// Token is the one that opens the account; empty takes any but none.
	Token string
	// Unlimited takes as many requests as come.
	Unlimited bool
	// Alerts puts the alerts of a search into its answers. The documented answers
	// have none.
	Alerts bool
}

// Server is an account.
type Server struct {
	opts Options

	mu       sync.Mutex
	lastID   int64
	groups   []*Group
	searches []*Search
	systems  []*System
	faults   []*Fault
	requests []Request
	times    []time.Time // of the last requests that were let in
}

// Group is a group of senders.
type Group struct {
	ID             int64
	Name, Wildcard string
	Systems        []int64
}

// Search is a saved search.
type Search struct {
	ID          int64
	Name, Query string
	Group       int64
	Alerts      []string // their kinds: "email", "webhook"
}

// System is a sender.
type System struct {
	ID                        int64
	Name, Hostname, IPAddress string
	Port                      int
	Destination               int64
}

// Request is a request that was made, whatever became of it.
type Request struct {
	Method string
	Path   string // below the root of the API: "searches/7.json"
	Body   string
	Status int // of the answer; 0 where none was sent
	Time   time.Time
}

// String is "POST searches.json 200".
func (r Request) String() string { return fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status) }

// Write reports whether the request was to change something.
func (r Request) Write() bool { return r.Method != http.MethodGet }

// New returns an empty account.
func New(opts Options) *Server { return &Server{opts: opts} }

// AddGroup puts a group into the account and returns its id. Like the API, it takes a
// name that is there already.
func (s *Server) AddGroup(g Group) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addGroup(&g)
}

// AddSearch puts a saved search into the account and returns its id.
func (s *Server) AddSearch(search Search) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addSearch(&search)
}

// AddSystem puts a sender into the account and returns its id.
func (s *Server) AddSystem(system System) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addSystem(&system)
}

func (s *Server) addGroup(g *Group) int64 {
	s.lastID++
	g.ID = cmp.Or(g.ID, s.lastID)
	s.groups = append(s.groups, g)
	return g.ID
}

func (s *Server) addSearch(search *Search) int64 {
	s.lastID++
	search.ID = cmp.Or(search.ID, s.lastID)
	s.searches = append(s.searches, search)
	return search.ID
}

func (s *Server) addSystem(system *System) int64 {
	s.lastID++
	system.ID = cmp.Or(system.ID, s.lastID)
	s.systems = append(s.systems, system)
	return system.ID
}

// Groups are those of the account, by id.
func (s *Server) Groups() []Group {
	return copies(s, func() []*Group { return s.groups }, func(g Group) int64 { return g.ID })
}

// Searches are those of the account, by id.
func (s *Server) Searches() []Search {
	return copies(s, func() []*Search { return s.searches }, func(x Search) int64 { return x.ID })
}

// Systems are those of the account, by id.
func (s *Server) Systems() []System {
	return copies(s, func() []*System { return s.systems }, func(x System) int64 { return x.ID })
}

func copies[T any](s *Server, of func() []*T, id func(T) int64) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []T
	for _, p := range of() {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return list
}

// Requests are those that were made so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Writes are the requests so far that were to change something.
func (s *Server) Writes() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return !r.Write() })
}

// Forget empties the list of requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}
