package double

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// RoundTrip lets handler answer a request that never was on a wire. A request whose
// context has ended is not answered. A handler that panics with
// [http.ErrAbortHandler] loses the connection, as it would on a socket.
func RoundTrip(handler http.Handler, r *http.Request) (answer *http.Response, err error) {
	ctx := r.Context()
	in := r.WithContext(ctx) // a handler may change its request, a transport may not
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	defer func() {
		switch p := recover(); {
		case p == nil:
		case !aborts(p):
			panic(p)
		case ctx.Err() != nil:
			answer, err = nil, context.Cause(ctx)
		default:
			answer, err = nil, fmt.Errorf("read response: %w", io.ErrUnexpectedEOF)
		}
	}()
	w := &recorder{header: make(http.Header)}
	handler.ServeHTTP(w, in)
	return w.response(r), nil
}

func aborts(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// recorder keeps what a handler answers.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	length := int64(w.body.Len())
	if r.Method == http.MethodHead { // has the header of the answer, and no body
		w.body.Reset()
		length = -1 // unknown where it was not said
		if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil {
			length = n
		}
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: length, Request: r,
	}
}

// mostBody is the largest body that Body reads; no call of AWS that the doubles have
// takes as much.
const mostBody = 8 << 20

// Body reads the whole body of a request. One that is too large is a fault; one whose
// sender has gone needs no answer, and aborts the handler.
func Body(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &Error{
			Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException",
			Message: fmt.Sprintf("the request has more than %d bytes", large.Limit),
		}
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return body, nil
}

// Write answers a request.
func Write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever has gone needs no answer
}

// WriteJSON answers a request in AWS JSON 1.1: with out, or with a fault.
func WriteJSON(w http.ResponseWriter, out any, fault *Error) {
	status := http.StatusOK
	body, err := json.Marshal(out)
	if err != nil {
		fault = Unencodable(err)
	}
	if fault != nil {
		status = fault.HTTPStatus()
		body, _ = json.Marshal(map[string]string{"__type": fault.Code, "message": fault.Message}) // strings can be encoded
	}
	Write(w, status, "application/x-amz-json-1.1", body)
}

// Stamp is a time in AWS JSON: seconds since the epoch.
func Stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// ReadJSON decodes the body of a request for do.
func ReadJSON[In, Out any](body []byte, do func(In) (Out, *Error)) (Out, *Error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		var none Out
		return none, &Error{Code: "SerializationException", Message: err.Error()}
	}
	return do(in)
}
