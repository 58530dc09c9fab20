package route53test_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre/route53test"
)

const (
	mk = types.ChangeActionCreate
	up = types.ChangeActionUpsert
	rm = types.ChangeActionDelete
)

func change(action types.ChangeAction, set types.ResourceRecordSet) types.Change {
	return types.Change{Action: action, ResourceRecordSet: &set}
}

func record(name, kind string, values ...string) types.ResourceRecordSet {
	return route53test.Record(name, kind, values...)
}

// many are n record sets with one value each.
func many(n int, action types.ChangeAction, value string) (changes []types.Change) {
	for i := range n {
		changes = append(changes, change(action, record(fmt.Sprintf("m%d.a.net", i), "TXT", value)))
	}
	return changes
}

// show lists what Route 53 did not make itself.
func show(sets []types.ResourceRecordSet) (lines []string) {
	for _, s := range sets {
		if s.Type == "SOA" || s.Type == "NS" && *s.Name == "a.net." {
			continue
		}
		line := fmt.Sprint(*s.Name, " ", s.Type)
		for _, r := range s.ResourceRecords {
			line += " " + *r.Value
		}
		if s.AliasTarget != nil {
			line += " -> " + *s.AliasTarget.DNSName
		}
		lines = append(lines, line)
	}
	return lines
}

