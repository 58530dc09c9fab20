package papertrailtest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/wait"
)

// answer is a status, headers and a body.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// RoundTrip answers a request as the service would. The root of the API is all up to
// and with "/api/v1/", or the root of the host.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	return double.RoundTrip(s, req)
}

// ServeHTTP answers a request as the service would. A connection that is to be lost
// is aborted.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, fault := double.Body(w, req)
	if fault != nil {
		http.Error(w, fault.Message, fault.HTTPStatus())
		return
	}
	a := s.answer(req, body)
	if a.status == 0 {
		panic(http.ErrAbortHandler) // what net/http documents for this
	}
	maps.Copy(w.Header(), a.header)
	double.Write(w, a.status, cmp.Or(a.header.Get("Content-Type"), "application/json; charset=utf-8"), a.body)
}

// answer is what a request gets; one without a status is lost with its connection.
func (s *Server) answer(req *http.Request, body []byte) answer {
	p := strings.TrimPrefix(req.URL.Path, "/")
	if _, rest, ok := strings.Cut("/"+p, "/api/v1/"); ok {
		p = rest
	}
	s.mu.Lock()
	fault := s.fault(req.Method, p)
	s.mu.Unlock()
	if fault != nil && fault.Before != nil {
		fault.Before(s)
	}
	a := s.once(fault, req, p, body)
	if fault != nil && wait.For(req.Context(), fault.Delay) != nil {
		return answer{}
	}
	return a
}

// once answers, or does what the fault says, and remembers the request.
func (s *Server) once(fault *Fault, req *http.Request, p string, body []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a answer
	passes := fault == nil || fault.Status < 0 || fault.Before != nil && fault.Status == 0
	if passes || fault.After {
		a = s.handle(req, p, body)
	}
	if !passes {
		a = answer{status: fault.Status, header: fault.Header, body: []byte(fault.Body)}
	}
	s.requests = append(s.requests, Request{Method: req.Method, Path: p, Body: string(body), Status: a.status, Time: time.Now()})
	return a
}

func (s *Server) handle(req *http.Request, p string, body []byte) answer {
	token := req.Header.Get("X-Papertrail-Token")
	switch {
	case token == "" || s.opts.Token != "" && token != s.opts.Token:
		return refuse(http.StatusUnauthorized, "Invalid API token")
	case !s.allowed(time.Now()):
		return answer{
			status: http.StatusTooManyRequests, body: []byte(`{"message":"Rate limit exceeded"}`),
			header: http.Header{"X-Rate-Limit-Limit": {"25"}, "X-Rate-Limit-Remaining": {"0"}, "X-Rate-Limit-Reset": {"5"}},
		}
	case len(body) > 0 && !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json"):
		return refuse(http.StatusBadRequest, "this double reads JSON only")
	}
	return s.route(req.Method, p, body)
}

// allowed counts a request against the rate.
func (s *Server) allowed(now time.Time) bool {
	const size, span = 25, 5 * time.Second
	if s.opts.Unlimited {
		return true
	}
	for len(s.times) > 0 && now.Sub(s.times[0]) >= span {
		s.times = s.times[1:]
	}
	if len(s.times) >= size {
		return false
	}
	s.times = append(s.times, now)
	return true
}

func refuse(status int, message string) answer {
	body, _ := json.Marshal(map[string]string{"message": message}) // a map of strings can be marshalled
	return answer{status: status, body: body}
}

func success(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	return answer{status: http.StatusOK, body: body}
}
