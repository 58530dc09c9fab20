package papertrailtest

import (
	"net/http"
	"path"
	"time"
)

// Fault is something that goes wrong with a request.
type Fault struct {
	// Method and Path say with which: "POST", "searches/*.json". Empty is any.
	Method, Path string
	// Skip is how many of them pass first, and Times how many go wrong then; 0 is one,
	// and a negative number is all.
	Skip, Times int
	// Status, Header and Body are the answer. Without a Status the connection is lost.
	Status int
	Header http.Header
	Body   string
	// After lets the request have its effect first.
	After bool
	// Delay is how long the answer takes.
	Delay time.Duration
	// Before is called before the request, such as to change the account under it.
	Before func(*Server)
}

// Slow lets an answer take a time. The request has its effect.
func Slow(method, path string, d time.Duration) Fault {
	return Fault{Method: method, Path: path, Delay: d, Status: -1}
}

// HTML is a gateway's page in place of an answer.
func HTML(method, path string, status int) Fault {
	return Fault{
		Method: method, Path: path, Status: status,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body:   "<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body></html>\n",
	}
}

// Inject lets faults happen, each as often as it says. Of several that match a
// request, the first one happens.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		s.faults = append(s.faults, &f)
	}
}

// fault takes the one that is due for a request, nil for none.
func (s *Server) fault(method, p string) *Fault {
	for _, f := range s.faults {
		if f.Times == 0 || f.Method != "" && f.Method != method {
			continue
		}
		if ok, _ := path.Match(f.Path, p); f.Path != "" && !ok {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return f
	}
	return nil
}
