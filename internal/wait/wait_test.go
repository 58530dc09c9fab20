package wait

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestFor(t *testing.T) {
	errEnough := errors.New("enough")
	tests := map[string]struct {
		pause   time.Duration
		cancel  time.Duration // when the context is cancelled; negative is never
		elapsed time.Duration
		want    error
	}{
		"a pause lasts as long as it says":                    {pause: time.Minute, cancel: -1, elapsed: time.Minute},
		"none takes no time":                                  {pause: 0, cancel: -1},
		"less than none takes no time":                        {pause: -time.Second, cancel: -1},
		"a context that ends meanwhile ends it, and says why": {pause: time.Minute, cancel: time.Second, elapsed: time.Second, want: errEnough},
		"one that has ended lets nothing wait":                {pause: time.Minute, cancel: 0, want: errEnough},
		"one that has ended fails a pause of none too":        {pause: 0, cancel: 0, want: errEnough},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				switch {
				case tt.cancel == 0:
					cancel(errEnough)
				case tt.cancel > 0:
					time.AfterFunc(tt.cancel, func() { cancel(errEnough) })
				}
				begin := time.Now()
				if err := For(ctx, tt.pause); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
				if got := time.Since(begin); got != tt.elapsed {
					t.Errorf("took %v, want %v", got, tt.elapsed)
				}
			})
		})
	}
}
