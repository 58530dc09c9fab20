package nuke_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/nuke"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	seed   = flag.Uint64("seed", 0, "seed of the random accounts; 0 picks one")
	rounds = flag.Int("rounds", 60, "how many random accounts")
)

func TestGenerateGolden(t *testing.T) {
	several := wholeAccount()
	for _, name := range []string{"bridge-redis", "sessions (2)", `say "hi"`, "a|b", "日本語", "\u202e", " leading space"} {
		several.Mine = append(several.Mine, nuke.Resource{Type: "CloudWatchDashboard", Region: region, ID: name})
	}
	several.Beyond = []nuke.Resource{{Type: "metric filter", Region: region, ID: target + "-errors"}}
	tests := map[string]struct {
		options nuke.Options
		inv     nuke.Inventory
		file    string
	}{
		"for v3": {nuke.Options{Blocklist: []string{live, "888888888888", live}, Time: time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)}, several, "testdata/v3.yaml"},
		"for v2": {nuke.Options{Blocklist: []string{live}, Major: 2, BlockedTerms: []string{"Live"}}, several, "testdata/v2.yaml"},
		"one thing, more blocked terms": {
			nuke.Options{Blocklist: []string{live}, BlockedTerms: []string{"Live", " stage ", "", "prod"}},
			inventory(environment(target, 1)[:1], nil), "testdata/one.yaml",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := tt.options.Generate(tt.inv)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(tt.file, []byte(config.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), config.String()); d != "" {
				t.Errorf("%s (-want +got); -update rewrites it:\n%s", tt.file, d)
			}
			var b strings.Builder
			if n, err := config.WriteTo(&b); err != nil || int(n) != len(want) || b.String() != config.String() {
				t.Errorf("WriteTo wrote %d bytes, %v", n, err)
			}
		})
	}
}

// TestRandomAccounts generates for accounts of several environments, whose names
// contain one another and whose tags lie, and compares what goes with the truth.
func TestRandomAccounts(t *testing.T) {
	start := *seed
	if start == 0 {
		start = rand.Uint64()
	}
	t.Logf("-seed=%d", start)
	for round := range *rounds {
		r := rand.New(rand.NewPCG(start, uint64(round)))
		inv := randomAccount(r)
		o := options()
		o.Major = 2 + round%2
		config, err := o.Generate(inv)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		verdict, err := nuke.Verify(config, inv, nuke.Run{})
		if err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if len(verdict.Warnings) > 0 {
			t.Errorf("round %d: warnings %v", round, verdict.Warnings)
		}
		if d := cmp.Diff(lines(inv.Mine), lines(verdict.Deletes)); d != "" {
			t.Errorf("round %d: deletes (-mine +deletes):\n%s", round, d)
		}
		if d := cmp.Diff(lines(inv.Others), lines(verdict.Keeps)); d != "" {
			t.Errorf("round %d: keeps (-others +keeps):\n%s", round, d)
		}
		slices.Reverse(inv.Mine)
		slices.Reverse(inv.Others)
		again, err := o.Generate(inv)
		if err != nil || again.String() != config.String() {
			t.Errorf("round %d: in another order the bytes differ (%v)", round, err)
		}
	}
}

// lines are resources as sorted texts.
func lines(rs []nuke.Resource) []string {
	var all []string
	for _, r := range rs {
		all = append(all, r.String())
	}
	slices.Sort(all)
	return all
}

func TestGenerateRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*nuke.Options, *nuke.Inventory)
		want   error
		says   string
	}{
		"an empty environment": {func(_ *nuke.Options, inv *nuke.Inventory) {
			inv.Environment = ""
			inv.Mine = []nuke.Resource{{Type: "CloudWatchDashboard", Region: region, ID: "a"}}
		}, nuke.ErrEnvironment, "refuse an environment without a name: not an ephemeral environment: the name is empty"},
		"a name that does not match": {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Environment = "automation-1a2b3c4" }, nuke.ErrEnvironment, `"automation-1a2b3c4" does not match "automation-[0-9a-f]{8}"`},
		"a name that matches but for a line break": {func(o *nuke.Options, inv *nuke.Inventory) {
			o.Pattern, inv.Environment = `(?s)x.*y`, "x\ny"
		}, nuke.ErrEnvironment, "does not match"},
		"production":                      {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Environment = "automation-master" }, nuke.ErrProduction, `has "master" in its name`},
		"production in capitals":          {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Environment = "automationPRODUCTION" }, nuke.ErrProduction, "production is never deleted"},
		"production by the caller's word": {func(o *nuke.Options, _ *nuke.Inventory) { o.Production = []string{"1a2b3c4d"} }, nuke.ErrProduction, `has "1a2b3c4d" in its name`},
		"a pattern of everything":         {func(o *nuke.Options, _ *nuke.Inventory) { o.Pattern = `.*` }, nuke.ErrPattern, "matches an empty name"},
		"a pattern of production":         {func(o *nuke.Options, _ *nuke.Inventory) { o.Pattern = `automation-.+` }, nuke.ErrPattern, `matches "automation-production", which is production`},
		"a pattern of the caller's production": {func(o *nuke.Options, _ *nuke.Inventory) {
			o.Pattern, o.Production = `automation-[0-9a-z]{4,8}`, []string{"live"}
		}, nuke.ErrPattern, "which is production"},
		"a pattern that breaks out":     {func(o *nuke.Options, _ *nuke.Inventory) { o.Pattern = `a)|(.*` }, nuke.ErrPattern, "unexpected )"},
		"an empty blocklist":            {func(o *nuke.Options, _ *nuke.Inventory) { o.Blocklist = nil }, nuke.ErrBlocklist, "it is empty; it must name the production account"},
		"a blocklist of something else": {func(o *nuke.Options, _ *nuke.Inventory) { o.Blocklist = []string{"prod"} }, nuke.ErrAccount, `"prod"`},
		"the account in its blocklist":  {func(o *nuke.Options, _ *nuke.Inventory) { o.Blocklist = []string{live, account} }, nuke.ErrBlocklist, "it has account 123456789012 itself in it"},
		"an account that is none":       {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Account = "12345678901" }, nuke.ErrAccount, `"12345678901"`},
		"an account in Arabic digits":   {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Account = "١٢٣٤٥٦" }, nuke.ErrAccount, "not an account id of 12 digits"},
		"no alias":                      {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Alias = "" }, nuke.ErrAlias, "give it one in IAM"},
		"an alias of production":        {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Alias = "MetTel-nonPROD" }, nuke.ErrAlias, `"MetTel-nonPROD" has the blocked term "prod" in it`},
		"an alias of the caller's term": {func(o *nuke.Options, _ *nuke.Inventory) { o.BlockedTerms = []string{"DEV"} }, nuke.ErrAlias, `the blocked term "dev"`},
		"an unknown major version":      {func(o *nuke.Options, _ *nuke.Inventory) { o.Major = 4 }, nuke.ErrMajor, "unknown major version of aws-nuke: 4; 2 and 3 are known"},
		"a conflict of the inventory": {func(_ *nuke.Options, inv *nuke.Inventory) {
			inv.Conflicts = []nuke.Conflict{{inv.Others[0], "its name says otherwise"}}
		}, nuke.ErrConflict, "its name says otherwise"},
		"a tag of production":             {tagged("tag:Environment", "automation-master"), nuke.ErrProduction, `its tag Environment says "automation-master"`},
		"a tag of production in any case": {tagged("tag:environment", "Production"), nuke.ErrProduction, `its tag Environment says "Production"`},
		"a tag of another environment":    {tagged("tag:Environment", sibling), nuke.ErrConflict, `its tag Environment says "automation-1a2b3c4de"`},
		"a role's tag of another":         {tagged("tag:role:Environment", sibling), nuke.ErrConflict, "automation-1a2b3c4de"},
		"a name of production":            {mine("S3Bucket", region, "s3://billing-prod"), nuke.ErrProduction, `us-east-1 S3Bucket s3://billing-prod has "prod" in its name, and nothing of automation-1a2b3c4d; delete it by hand, or take away what ties it to that environment`},
		"a name of production in capitals": {func(_ *nuke.Options, inv *nuke.Inventory) {
			inv.Mine[0].Properties = map[string]string{"Name": "billingPROD"}
		}, nuke.ErrProduction, `has "prod" in its name`},
		"a name of production and a sibling": {mine("S3Bucket", region, "s3://prod-"+sibling), nuke.ErrProduction, `has "prod" in its name`},
		"a name of the caller's production": {func(o *nuke.Options, inv *nuke.Inventory) {
			o.Production = []string{"live"}
			inv.Mine = append(inv.Mine, nuke.Resource{Type: "CloudWatchDashboard", Region: region, ID: "cluster-automation-live"})
		}, nuke.ErrProduction, `has "live" in its name`},
		"a service in production's cluster":         {mine("ECSService", region, "arn:aws:ecs:us-east-1:123456789012:service/"+target+" -> arn:aws:ecs:us-east-1:123456789012:cluster/production"), nuke.ErrProduction, `has "production" in its name`},
		"a policy attached to a role of production": {mine("IAMRolePolicyAttachment", nuke.Global, "prod-runner -> "+target+"-logs"), nuke.ErrProduction, `has "prod" in its name`},
		"every region at once": {func(_ *nuke.Options, inv *nuke.Inventory) {
			inv.Regions = append(inv.Regions, "all")
			inv.Mine = append(inv.Mine, nuke.Resource{Type: "CloudWatchDashboard", Region: "all", ID: "cluster-" + target})
		}, nuke.ErrInventory, `"all" is no region`},
		"nothing to delete":          {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Mine = nil }, nuke.ErrNothing, "nothing belongs to the environment"},
		"what environments share":    {mine("Route53HostedZone", nuke.Global, "/hostedzone/Z1 (a.com.)"), nuke.ErrInventory, "environments share what is of this type"},
		"what no environment has":    {mine("EC2Instance", region, "i-1"), nuke.ErrInventory, "nothing of this type belongs to an environment"},
		"a type that was not read":   {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Read = inv.Read[1:] }, nuke.ErrInventory, "its type is not among those that were read"},
		"a region that was not read": {mine("SNSTopic", "us-west-2", "TopicARN: x"), nuke.ErrInventory, "its region is not among those that were read"},
		"a role in a region":         {mine("IAMRole", region, "r"), nuke.ErrInventory, `its region must be "global"`},
		"a resource without an id":   {mine("SNSTopic", region, ""), nuke.ErrInventory, "it lacks its type, its region or its id"},
		"one that is mine and not":   {func(_ *nuke.Options, inv *nuke.Inventory) { inv.Others = append(inv.Others, inv.Mine[0]) }, nuke.ErrInventory, "aws-nuke cannot tell it from one that is"},
		"an id of two lines":         {mine("CloudWatchDashboard", region, "a\nb"), nuke.ErrInexpressible, `"a\nb": its id has a line break`},
		"an id that is no UTF-8":     {mine("CloudWatchDashboard", region, "a\xff"), nuke.ErrInexpressible, "no UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o, inv := options(), wholeAccount()
			tt.change(&o, &inv)
			config, err := o.Generate(inv)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v\nwant %v: %s", err, tt.want, tt.says)
			}
			if config.String() != "" {
				t.Error("there is a configuration all the same")
			}
		})
	}
}

