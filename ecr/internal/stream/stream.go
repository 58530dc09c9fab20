// Package stream reads what a Docker Engine answers while it builds or pushes: a
// stream of JSON messages under status 200, in which failures hide as well.
package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxMessage is how long one message may be, in bytes. The longest that engines
// send are the traces of BuildKit, some hundred kilobytes.
const maxMessage = 16 << 20

// ErrTooLong is the error of a message that does not end.
var ErrTooLong = fmt.Errorf("a message of more than %d MiB", maxMessage>>20)

// Message is one message of the stream. Fields that we do not use are left out.
// Source: Docker Engine API, ImageBuild and ImagePush; the engine's package jsonmessage.
type Message struct {
	Stream   string          `json:"stream"` // output of a build
	ID       string          `json:"id"`     // what Status is about, such as a layer
	Status   string          `json:"status"`
	Progress Progress        `json:"progressDetail"`
	Aux      json.RawMessage `json:"aux"`

	ErrorDetail *Error `json:"errorDetail"`
	ErrorText   string `json:"error"`
}

// Progress is how far a layer is, in bytes.
type Progress struct {
	Current int64 `json:"current"`
	Total   int64 `json:"total"` // 0 or less where it is not known
}

// Error is a failure that the engine tells in the stream.
type Error struct {
	Code    int    `json:"code"` // exit code of a step; 0 for what has none
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Read hands each message to each, until the stream ends. It returns the last
// [*Error] that the stream held, nil where it held none, and any other error
// where the stream broke off. An error of each ends the reading.
func Read(r io.Reader, each func(Message) error) error {
	limited := &limitedReader{r: r}
	decoder := json.NewDecoder(limited)
	var failure *Error
	for {
		limited.end = decoder.InputOffset() + maxMessage
		var m Message
		err := decoder.Decode(&m)
		switch {
		case errors.Is(err, io.EOF) && failure != nil:
			return failure
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && failure != nil:
			return failure // what it said last counts for more than how it ended
		case err != nil:
			return fmt.Errorf("read the answer of the engine: %w", err)
		}
		if m.ErrorDetail != nil && m.ErrorDetail.Message != "" {
			failure = m.ErrorDetail
		} else if m.ErrorText != "" {
			failure = &Error{Message: m.ErrorText}
		}
		if err := each(m); err != nil {
			return err
		}
	}
}

// limitedReader fails beyond end, which moves on with each message.
type limitedReader struct {
	r       io.Reader
	at, end int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.at >= l.end {
		return 0, ErrTooLong
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.end-l.at)])
	l.at += int64(n)
	return n, err
}
