package papertrail_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

// bench is an account and a keeper of it.
type bench struct {
	*testing.T
	*papertrailtest.Server
	*papertrail.Keeper
}

func newBench(t *testing.T, server papertrailtest.Options, opts papertrail.Options) bench {
	t.Helper()
	s := papertrailtest.New(server)
	client, err := httpapi.New(httpapi.Options{Token: "secret-token", Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return bench{t, s, papertrail.New(client, opts)}
}

func (b bench) plan(groups ...papertrail.Group) papertrail.Plan {
	b.Helper()
	p, err := b.Plan(b.Context(), groups)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func (b bench) apply(p papertrail.Plan) papertrail.Result {
	b.Helper()
	r, err := b.Apply(b.Context(), p)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (b bench) want(text string, p papertrail.Plan) {
	b.Helper()
	if diff := cmp.Diff(text, p.String()); diff != "" {
		b.Errorf("plan (-want +got):\n%s", diff)
	}
}

// writes are the requests since the last call that were to change something.
func (b bench) writes() (list []string) {
	for _, r := range b.Writes() {
		list = append(list, r.String())
	}
	b.Forget()
	return list
}

// logs is a group with two searches.
func logs() papertrail.Group {
	return papertrail.Group{Name: "[production] - master logs", Wildcard: "*", Searches: []papertrail.Search{
		{Name: "[notifier] - logs", Query: "notifier AND production AND 7"},
		{Name: "[all modules] - logs", Query: "production"},
	}}
}
