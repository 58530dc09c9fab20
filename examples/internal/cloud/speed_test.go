package cloud

import (
	"strings"
	"testing"
)

func TestSpeedIsThatOfAnEndpoint(t *testing.T) {
	tests := map[string]struct {
		endpoint, speed string
		want            float64
		err             string
	}{
		"AWS is as fast as it is":          {want: 1},
		"AWS is never asked more often":    {speed: "500", want: 1},
		"an endpoint is like AWS":          {endpoint: "http://127.0.0.1:4566", want: 1},
		"unless it is said to be faster":   {endpoint: "http://127.0.0.1:4566", speed: "500", want: 500},
		"a number is wanted":               {endpoint: "http://127.0.0.1:4566", speed: "fast", err: `DELIVERY_SPEED is "fast"; want a number from 1`},
		"nothing is slower than AWS":       {endpoint: "http://127.0.0.1:4566", speed: "0", err: "want a number from 1"},
		"what is no number is not a speed": {endpoint: "http://127.0.0.1:4566", speed: "NaN", err: "want a number from 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			getenv := func(name string) string {
				return map[string]string{"AWS_ENDPOINT_URL": tt.endpoint, "DELIVERY_SPEED": tt.speed}[name]
			}
			got, err := speed(getenv)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%v, %v; want %v, %q", got, err, tt.want, tt.err)
			}
		})
	}
}