// tagged gives the first resource of the environment a tag.
func tagged(key, value string) func(*nuke.Options, *nuke.Inventory) {
	return func(_ *nuke.Options, inv *nuke.Inventory) { inv.Mine[0].Properties = map[string]string{key: value} }
}

// mine adds a resource to the environment.
func mine(typ, region, id string) func(*nuke.Options, *nuke.Inventory) {
	return func(_ *nuke.Options, inv *nuke.Inventory) {
		inv.Read = append(inv.Read, "Route53HostedZone", "EC2Instance")
		inv.Mine = append(inv.Mine, nuke.Resource{Type: typ, Region: region, ID: id})
	}
}

func TestAllReasonsAreToldAtOnce(t *testing.T) {
	err := nuke.Options{}.Check(nuke.Inventory{Environment: "production"})
	for _, want := range []error{nuke.ErrProduction, nuke.ErrAccount, nuke.ErrBlocklist, nuke.ErrAlias} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not among the reasons:\n%v", want, err)
		}
	}
	if err := options().Check(wholeAccount()); err != nil {
		t.Errorf("a good inventory: %v", err)
	}
}

// Words of production are no matter in what is named for the environment, nor words
// that shared things are called by, nor what its roles may do.
func TestNamesThatAreNotOfProduction(t *testing.T) {
	inv := inventory([]nuke.Resource{
		{Type: "ELBv2", Region: region, ID: target + "-prod-like"},
		{Type: "S3Bucket", Region: region, ID: "s3://products"},
		{Type: "Route53ResourceRecordSet", Region: nuke.Global, ID: target + ".prod.example.com.", Properties: map[string]string{"Name": target + ".prod.example.com.", "Type": "A", "HostedZoneName": "prod.example.com."}},
		{Type: "ELBv2ListenerRule", Region: region, ID: "main -> arn:rule"},
		{Type: "IAMRolePolicy", Region: nuke.Global, ID: target + "-task -> read-production"},
	}, nil)
	if _, err := options().Generate(inv); err != nil {
		t.Error(err)
	}
}