func TestChangeBatches(t *testing.T) {
	old := []types.ResourceRecordSet{record("old.a.net", "A", "192.0.2.1", "192.0.2.2"), record("*.a.net", "CNAME", "b.net")}
	unchanged := []string{`\052.a.net. CNAME b.net`, "old.a.net. A 192.0.2.1 192.0.2.2"}
	wrongTTL := record("old.a.net", "A", "192.0.2.1", "192.0.2.2")
	wrongTTL.TTL = aws.Int64(60)
	noValues := types.ResourceRecordSet{Name: aws.String("old.a.net"), Type: "A"}
	both := route53test.Alias("x.a.net", "A", "lb.net")
	both.TTL, both.ResourceRecords = aws.Int64(1), []types.ResourceRecord{{Value: aws.String("192.0.2.1")}}
	near := record("near.a.net", "A", "192.0.2.1")
	near.SetIdentifier, near.GeoLocation = aws.String("eu"), &types.GeoLocation{ContinentCode: aws.String("EU")}
	tests := map[string]struct {
		changes []types.Change
		want    []string // the records afterwards; unchanged where err is set
		err     string
	}{
		"records are created in the service's form of a name": {
			changes: []types.Change{change(mk, record("New.a.net", "TXT", `"x"`)), change(mk, route53test.Alias("al.a.net", "A", "LB.example.com"))},
			want:    []string{`\052.a.net. CNAME b.net`, "al.a.net. A -> lb.example.com.", "new.a.net. TXT \"x\"", "old.a.net. A 192.0.2.1 192.0.2.2"},
		},
		"what exists is not created":                  {changes: []types.Change{change(mk, record("old.a.net", "A", "192.0.2.1"))}, err: "[Tried to create resource record set [name='old.a.net.', type='A'] but it already exists]"},
		"what does not exist is not deleted":          {changes: []types.Change{change(rm, record("no.a.net", "A", "192.0.2.1"))}, err: "[Tried to delete resource record set [name='no.a.net.', type='A'] but it was not found]"},
		"nor is what has other values":                {changes: []types.Change{change(rm, record("old.a.net", "A", "192.0.2.1"))}, err: "[Tried to delete resource record set [name='old.a.net.', type='A'] but the values provided do not match the current values]"},
		"or another time to live":                     {changes: []types.Change{change(rm, wrongTTL)}, err: "values provided do not match"},
		"values may come in any order":                {changes: []types.Change{change(rm, record("OLD.a.net.", "A", "192.0.2.2", "192.0.2.1"))}, want: unchanged[:1]},
		"a wildcard is the same in both forms":        {changes: []types.Change{change(rm, record(`\052.a.net`, "CNAME", "b.net"))}, want: unchanged[1:]},
		"an upsert replaces":                          {changes: []types.Change{change(up, record("old.a.net", "A", "192.0.2.9"))}, want: []string{unchanged[0], "old.a.net. A 192.0.2.9"}},
		"a batch is whole or nothing":                 {changes: []types.Change{change(up, record("old.a.net", "A", "192.0.2.9")), change(rm, record("no.a.net", "A", "192.0.2.1"))}, err: "not found"},
		"all faults are named":                        {changes: []types.Change{change(rm, record("n1.a.net", "A", "192.0.2.1")), change(rm, record("n2.a.net", "A", "192.0.2.1"))}, err: "not found, Tried to delete"},
		"a record is replaced by one of another type": {changes: []types.Change{change(rm, record("*.a.net", "CNAME", "b.net")), change(mk, record("*.a.net", "A", "192.0.2.3"))}, want: []string{`\052.a.net. A 192.0.2.3`, unchanged[1]}},
		"the same change twice":                       {changes: []types.Change{change(up, record("x.a.net", "A", "192.0.2.1")), change(up, record("x.a.net", "A", "192.0.2.2"))}, err: "invalid set of changes"},
		"a name of another zone":                      {changes: []types.Change{change(mk, record("xa.net", "A", "192.0.2.1"))}, err: "RRSet with DNS name xa.net. is not permitted in zone a.net."},
		"a CNAME beside something else":               {changes: []types.Change{change(mk, record("old.a.net", "CNAME", "b.net"))}, err: "conflicts with other records"},
		"something beside a CNAME":                    {changes: []types.Change{change(mk, record("*.a.net", "TXT", `"x"`))}, err: "conflicts with other records"},
		"a CNAME at the apex":                         {changes: []types.Change{change(mk, record("a.net", "CNAME", "b.net"))}, err: "not permitted at apex"},
		"an address that is none":                     {changes: []types.Change{change(mk, record("x.a.net", "A", "192.0.2"))}, err: "ARRDATAIllegalIPv4Address"},
		"an address of the other family":              {changes: []types.Change{change(mk, record("x.a.net", "AAAA", "192.0.2.1"))}, err: "AAAARRDATAIllegalIPv6Address"},
		"a text without quotation marks":              {changes: []types.Change{change(mk, record("x.a.net", "TXT", "x"))}, err: "enclosed in quotation marks"},
		"a record of nothing":                         {changes: []types.Change{change(rm, noValues)}, err: "but found none in Change with [Action=DELETE, Name=old.a.net., Type=A, SetIdentifier=null]"},
		"an alias with values":                        {changes: []types.Change{change(mk, both)}, err: "but found more than one"},
		"routing that the double does not have":       {changes: []types.Change{change(mk, near)}, err: "route53test does not have GeoLocation"},
		"an action that does not exist":               {changes: []types.Change{change("PATCH", record("x.a.net", "A", "192.0.2.1"))}, err: "not facet-valid"},
		"a thousand values":                           {changes: many(1000, mk, `"x"`), want: nil},
		"one more":                                    {changes: many(1001, mk, `"x"`), err: "[Number of records limit of 1000 exceeded.]"},
		"an upsert counts twice":                      {changes: many(501, up, `"x"`), err: "[Number of records limit of 1000 exceeded.]"},
		"too many characters":                         {changes: many(161, mk, `"`+strings.Repeat("x", 198)+`"`), err: "[RDATA character limit of 32000 exceeded.]"},
		"the zone keeps its name servers":             {changes: []types.Change{change("APEX NS", types.ResourceRecordSet{})}, err: "[A HostedZone must contain at least one NS record for the zone itself.]"},
		"and its start of authority":                  {changes: []types.Change{change("APEX SOA", types.ResourceRecordSet{})}, err: "[A HostedZone must contain exactly one SOA record.]"},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			cloud := route53test.New(route53test.Options{})
			id := cloud.AddZone("a.net")
			if err := cloud.Put(id, old...); err != nil {
				t.Fatal(err)
			}
			for i, ch := range tt.changes { // the records that only the zone knows
				if kind, ok := strings.CutPrefix(string(ch.Action), "APEX "); ok {
					for _, s := range cloud.Records(id) {
						if string(s.Type) == kind {
							tt.changes[i] = change(rm, s)
						}
					}
				}
			}
			_, err := cloud.Client().ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
				HostedZoneId: &id, ChangeBatch: &types.ChangeBatch{Changes: tt.changes},
			})
			want := tt.want
			if tt.err != "" {
				want = unchanged
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %s", err, tt.err)
				}
			} else if err != nil {
				t.Error(err)
			}
			if got := show(cloud.Records(id)); len(got) != 1002 {
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("records (-want +got):\n%s", d)
				}
			} else if len(tt.changes) != 1000 {
				t.Error("a thousand records")
			}
		})
	}
}

