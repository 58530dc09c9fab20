package double_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/internal/double"
)

// closing tells whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TestRoundTrip holds what a client sees to what it sees of the same handler behind a
// real server.
func TestRoundTrip(t *testing.T) {
	tests := map[string]struct {
		method, body string
		handler      http.HandlerFunc
		want         string // status, length, one header, body
	}{
		"an answer has its status, header and body": {
			method: http.MethodPost, body: "in",
			handler: func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("X-Sum", "1")
				w.WriteHeader(http.StatusCreated)
				_, _ = fmt.Fprintf(w, "%s %s", r.Method, body)
			},
			want: `201 Created 7 "1" "POST in"`,
		},
		"a handler that says nothing has answered": {
			method: http.MethodGet, handler: func(http.ResponseWriter, *http.Request) {},
			want: `200 OK 0 "" ""`,
		},
		"the first status counts": {
			method: http.MethodGet,
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				w.WriteHeader(http.StatusOK)
			},
			want: `404 Not Found 0 "" ""`,
		},
		"a request without a body has an empty one": {
			method: http.MethodGet,
			handler: func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				_, _ = fmt.Fprintf(w, "%q %v", body, err)
			},
			want: `200 OK 8 "" "\"\" <nil>"`,
		},
		"HEAD has the length of the body, and no body": {
			method: http.MethodHead,
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "4")
				_, _ = io.WriteString(w, "body")
			},
			want: `200 OK 4 "" ""`,
		},
		"HEAD of an unknown length says so": {
			method: http.MethodHead, handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
			want: `202 Accepted -1 "" ""`,
		},
		"a handler that breaks off loses the connection": {
			method: http.MethodGet, handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			want: "lost",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(tt.handler)
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // it says what is not done twice
			server.Start()
			defer server.Close()
			for where, transport := range map[string]http.RoundTripper{
				"in memory": transport{tt.handler}, "on a socket": http.DefaultTransport,
			} {
				r := request(t, tt.method, server.URL, tt.body)
				if got := told(transport.RoundTrip(r)); got != tt.want {
					t.Errorf("%s: %s, want %s", where, got, tt.want)
				}
			}
		})
	}
}

type transport struct{ http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return double.RoundTrip(t.Handler, r)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func told(answer *http.Response, err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "lost"
	}
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %d %q %q", answer.Status, answer.ContentLength, answer.Header.Get("X-Sum"), body)
}

func TestRoundTripKeepsTheRulesOfATransport(t *testing.T) {
	body := &closing{Reader: strings.NewReader("in")}
	r := request(t, http.MethodPost, "https://example.com/a", "in")
	r.Body = body
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{name}", func(w http.ResponseWriter, r *http.Request) {
		r.URL = nil // may change its request
		double.Write(w, http.StatusOK, "text/plain", []byte(r.PathValue("name")))
	})
	answer, err := double.RoundTrip(mux, r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if !body.closed || r.URL == nil || r.Pattern != "" || answer.Request != r {
		t.Errorf("body closed: %t, request: %v", body.closed, r)
	}
}

func TestRoundTripEndsWithItsContext(t *testing.T) {
	errEnough := errors.New("enough")
	tests := map[string]struct {
		before  bool
		handler http.HandlerFunc
		called  bool
	}{
		"one that has ended is not answered":         {before: true, handler: func(http.ResponseWriter, *http.Request) {}},
		"one that ends while the handler waits, too": {handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, called: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			called := false
			handler := func(w http.ResponseWriter, r *http.Request) {
				called = true
				cancel(errEnough)
				tt.handler(w, r)
			}
			if tt.before {
				cancel(errEnough)
			}
			body := &closing{Reader: strings.NewReader("")}
			r := request(t, http.MethodPost, "https://example.com", "").WithContext(ctx)
			r.Body = body
			answer, err := double.RoundTrip(http.HandlerFunc(handler), r)
			if answer != nil {
				answer.Body.Close()
			}
			if !errors.Is(err, errEnough) || called != tt.called || !body.closed {
				t.Errorf("error %v, called %t, body closed %t", err, called, body.closed)
			}
		})
	}
}

func TestAPanicIsNotSwallowed(t *testing.T) {
	defer func() {
		if p := recover(); p != "a mistake" {
			t.Errorf("recovered %v", p)
		}
	}()
	r := request(t, http.MethodGet, "https://example.com", "")
	answer, err := double.RoundTrip(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a mistake") }), r)
	if err == nil {
		answer.Body.Close()
	}
	t.Error("the panic is gone")
}

func TestBody(t *testing.T) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		body, fault := double.Body(w, r)
		double.WriteJSON(w, len(body), fault)
	}
	tests := map[string]struct {
		body io.Reader
		want string
	}{
		"one of the largest size is read whole": {strings.NewReader(strings.Repeat("x", 8<<20)), `200 OK 7 "" "8388608"`},
		"a larger one is a fault": {
			strings.NewReader(strings.Repeat("x", 8<<20+1)),
			`413 Request Entity Too Large 95 "" "{\"__type\":\"RequestEntityTooLargeException\",\"message\":\"the request has more than 8388608 bytes\"}"`,
		},
		"one that breaks off is not answered": {io.MultiReader(strings.NewReader("in"), broken{}), "lost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := request(t, http.MethodPost, "https://example.com", "")
			r.Body = io.NopCloser(tt.body)
			if diff := cmp.Diff(tt.want, told(double.RoundTrip(http.HandlerFunc(serve), r))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("gone") }

func TestJSON(t *testing.T) {
	type in struct{ N int }
	type out = map[string]any
	half := func(i in) (out, *double.Error) {
		if i.N%2 != 0 {
			return nil, &double.Error{Status: http.StatusConflict, Code: "OddException", Message: fmt.Sprint(i.N, " is odd")}
		}
		if i.N == 0 {
			return out{"half": func() {}}, nil
		}
		return out{"half": i.N / 2}, nil
	}
	serve := func(w http.ResponseWriter, r *http.Request) {
		body, fault := double.Body(w, r)
		var answer out
		if fault == nil {
			answer, fault = double.ReadJSON(body, half)
		}
		double.WriteJSON(w, answer, fault)
	}
	tests := map[string]struct{ body, want string }{
		"an answer":                 {`{"N":4}`, `200 OK 10 "" "{\"half\":2}"`},
		"a fault with its status":   {`{"N":3}`, `409 Conflict 46 "" "{\"__type\":\"OddException\",\"message\":\"3 is odd\"}"`},
		"no JSON":                   {`{`, `400 Bad Request 76 "" "{\"__type\":\"SerializationException\",\"message\":\"unexpected end of JSON input\"}"`},
		"an answer that is no JSON": {`{"N":0}`, `500 Internal Server Error 86 "" "{\"__type\":\"InternalFailure\",\"message\":\"encode answer: json: unsupported type: func()\"}"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := request(t, http.MethodPost, "https://example.com", tt.body)
			if diff := cmp.Diff(tt.want, told(double.RoundTrip(http.HandlerFunc(serve), r))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}
