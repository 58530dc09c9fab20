package zone

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
)

func set(name, kind string, values ...string) types.ResourceRecordSet {
	s := types.ResourceRecordSet{Name: aws.String(canonical(name)), Type: types.RRType(kind), TTL: aws.Int64(300)}
	for _, v := range values {
		s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	return s
}

func TestParseNote(t *testing.T) {
	tests := map[string]struct {
		text string
		want note
		ok   bool
	}{
		"a note":                      {`"heritage=external-dns,external-dns/owner=kre-dev,external-dns/resource=ingress/a/b"`, note{"kre-dev", "ingress/a/b"}, true},
		"without quotation marks":     {`heritage=external-dns,external-dns/owner=kre-dev`, note{owner: "kre-dev"}, true},
		"of nobody":                   {`"heritage=external-dns"`, note{}, true},
		"what is not known is passed": {`"heritage=external-dns,external-dns/aws-weight=1,external-dns/owner=o"`, note{owner: "o"}, true},
		"another program's":           {`"heritage=mate,external-dns/owner=kre-dev"`, note{}, false},
		"a word that is longer":       {`"heritage=external-dns2,external-dns/owner=kre-dev"`, note{}, false},
		"an encrypted one":            {`"h8UQ6jelUFUsEIn7SbFktc2MYXPx/q8lySqI4VwNVtVaIbb2nkHWV/88KKbtLtu7fJNzMir8ELVeVnRSY01KdiIuj7ledqZe5ailEjQaU5Z6uEKd5pgs6sH8"`, note{}, false},
		"nothing":                     {``, note{}, false},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			if got, ok := parseNote(tt.text); got != tt.want || ok != tt.ok {
				t.Errorf("%+v, %t", got, ok)
			}
		})
	}
}

