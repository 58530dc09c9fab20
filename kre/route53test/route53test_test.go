package route53test_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre/route53test"
)

// create makes a zone over the wire.
func create(t *testing.T, client *route53.Client, name, reference string) *route53.CreateHostedZoneOutput {
	t.Helper()
	out, err := client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: &name, CallerReference: &reference})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestZonesLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := route53test.New(route53test.Options{})
		client, ctx := cloud.Client(), t.Context()
		out, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{
			Name: aws.String("Demo.Example.net"), CallerReference: aws.String("one"),
			HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String("a demo")},
		})
		if err != nil {
			t.Fatal(err)
		}
		z := out.HostedZone
		if *z.Name != "demo.example.net." || *z.CallerReference != "one" || *z.Config.Comment != "a demo" || z.Config.PrivateZone || *z.ResourceRecordSetCount != 2 {
			t.Errorf("zone is %+v", z)
		}
		if len(out.DelegationSet.NameServers) != 4 {
			t.Errorf("name servers are %v", out.DelegationSet.NameServers)
		}
		change := func() types.ChangeStatus {
			got, err := client.GetChange(ctx, &route53.GetChangeInput{Id: out.ChangeInfo.Id})
			if err != nil {
				t.Fatal(err)
			}
			return got.ChangeInfo.Status
		}
		if got := change(); got != types.ChangeStatusPending {
			t.Errorf("a new change is %s", got)
		}
		time.Sleep(30 * time.Second)
		if got := change(); got != types.ChangeStatusInsync {
			t.Errorf("an old change is %s", got)
		}
		if _, err := client.UpdateHostedZoneComment(ctx, &route53.UpdateHostedZoneCommentInput{Id: z.Id, Comment: aws.String("new")}); err != nil {
			t.Error(err)
		}
		got, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: z.Id})
		if err != nil || *got.HostedZone.Config.Comment != "new" || !cmp.Equal(got.DelegationSet.NameServers, out.DelegationSet.NameServers) {
			t.Errorf("zone is %+v, %v", got, err)
		}
		if _, err := client.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: z.Id}); err != nil {
			t.Error(err)
		}
		if _, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: z.Id}); code(err) != "NoSuchHostedZone" {
			t.Errorf("a deleted zone: %v", err)
		}
		if _, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: z.Name, CallerReference: aws.String("one")}); code(err) != "HostedZoneAlreadyExists" {
			t.Errorf("the caller reference of a deleted zone: %v", err)
		}
		if cloud.Calls("GetChange") != 2 || cloud.Writes() != 4 {
			t.Errorf("%d calls of GetChange, %d writes", cloud.Calls("GetChange"), cloud.Writes())
		}
	})
}