// TestResourcesThatShareAnID are those that a filter by id alone would take for one another.
func TestResourcesThatShareAnID(t *testing.T) {
	record := func(kind, zone string) nuke.Resource {
		return nuke.Resource{Type: "Route53ResourceRecordSet", Region: nuke.Global, ID: "x.a.com.", Properties: map[string]string{"Name": "x.a.com.", "Type": kind, "HostedZoneName": zone}}
	}
	stack := func(region, tag string) nuke.Resource {
		r := nuke.Resource{Type: "CloudFormationStack", Region: region, ID: target, Properties: map[string]string{}}
		if tag != "" {
			r.Properties[tagEnv] = tag
		}
		return r
	}
	group := func(tag string) nuke.Resource {
		return nuke.Resource{Type: "CloudWatchLogsLogGroup", Region: "eu-west-1", ID: "any", Properties: map[string]string{tagEnv: tag}}
	}
	tests := map[string]struct {
		mine, others []nuke.Resource
		ok           bool
	}{
		"records of one name and different types":       {[]nuke.Resource{record("A", "a.com.")}, []nuke.Resource{record("TXT", "a.com.")}, true},
		"records of one name in different zones":        {[]nuke.Resource{record("A", "x.a.com.")}, []nuke.Resource{record("A", "a.com.")}, true},
		"records that only both together tell apart":    {[]nuke.Resource{record("A", "a.com."), record("TXT", "x.a.com.")}, []nuke.Resource{record("A", "x.a.com.")}, false},
		"stacks of one name in two regions, one read":   {[]nuke.Resource{stack(region, target)}, []nuke.Resource{stack("eu-west-1", target)}, true},
		"the same, where something else is in both":     {[]nuke.Resource{stack(region, target), group(target)}, []nuke.Resource{stack("eu-west-1", "")}, true},
		"the same, and both without a tag":              {[]nuke.Resource{stack(region, ""), group(target)}, []nuke.Resource{stack("eu-west-1", "")}, false},
		"a resource of the environment without its tag": {[]nuke.Resource{stack(region, "")}, []nuke.Resource{stack("eu-west-1", "")}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := options().Generate(inventory(tt.mine, tt.others))
			failed, refused := errors.AsType[*nuke.VerifyError](err)
			switch {
			case tt.ok && err != nil:
				t.Error(err)
			case !tt.ok && (!refused || len(failed.Verdict.Stray) == 0):
				t.Errorf("error %v, want one that names what else would go", err)
			}
		})
	}
}