func TestAZoneHasAtMostTenThousandRecords(t *testing.T) {
	cloud := route53test.New(route53test.Options{})
	id := cloud.AddZone("a.net")
	for i := range 10 {
		changes := make([]types.Change, 0, 1000)
		for j := range 1000 - i/9*2 { // the zone's own two count
			changes = append(changes, change(mk, record(fmt.Sprintf("h%d-%d.a.net", i, j), "A", "192.0.2.1")))
		}
		in := &route53.ChangeResourceRecordSetsInput{HostedZoneId: &id, ChangeBatch: &types.ChangeBatch{Changes: changes}}
		if _, err := cloud.Client().ChangeResourceRecordSets(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if err := cloud.Put(id, record("more.a.net", "A", "192.0.2.1")); err == nil || !strings.Contains(err.Error(), "MAX_RRSETS_BY_ZONE") {
		t.Errorf("error %v", err)
	}
}

func TestPutAndRemove(t *testing.T) {
	cloud := route53test.New(route53test.Options{})
	id := cloud.AddZone("a.net")
	weighted := record("w.a.net", "A", "192.0.2.1")
	weighted.SetIdentifier, weighted.Weight = aws.String("one"), aws.Int64(3)
	sets := []types.ResourceRecordSet{route53test.Alias("al.a.net", "AAAA", "lb.net"), weighted}
	if err := cloud.Put(id, sets...); err != nil {
		t.Fatal(err)
	}
	got := cloud.Records(id)
	if len(got) != 4 || got[3].Weight == nil || *got[3].Weight != 3 || !got[2].AliasTarget.EvaluateTargetHealth {
		t.Errorf("records are %v", show(got))
	}
	if err := cloud.Remove(id, got[2:]...); err != nil || len(cloud.Records(id)) != 2 {
		t.Errorf("%v, %v", err, show(cloud.Records(id)))
	}
	if err := cloud.Put("Z0", sets...); err == nil || cloud.Records("Z0") != nil || cloud.Tags("Z0") != nil {
		t.Errorf("a zone that does not exist: %v", err)
	}
}

// FuzzRequest sends any bytes as a batch: the Cloud answers, and its zone stays whole.
func FuzzRequest(f *testing.F) {
	const batch = `<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>%s</Name><Type>%s</Type><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>%s</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`
	f.Add(fmt.Sprintf(batch, "x.a.net", "A", "192.0.2.1"))
	f.Add(fmt.Sprintf(batch, "*.a.net", "TXT", `"x"`))
	f.Add(fmt.Sprintf(batch, "a.net", "SOA", "x"))
	f.Add("<a/>")
	f.Add("<")
	f.Fuzz(func(t *testing.T, body string) {
		cloud := route53test.New(route53test.Options{})
		id := cloud.AddZone("a.net")
		status := post(t, cloud, "/2013-04-01/hostedzone/"+id+"/rrset/", body)
		if sets := cloud.Records(id); len(sets) < 2 || status != 200 && len(sets) > 2 {
			t.Errorf("status %d, records %v", status, sets)
		}
	})
}