func TestRefusedZones(t *testing.T) {
	tests := map[string]struct {
		in   route53.CreateHostedZoneInput
		want string
	}{
		"an empty label":                {route53.CreateHostedZoneInput{Name: aws.String("a..net"), CallerReference: aws.String("x")}, "InvalidDomainName"},
		"a reference that is too long":  {route53.CreateHostedZoneInput{Name: aws.String("a.net"), CallerReference: aws.String(strings.Repeat("x", 129))}, "InvalidInput"},
		"a reference that was used":     {route53.CreateHostedZoneInput{Name: aws.String("a.net"), CallerReference: aws.String("used")}, "HostedZoneAlreadyExists"},
		"a delegation set":              {route53.CreateHostedZoneInput{Name: aws.String("a.net"), CallerReference: aws.String("x"), DelegationSetId: aws.String("N1")}, "InvalidInput"},
		"the same name again is a zone": {route53.CreateHostedZoneInput{Name: aws.String("used.net"), CallerReference: aws.String("x")}, ""},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			cloud := route53test.New(route53test.Options{})
			create(t, cloud.Client(), "used.net", "used")
			_, err := cloud.Client().CreateHostedZone(t.Context(), &tt.in)
			if (err != nil || tt.want != "") && code(err) != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// TestPages walks through all pages of each listing, with two elements each.
func TestPages(t *testing.T) {
	cloud := route53test.New(route53test.Options{PageSize: 2})
	client, ctx := cloud.Client(), t.Context()
	for _, name := range []string{"b.net", "a.b.net", "a.net", "b.net", "c.com"} {
		cloud.AddZone(name)
	}
	cloud.AddPrivateZone("b.net")
	var names, ids []string
	for in := (route53.ListHostedZonesByNameInput{}); ; {
		out, err := client.ListHostedZonesByName(ctx, &in)
		if err != nil {
			t.Fatal(err)
		}
		for _, z := range out.HostedZones {
			names = append(names, fmt.Sprint(*z.Name, " ", z.Config.PrivateZone))
		}
		if !out.IsTruncated {
			break
		}
		in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId
	}
	private := 0
	for i, n := range names {
		if strings.HasSuffix(n, "true") {
			private++
		}
		names[i], _, _ = strings.Cut(n, " ")
	}
	if d := cmp.Diff([]string{"c.com.", "a.net.", "b.net.", "b.net.", "b.net.", "a.b.net."}, names); d != "" || private != 1 {
		t.Errorf("by name, %d private (-want +got):\n%s", private, d)
	}
	for pages := route53.NewListHostedZonesPaginator(client, &route53.ListHostedZonesInput{}); pages.HasMorePages(); {
		out, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, z := range out.HostedZones {
			ids = append(ids, *z.Id)
		}
	}
	if len(ids) != 6 {
		t.Errorf("zones are %v", ids)
	}
	id := cloud.Zones("a.net")[0]
	for i := range 5 {
		if err := cloud.Put(id, route53test.Record(fmt.Sprintf("h%d.a.net", 4-i), "A", "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
	}
	weighted := route53test.Record("h0.a.net", "TXT", `"x"`)
	weighted.SetIdentifier, weighted.Weight = aws.String("one"), aws.Int64(1)
	if err := cloud.Put(id, weighted); err != nil {
		t.Fatal(err)
	}
	var records []string
	for pages := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: &id}); pages.HasMorePages(); {
		out, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range out.ResourceRecordSets {
			records = append(records, fmt.Sprint(*s.Name, s.Type))
		}
	}
	want := []string{"a.net.NS", "a.net.SOA", "h0.a.net.A", "h0.a.net.TXT", "h1.a.net.A", "h2.a.net.A", "h3.a.net.A", "h4.a.net.A"}
	if d := cmp.Diff(want, records); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	if in := (route53.ListHostedZonesByNameInput{HostedZoneId: &id}); true {
		if _, err := client.ListHostedZonesByName(ctx, &in); code(err) != "InvalidInput" {
			t.Errorf("an id without a name: %v", err)
		}
	}
}

func TestANewZoneIsListedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := route53test.New(route53test.Options{Lag: 10 * time.Second})
		create(t, cloud.Client(), "a.net", "x")
		listed := func() int {
			out, err := cloud.Client().ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.HostedZones)
		}
		if got := listed(); got != 0 {
			t.Errorf("%d zones at once", got)
		}
		time.Sleep(10 * time.Second)
		if got := listed(); got != 1 {
			t.Errorf("%d zones later", got)
		}
		if len(cloud.Zones("A.net")) != 1 {
			t.Error("Zones does not know it")
		}
	})
}

