package coverage

import (
	"errors"
	"testing"
)

func TestParseErrorText(t *testing.T) {
	cause := errors.New("cause")
	tests := map[string]struct {
		err  ParseError
		want string
	}{
		"a file and a line can be linked":    {ParseError{File: "a/b.info", Line: 7, Format: LCOV}, "read coverage report a/b.info:7 (lcov): cause"},
		"a line may be unknown":              {ParseError{File: "a/b.info", Format: LCOV}, "read coverage report a/b.info (lcov): cause"},
		"a format may be unknown":            {ParseError{File: "a/b.info", Line: 7}, "read coverage report a/b.info:7: cause"},
		"a reader has no name, yet lines":    {ParseError{Line: 7, Format: GoProfile}, "read coverage report at line 7 (go): cause"},
		"and at times there is only a cause": {ParseError{}, "read coverage report: cause"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.err.Err = cause
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("text is %q, want %q", got, tt.want)
			}
			if !errors.Is(&tt.err, cause) {
				t.Error("the cause is lost")
			}
		})
	}
}
