package zone_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/kre/zone"
)

// errAny stands for any error.
var errAny = errors.New("any error")

// matches reports whether err is want; any AmbiguousError is like another.
func matches(err, want error) bool {
	if _, ambiguous := errors.AsType[*zone.AmbiguousError](want); ambiguous {
		_, ok := errors.AsType[*zone.AmbiguousError](err)
		return ok
	}
	return errors.Is(want, errAny) && err != nil || errors.Is(err, want)
}

func put(b *bench, id string, sets ...types.ResourceRecordSet) {
	b.Helper()
	if err := b.cloud.Put(id, sets...); err != nil {
		b.Fatal(err)
	}
}

// serversOf are the name servers of a zone as a plan shows them.
func serversOf(b *bench, id string) string {
	for _, s := range b.cloud.Records(id) {
		if s.Type == "NS" {
			var names []string
			for _, r := range s.ResourceRecords {
				names = append(names, strings.TrimSuffix(*r.Value, "."))
			}
			slices.Sort(names)
			return strings.Join(names, ", ")
		}
	}
	return ""
}

func tags(n int) map[string]string {
	m := make(map[string]string)
	for i := range n {
		m[fmt.Sprint("k", i)] = "v"
	}
	return m
}