func TestTags(t *testing.T) {
	cloud := route53test.New(route53test.Options{})
	client, ctx := cloud.Client(), t.Context()
	id := cloud.AddZone("a.net")
	in := &route53.ChangeTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: &id,
		AddTags: []types.Tag{{Key: aws.String("Owner"), Value: aws.String("me & <you>")}, {Key: aws.String("B"), Value: aws.String("")}},
	}
	if _, err := client.ChangeTagsForResource(ctx, in); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"Owner": "me & <you>", "B": ""}, cloud.Tags(id)); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
	in.AddTags, in.RemoveTagKeys = nil, []string{"B", "none"}
	if _, err := client.ChangeTagsForResource(ctx, in); err != nil {
		t.Fatal(err)
	}
	one, err := client.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{ResourceType: in.ResourceType, ResourceId: &id})
	if err != nil || len(one.ResourceTagSet.Tags) != 1 || *one.ResourceTagSet.Tags[0].Value != "me & <you>" {
		t.Errorf("tags are %+v, %v", one, err)
	}
	several, err := client.ListTagsForResources(ctx, &route53.ListTagsForResourcesInput{ResourceType: in.ResourceType, ResourceIds: []string{id}})
	if err != nil || len(several.ResourceTagSets) != 1 || len(several.ResourceTagSets[0].Tags) != 1 {
		t.Errorf("tags are %+v, %v", several, err)
	}
	in.RemoveTagKeys, in.AddTags = nil, make([]types.Tag, 11)
	for i := range in.AddTags {
		in.AddTags[i] = types.Tag{Key: aws.String(fmt.Sprint("k", i)), Value: aws.String("")}
	}
	if _, err := client.ChangeTagsForResource(ctx, in); code(err) != "InvalidInput" {
		t.Errorf("eleven tags: %v", err)
	}
	in.ResourceId = aws.String("Z0")
	if _, err := client.ChangeTagsForResource(ctx, in); code(err) != "NoSuchHostedZone" {
		t.Errorf("tags of no zone: %v", err)
	}
}

func TestThrottleTakesFiveCallsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := route53test.New(route53test.Options{Throttle: true})
		client := cloud.Client(func(o *route53.Options) { o.RetryMaxAttempts = 1 })
		call := func() error {
			_, err := client.GetHostedZoneCount(t.Context(), &route53.GetHostedZoneCountInput{})
			return err
		}
		for i := range 5 {
			if err := call(); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if err := call(); code(err) != "Throttling" {
			t.Errorf("the sixth call: %v", err)
		}
		time.Sleep(200 * time.Millisecond)
		if err := call(); err != nil {
			t.Errorf("a fifth of a second later: %v", err)
		}
	})
}

func TestFaultsStrikeBeforeAndAfterTheEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := 0
		cloud := route53test.New(route53test.Options{
			Before: func(op string, n int) *route53test.Error {
				if op == "CreateHostedZone" && n == 1 {
					return route53test.Unavailable()
				}
				return nil
			},
			After: func(op string, _ int) *route53test.Error {
				if op == "CreateHostedZone" && lost == 0 {
					lost++
					return route53test.Busy()
				}
				return nil
			},
		})
		// The SDK repeats both, and the second attempt has taken effect.
		in := &route53.CreateHostedZoneInput{Name: aws.String("a.net"), CallerReference: aws.String("x")}
		if _, err := cloud.Client().CreateHostedZone(t.Context(), in); code(err) != "HostedZoneAlreadyExists" {
			t.Errorf("error %v", err)
		}
		if got := cloud.Calls("CreateHostedZone"); got != 3 || len(cloud.Zones("a.net")) != 1 {
			t.Errorf("%d calls, zones %v", got, cloud.Zones("a.net"))
		}
	})
	denied := route53test.New(route53test.Options{Before: func(op string, _ int) *route53test.Error { return route53test.Denied(op) }})
	if _, err := denied.Client().ListHostedZones(t.Context(), &route53.ListHostedZonesInput{}); code(err) != "AccessDenied" {
		t.Errorf("error %v", err)
	}
}

func TestUnknownOperationsAreRefused(t *testing.T) {
	cloud := route53test.New(route53test.Options{})
	_, err := cloud.Client().ListHealthChecks(t.Context(), &route53.ListHealthChecksInput{})
	if code(err) != "UnknownOperationException" || !strings.Contains(err.Error(), "healthcheck") {
		t.Errorf("error %v", err)
	}
}

// TestServeHTTP reaches the Cloud as another program would.
func TestServeHTTP(t *testing.T) {
	cloud := route53test.New(route53test.Options{})
	cloud.AddZone("a.net")
	server := httptest.NewServer(cloud)
	defer server.Close()
	client := cloud.Client(func(o *route53.Options) { o.BaseEndpoint, o.HTTPClient = &server.URL, server.Client() })
	out, err := client.ListHostedZones(t.Context(), &route53.ListHostedZonesInput{})
	if err != nil || len(out.HostedZones) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := cloud.Client().ListHostedZones(ctx, &route53.ListHostedZonesInput{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was given up: %v", err)
	}
}