// TestNoteNames has the names of external-dns's own mapper.
func TestNoteNames(t *testing.T) {
	tests := map[string]struct {
		registry   Registry
		name, kind string
		want       string
	}{
		"without an affix":             {Registry{}, "api.a.net", "A", "a-api.a.net. api.a.net."},
		"a CNAME is typed once":        {Registry{}, "api.a.net", "CNAME", "cname-api.a.net. api.a.net."},
		"other types are always typed": {Registry{}, "api.a.net", "SRV", "srv-api.a.net."},
		"a wildcard":                   {Registry{}, "*.a.net", "CNAME", `cname-\052.a.net. \052.a.net.`},
		"a wildcard that is replaced":  {Registry{WildcardReplacement: "Any"}, "*.a.net", "CNAME", "cname-any.a.net. any.a.net."},
		"a prefix":                     {Registry{Prefix: "dns-"}, "api.a.net", "AAAA", "dns-aaaa-api.a.net."},
		"a prefix that is a label":     {Registry{Prefix: "dns."}, "api.a.net", "CNAME", "dns.cname-api.a.net. dns.api.a.net."},
		"a suffix":                     {Registry{Suffix: "-txt"}, "api.a.net", "CNAME", "cname-api-txt.a.net. api-txt.a.net."},
		"a prefix with the type in it": {Registry{Prefix: "x-%{record_type}-"}, "api.a.net", "CNAME", "x-cname-api.a.net. x--api.a.net."},
		"a suffix with the type in it": {Registry{Suffix: "-%{record_type}"}, "api.a.net", "CNAME", "api-cname.a.net. api-.a.net."},
		"letter case does not matter":  {Registry{}, "API.a.net.", "CNAME", "cname-api.a.net. api.a.net."},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			if got := strings.Join(tt.registry.noteNames(set(tt.name, tt.kind)), " "); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	note := func(owner string) string { return `"heritage=external-dns,external-dns/owner=` + owner + `"` }
	with := func(s types.ResourceRecordSet, id string) types.ResourceRecordSet {
		s.SetIdentifier = &id
		return s
	}
	tests := map[string]struct {
		registry Registry
		sets     []types.ResourceRecordSet
		ours     []string // "A api.a.net of api.a.net."
		foreign  []string
	}{
		"a record and its note": {
			sets: []types.ResourceRecordSet{set("api.a.net", "A", "1"), set("a-api.a.net", "TXT", note("us"))},
			ours: []string{"A api.a.net of api.a.net.", "TXT a-api.a.net of api.a.net."},
		},
		"a note alone is ours too": {
			sets: []types.ResourceRecordSet{set("a-api.a.net", "TXT", note("us"))},
			ours: []string{"TXT a-api.a.net of a-api.a.net."},
		},
		"a name that begins as a note would leaves open whose either is": {
			sets:    []types.ResourceRecordSet{set("a-api.a.net", "A", "1"), set("api.a.net", "A", "1"), set("a-api.a.net", "TXT", note("us"))},
			ours:    []string{"TXT a-api.a.net of a-api.a.net."},
			foreign: []string{"A a-api.a.net", "A api.a.net"},
		},
		"a name that begins as a note would, where each has a note of its own": {
			sets: []types.ResourceRecordSet{
				set("a-api.a.net", "A", "1"), set("a-a-api.a.net", "TXT", note("us")), set("api.a.net", "A", "1"), set("api.a.net", "TXT", note("us")), set("a-api.a.net", "TXT", note("us")),
			},
			ours: []string{
				"A a-api.a.net of a-api.a.net.", "TXT a-a-api.a.net of a-api.a.net.", "A api.a.net of api.a.net.", "TXT api.a.net of api.a.net.", "TXT a-api.a.net of a-api.a.net.",
			},
		},
		"what a wildcard is replaced by is no name of ours": {
			registry: Registry{Owner: "us", WildcardReplacement: "any"},
			sets:     []types.ResourceRecordSet{set(`\052.a.net`, "CNAME", "x"), set("any.a.net", "CNAME", "x"), set("cname-any.a.net", "TXT", note("us"))},
			ours:     []string{"TXT cname-any.a.net of cname-any.a.net."},
			foreign:  []string{"CNAME *.a.net", "CNAME any.a.net"},
		},
		"an address of IPv6 that somebody made beside ours": {
			sets: []types.ResourceRecordSet{
				set("api.a.net", "A", "1"), set("api.a.net", "AAAA", "::1"), set("api.a.net", "TXT", note("us")), set("a-api.a.net", "TXT", note("us")),
			},
			ours:    []string{"A api.a.net of api.a.net.", "TXT api.a.net of api.a.net.", "TXT a-api.a.net of api.a.net."},
			foreign: []string{"AAAA api.a.net"},
		},
		"an address that took the place of our CNAME": {
			sets:    []types.ResourceRecordSet{set("api.a.net", "A", "1"), set("cname-api.a.net", "TXT", note("us"))},
			ours:    []string{"TXT cname-api.a.net of cname-api.a.net."},
			foreign: []string{"A api.a.net"},
		},
		"an alias is noted as a CNAME": {
			sets: []types.ResourceRecordSet{{Name: new("api.a.net"), Type: types.RRTypeA, AliasTarget: &types.AliasTarget{}}, set("cname-api.a.net", "TXT", note("us"))},
			ours: []string{"A api.a.net of api.a.net.", "TXT cname-api.a.net of api.a.net."},
		},
		"an owner that is longer is another": {
			sets:    []types.ResourceRecordSet{set("api.a.net", "A", "1"), set("a-api.a.net", "TXT", note("us2")), set("b.a.net", "A", "1"), set("b.a.net", "TXT", note("u"))},
			foreign: []string{"A api.a.net", "TXT a-api.a.net", "A b.a.net", "TXT b.a.net"},
		},
		"without an owner id nothing is ours": {
			registry: Registry{Prefix: "-"},
			sets:     []types.ResourceRecordSet{set("api.a.net", "A", "1"), set("api.a.net", "TXT", note(""))},
			foreign:  []string{"A api.a.net", "TXT api.a.net"},
		},
		"the note of another set identifier says nothing": {
			sets:    []types.ResourceRecordSet{with(set("api.a.net", "A", "1"), "x"), with(set("api.a.net", "A", "1"), "y"), with(set("a-api.a.net", "TXT", note("us")), "x")},
			ours:    []string{"A api.a.net of api.a.net.", "TXT a-api.a.net of api.a.net."},
			foreign: []string{"A api.a.net"},
		},
		"a text that is no note": {
			sets:    []types.ResourceRecordSet{set("api.a.net", "TXT", `"v=spf1 -all"`)},
			foreign: []string{"TXT api.a.net"},
		},
		"a note among other texts": {
			sets:    []types.ResourceRecordSet{set("api.a.net", "TXT", `"v=spf1 -all"`, note("us"))},
			foreign: []string{"TXT api.a.net"},
		},
		"notes of two owners in one": {
			sets:    []types.ResourceRecordSet{set("api.a.net", "TXT", note("us"), note("them"))},
			foreign: []string{"TXT api.a.net"},
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			g := tt.registry
			if g == (Registry{}) {
				g.Owner = "us"
			}
			ours, foreign := g.split(tt.sets)
			var gotOurs, gotForeign []string
			for _, r := range ours {
				gotOurs = append(gotOurs, r.Type+" "+r.Name+" of "+r.family)
			}
			for _, r := range foreign {
				gotForeign = append(gotForeign, r.Type+" "+r.Name)
			}
			if d := cmp.Diff(tt.ours, gotOurs); d != "" {
				t.Errorf("ours (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.foreign, gotForeign); d != "" {
				t.Errorf("foreign (-want +got):\n%s", d)
			}
		})
	}
}

// TestBatches makes random families of records: no batch is too large, nothing is lost,
// a family is in one batch where it fits, and its notes never go before its records.
func TestBatches(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		var records []Record
		for f := range 1 + random.IntN(200) {
			for r := range 1 + random.IntN(4) {
				kind := []string{"A", "TXT", "CNAME"}[random.IntN(3)]
				values := make([]string, 1+random.IntN(30))
				for i := range values {
					values[i] = strings.Repeat("x", 1+random.IntN(200))
				}
				if random.IntN(100) == 0 {
					values = slices.Repeat([]string{strings.Repeat("y", 300)}, 1+random.IntN(100))
				}
				rec := newRecord(set(fmt.Sprintf("r%d-%d.a.net", f, r), kind, values...))
				rec.family = fmt.Sprint("f", f)
				records = append(records, rec)
			}
		}
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		in := make(map[string][]int) // batches of a family
		whole := make(map[string][]Record)
		total, notes := 0, make(map[string]bool)
		for i, batch := range batches(records) {
			if w := (weight{}).plus(batch...); len(batch) == 0 || !w.fits() && len(batch) > 1 {
				t.Fatalf("batch %d has %+v", i, w)
			}
			total += len(batch)
			for _, r := range batch {
				if !slices.Contains(in[r.family], i) {
					in[r.family] = append(in[r.family], i)
				}
				whole[r.family] = append(whole[r.family], r)
				if r.Type != "TXT" && notes[r.family] {
					t.Fatalf("%s goes after a note of its family", r.short())
				}
				notes[r.family] = notes[r.family] || r.Type == "TXT"
			}
		}
		if total != len(records) {
			t.Fatalf("%d records of %d", total, len(records))
		}
		for f, list := range in {
			if len(list) > 1 && (weight{}).plus(whole[f]...).fits() {
				t.Errorf("family %s is in batches %v", f, list)
			}
		}
	}
	if got := batches(nil); got != nil {
		t.Errorf("nothing makes %v", got)
	}
}

func FuzzParseNote(f *testing.F) {
	for _, text := range []string{`"heritage=external-dns,external-dns/owner=a"`, `heritage=external-dns`, `"`, ``, `"a,b=c"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := parseNote(text)
		if !ok && n != (note{}) || ok && !strings.Contains(text, "heritage=external-dns") || !strings.Contains(text, n.owner) {
			t.Errorf("%q is %+v, %t", text, n, ok)
		}
	})
}

func FuzzNormalized(f *testing.F) {
	f.Add("kre-tnba.example.net", "example.net")
	f.Add("*.a.B.", " b ")
	f.Add("", ".")
	f.Fuzz(func(t *testing.T, name, parent string) {
		s, err := Spec{Name: name, Parent: parent}.normalized()
		if err != nil {
			return
		}
		again, err := s.normalized()
		if err != nil || again.Name != s.Name || again.Parent != s.Parent || plain(canonical(s.Name)) != s.Name {
			t.Errorf("%q, %q became %+v, and that %+v, %v", name, parent, s, again, err)
		}
	})
}
