package charts_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"testing"

	"github.com/mettel-automation/delivery/kre/charts"
)

// What passes as a source is a network that is not everyone, written in the one way.
func FuzzSources(f *testing.F) {
	for _, s := range []string{"", "203.0.113.0/24", "203.0.113.7/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "::ffff:1.2.3.0/120", "1.2.3.4", "01.2.3.0/24", "1.2.3.0/24 "} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, source string, ipv6 bool) {
		r, err := charts.IngressNginx{LoadBalancer: charts.NLB, Sources: []string{source}, IPv6: ipv6}.Release()
		if err != nil {
			return
		}
		p, err := netip.ParsePrefix(source)
		if err != nil || p.Bits() == 0 || p != p.Masked() || p.Addr().Is6() && !ipv6 {
			t.Errorf("%q passes: %v", source, r.Values)
		}
	})
}

// Values never change what a setting says, and all of them that pass are there.
func FuzzValues(f *testing.F) {
	f.Add(`{"controller":{"config":{"use-proxy-protocol":"false"}}}`)
	f.Add(`{"controller":{"service":{"annotations":{"a":"b"}},"config":{}},"x":null}`)
	f.Add(`{"controller":null}`)
	f.Add(`{"controller":{"service":{"loadBalancerSourceRanges":["203.0.113.0/24"]},"replicaCount":1e0}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var given map[string]any
		if json.Unmarshal([]byte(text), &given) != nil {
			return
		}
		settings := charts.IngressNginx{Sources: []string{"203.0.113.0/24"}, Replicas: 1}
		plain, err := settings.Release()
		if err != nil {
			t.Fatal(err)
		}
		settings.Values = given
		r, err := settings.Release()
		if err != nil {
			return
		}
		covers(t, "", r.Values, plain.Values)
		covers(t, "", r.Values, given)
	})
}

// covers reports what all does not have of part.
func covers(t *testing.T, path string, all, part map[string]any) {
	for key, want := range part {
		have, ok := all[key]
		below, isMap := want.(map[string]any)
		switch {
		case isMap && len(below) == 0:
		case isMap:
			m, _ := have.(map[string]any)
			covers(t, path+"."+key, m, below)
		case !ok || fmt.Sprint(have) != fmt.Sprint(want) && reflect.ValueOf(want).Kind() != reflect.Float64:
			t.Errorf("%s.%s is %v, want %v", path, key, have, want)
		}
	}
}