// TestTypesOfMajor2 are those for which v2 differs.
func TestTypesOfMajor2(t *testing.T) {
	o := options()
	o.Major = 2
	task := nuke.Resource{Type: "ECSTask", Region: region, ID: "arn:task", Properties: map[string]string{"TaskARN": "arn:task"}}
	rule := nuke.Resource{Type: "ELBv2ListenerRule", Region: region, ID: target + " -> arn:rule"}
	inv := inventory([]nuke.Resource{task, rule}, nil)
	config, err := o.Generate(inv)
	if err != nil {
		t.Fatal(err)
	}
	if text := config.String(); !strings.Contains(text, "property: \"TaskARN\"\n          value: \"arn:task\"") || !strings.Contains(text, "#   us-east-1 ELBv2ListenerRule "+rule.ID) {
		t.Errorf("tasks go by a property, and rules with their load balancer; got\n%s", text)
	}
	verdict, err := nuke.Verify(config, inv, nuke.Run{})
	if err != nil || len(verdict.Warnings) != 1 || !strings.Contains(verdict.Warnings[0].Detail, "this aws-nuke has no type ELBv2ListenerRule") {
		t.Errorf("error %v, warnings %v", err, verdict.Warnings)
	}
	inv.Mine[0].Properties = nil
	if _, err := o.Generate(inv); !errors.Is(err, nuke.ErrInexpressible) {
		t.Errorf("a task without its property: %v", err)
	}
	inv.Mine = inv.Mine[1:]
	if _, err := o.Generate(inv); !errors.Is(err, nuke.ErrNothing) {
		t.Errorf("a rule alone: %v", err)
	}
}

// TestProtectedResourcesAreNotPromised has a role that aws-nuke never deletes.
func TestProtectedResourcesAreNotPromised(t *testing.T) {
	inv := wholeAccount()
	inv.Mine = append(inv.Mine, nuke.Resource{Type: "IAMRole", Region: nuke.Global, ID: "r", Properties: map[string]string{"Path": "/aws-service-role/x/"}})
	_, err := options().Generate(inv)
	if err == nil || !strings.Contains(err.Error(), "would stay (global IAMRole r first: aws-nuke never deletes it") {
		t.Errorf("error %v", err)
	}
}

func FuzzGenerate(f *testing.F) {
	for _, s := range []string{"a", `"`, `\`, "a\\nb", "(.*)|x", " a ", "# x", "\u2028", "\x85", "é", "\t", "a: b", "'", "{{x}}", "%YAML", "\\", "|", "^$", "\ufeff", "🙂"} {
		f.Add(s, s+"x", false)
		f.Add(s, strings.ToUpper(s)+"x", true)
	}
	f.Fuzz(func(t *testing.T, id, other string, v2 bool) {
		if id == "" || other == "" || id == other {
			return
		}
		o := options()
		if v2 {
			o.Major = 2
		}
		dashboards := func(ids ...string) (all []nuke.Resource) {
			for _, id := range ids {
				all = append(all, nuke.Resource{Type: "CloudWatchDashboard", Region: region, ID: id})
			}
			return all
		}
		inv := inventory(dashboards(id, id+"|"+other, "z"), dashboards(other, id+id, "x"+id))
		config, err := o.Generate(inv)
		switch {
		case errors.Is(err, nuke.ErrInexpressible) || errors.Is(err, nuke.ErrInventory):
		case err != nil:
			t.Errorf("%q and %q: %v", id, other, err)
		default:
			if verdict, err := nuke.Verify(config, inv, nuke.Run{}); err != nil || len(verdict.Deletes) != len(inv.Mine) {
				t.Errorf("%q and %q: %v", id, other, err)
			}
		}
	})
}

// manyResources is an account of 10,000, half of them of the environment.
func manyResources() nuke.Inventory {
	var mine, others []nuke.Resource
	for _, env := range []string{target, sibling} {
		rs := &mine
		if env == sibling {
			rs = &others
		}
		for i := range 5000 {
			*rs = append(*rs, nuke.Resource{
				Type: "CloudWatchLogsLogGroup", Region: region, ID: "/ecs/" + env + "/service." + time.Duration(i).String(), Properties: map[string]string{tagEnv: env},
			})
		}
	}
	return inventory(mine, others)
}

func TestTenThousandResources(t *testing.T) {
	inv := manyResources()
	config, err := options().Generate(inv)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := nuke.Verify(config, inv, nuke.Run{})
	if err != nil || len(verdict.Deletes) != 5000 || len(verdict.Keeps) != 5000 {
		t.Errorf("deletes %d, keeps %d: %v", len(verdict.Deletes), len(verdict.Keeps), err)
	}
}

func BenchmarkTenThousandResources(b *testing.B) {
	inv := manyResources()
	for b.Loop() {
		config, err := options().Generate(inv)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := nuke.Verify(config, inv, nuke.Run{}); err != nil {
			b.Fatal(err)
		}
	}
}
