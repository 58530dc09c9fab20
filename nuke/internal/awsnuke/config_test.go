package awsnuke

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefusesWhatAWSNukeDoesNotRead(t *testing.T) {
	const accounts = "accounts: {\"123456789012\": {filters: "
	tests := map[string]struct {
		major int // default 3
		text  string
		want  string
	}{
		"an unknown major version":         {major: 4, text: "", want: "read nuke.yaml: aws-nuke has no major version 4 that is known here: 2 and 3 are"},
		"nothing":                          {text: "", want: "read nuke.yaml: it is empty"},
		"what is no YAML":                  {text: "regions: [a\nb: c", want: "read nuke.yaml:2: malformed YAML: "},
		"what is no UTF-8":                 {text: "regions: [\"\xff\"]", want: "it is not UTF-8"},
		"a list":                           {text: "- a", want: "nuke.yaml:1: the configuration must be a mapping"},
		"a key that is given twice":        {text: "regions: [a]\nregions: [b]", want: "nuke.yaml:2: key \"regions\" is given twice in the configuration"},
		"a type that has filters twice":    {text: accounts + "{SNSTopic: [a], SNSTopic: [b]}}}", want: "key \"SNSTopic\" is given twice in filters"},
		"a word where a list belongs":      {text: "regions: global", want: "nuke.yaml:1: regions must be a list"},
		"a list of lists":                  {text: "regions: [[a]]", want: "an element of regions must be a word"},
		"filters that are no list":         {text: accounts + "{SNSTopic: {value: a}}}}", want: "the filters of SNSTopic must be a list"},
		"a filter that is a list":          {text: accounts + "{SNSTopic: [[a]]}}}", want: "a filter must be a word or a mapping"},
		"a number for a value in v3":       {text: accounts + "{SNSTopic: [{value: 123}]}}}", want: "nuke.yaml:1: value of a filter must be a string: put it in quotes"},
		"a date for a value in v3":         {text: accounts + "{SNSTopic: [{value: 2020-01-01}]}}}", want: "put it in quotes"},
		"an invert that is a word":         {text: accounts + "{SNSTopic: [{value: a, invert: yes}]}}}", want: "invert: yes is neither true nor false"},
		"values that are no list":          {text: accounts + "{SNSTopic: [{value: a, values: b}]}}}", want: "values of a filter must be a list"},
		"an unknown key at the top in v2":  {major: 2, text: "blocklist: [a]", want: `nuke.yaml:1: aws-nuke v2 has no key "blocklist" in the configuration`},
		"a misspelt key in v2":             {major: 2, text: "regiosn: [a]", want: `did you mean "regions"?`},
		"includes in v2":                   {major: 2, text: "resource-types: {includes: [a]}", want: `aws-nuke v2 has no key "includes" in resource-types`},
		"values of a filter in v2":         {major: 2, text: accounts + "{SNSTopic: [{values: [a]}]}}}", want: "values of a filter must be a word"},
		"a key that is a list":             {text: "[a]: b", want: "a key of the configuration must be a word"},
		"a merge key of itself":            {text: "accounts: &a {<<: *a}", want: "must be a mapping"},
		"a type in base64":                 {text: "resource-types: {includes: [SNSTopic, !!binary RUMyVlBD]}", want: `nuke.yaml:1: the word "RUMyVlBD" is in base64 (!!binary): write out what it says`},
		"a key in base64":                  {text: "!!binary cmVnaW9ucw==: [us-east-1]", want: "in base64"},
		"merge keys that multiply":         {text: bomb(), want: "of account x lead to too many others"},
		"two faults are told both, joined": {text: "regions: a\npresets: b", want: "regions must be a list\nnuke.yaml:2: presets must be a mapping"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.major == 0 {
				tt.major = 3
			}
			_, err := Parse("nuke.yaml", []byte(tt.text), tt.major)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// bomb has merge keys that lead to 2^60 others.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 {y: {}}\n")
	for i := range 60 {
		fmt.Fprintf(&b, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i+1, i+1, i, i)
	}
	return b.String() + "accounts: {x: *a60}\n"
}

func TestPlanRefuses(t *testing.T) {
	const good = "blocklist: ['999999999999']\nregions: [us-east-1]\naccounts: {'123456789012': {filters: {SNSTopic: [a]}}}\n"
	edit := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	tests := map[string]struct {
		text    string
		subject Subject
		want    string
	}{
		"an empty blocklist":               {edit("['999999999999']", "[]"), subject, "the blocklist is empty"},
		"a blocklist of nulls":             {edit("['999999999999']", "[~]"), subject, "the blocklist is empty"},
		"the account in the blocklist":     {edit("999999999999", "123456789012"), subject, "1: the account 123456789012 is in the blocklist"},
		"by the name that is deprecated":   {"account-blacklist: ['123456789012']\n" + good, subject, "1: the account 123456789012 is in the blocklist"},
		"an account without an alias":      {good, Subject{Account: subject.Account}, "the account 123456789012 has no alias"},
		"an alias of production":           {good, Subject{Account: subject.Account, Alias: "MetTel-PROD"}, `the alias MetTel-PROD of the account has the blocked term "prod" in it`},
		"an alias with a term of the file": {good + "blocklist-terms: [dev]\n", subject, `has the blocked term "dev" in it`},
		"another account":                  {good, Subject{Account: "111111111111", Alias: "dev"}, "the account 111111111111 is not among accounts"},
		"an account without anything":      {edit("{filters: {SNSTopic: [a]}}", ""), subject, "the account 123456789012 is not among accounts"},
		"a preset that does not exist":     {edit("{filters:", "{presets: [x], filters:"), subject, `3: there is no preset "x"`},
		"a region that is given twice":     {edit("[us-east-1]", "[us-east-1, us-east-1]"), subject, "2: the region us-east-1 is given twice"},
		"a filter of nothing":              {edit("[a]", "[{invert: true}]"), subject, "3: a filter of SNSTopic has neither a property nor a value"},
		"NotIn by the id without a value":  {edit("[a]", "[{type: NotIn, values: [a]}]"), subject, "3: a filter of SNSTopic has neither a property nor a value"},
		"a type of filter that is unknown": {edit("[a]", "[{type: regexp, value: a}]"), subject, `3: SNSTopic: unknown type regexp of a filter; did you mean "regex"?`},
		"a regex that does not compile":    {edit("[a]", "[{type: regex, value: '('}]"), subject, "3: SNSTopic: bad regular expression"},
		"filters by two names of one type": {edit("SNSTopic: [a]", "IamRole: [a], IAMRole: [b]"), subject, "3: IamRole is the deprecated name of IAMRole, and both have filters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := Parse("nuke.yaml", []byte(tt.text), 3)
			if err != nil {
				t.Fatal(err)
			}
			got := told(config.Plan(tt.subject, Run{}).Refused)
			if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("refused because of %q, want %q", got, tt.want)
			}
		})
	}
}

func TestGuardsThatAreTakenAway(t *testing.T) {
	const good = "blocklist: ['999999999999']\naccounts: {'123456789012': {filters: {SNSTopic: [a]}}}\nresource-types: {includes: [SNSTopic]}\n"
	tests := map[string]struct {
		more  string
		warns string
	}{
		"the term prod":                       {"no-blocklist-terms-default: true", "4: the alias of the account may have \"prod\" in it"},
		"the term prod, by a word of YAML":    {"no-blocklist-terms-default: yes", "4: the alias of the account may have \"prod\" in it"},
		"the term prod, by an error":          {"no-blocklist-terms-default: perhaps", "4: the alias of the account may have \"prod\" in it"},
		"all terms, by an error nobody hears": {"blocklist-terms: live", "4: blocklist-terms must be a list: aws-nuke hides the error, and checks the alias for no term at all"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := Parse("nuke.yaml", []byte(good+tt.more), 3)
			if err != nil {
				t.Fatal(err)
			}
			plan := config.Plan(Subject{Account: subject.Account, Alias: "my-prod"}, Run{})
			if len(plan.Refused) > 0 {
				t.Errorf("the alias is still refused: %v", plan.Refused)
			}
			if got := told(plan.Warnings); len(got) != 1 || !strings.HasPrefix(got[0], tt.warns) {
				t.Errorf("warnings %q, want %q", got, tt.warns)
			}
		})
	}
	config, err := Parse("nuke.yaml", []byte(good+"blocklist-terms: [Live]\nbypass-alias-check-accounts: ['1']\nno-blocklist-terms-default: false"), 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"4: the term \"Live\" is never found: aws-nuke looks for it in the alias in lower case",
		"5: with --no-alias-check the accounts in bypass-alias-check-accounts need no alias, and may have \"prod\" in it",
	}
	if d := cmp.Diff(want, told(config.Plan(Subject{Account: subject.Account, Alias: "my-live"}, Run{}).Warnings)); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

func TestRegions(t *testing.T) {
	text := "account-blocklist: ['999999999999']\nregions: [us-east-1, all]\naccounts: {'123456789012': {filters: {SNSTopic: [a]}}}\n"
	for major, want := range map[int][]string{2: {"all", "us-east-1"}, 3: {"all"}} {
		config, err := Parse("nuke.yaml", []byte(text), major)
		if err != nil {
			t.Fatal(err)
		}
		plan := config.Plan(subject, Run{})
		if d := cmp.Diff(want, plan.Regions); d != "" {
			t.Errorf("v%d: regions (-want +got):\n%s", major, d)
		}
		item := Item{Type: "SNSTopic", Region: "eu-west-1", ID: "b"}
		if got, want := plan.Decide(item).Fate == Delete, major == 3; got != want {
			t.Errorf("v%d: a topic of another region goes: %v", major, got)
		}
	}
}

// TestOldNamesOfTheMajorVersionBefore reads a file of v2 with v3.
func TestOldNamesOfTheMajorVersionBefore(t *testing.T) {
	text := around(2, "{targets: [SNSTopic], cloud-control: []}", "      SNSTopic: [a]")
	config, err := Parse("nuke.yaml", []byte(text), 3)
	if err != nil {
		t.Fatal(err)
	}
	plan := config.Plan(subject, Run{})
	want := []string{
		`1: the key "account-blocklist" is deprecated: aws-nuke v3 calls it blocklist`,
		`3: the key "targets" is deprecated: aws-nuke v3 calls it includes`,
		`3: the key "cloud-control" is deprecated: aws-nuke v3 calls it alternatives`,
	}
	if d := cmp.Diff(want, told(plan.Warnings)); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
	if got := plan.Decide(topic("b", "")); got.Fate != Delete || len(plan.Types) != 1 || len(plan.Refused) > 0 {
		t.Errorf("decision %+v, types %v, refused %v", got, plan.Types, plan.Refused)
	}
}

func TestProtected(t *testing.T) {
	item := func(typ, id string, props ...string) Item {
		i := Item{Type: typ, Region: "us-east-1", ID: id, Properties: map[string]string{}}
		for n := 0; n < len(props); n += 2 {
			i.Properties[props[n]] = props[n+1]
		}
		return i
	}
	tests := map[string]struct {
		item   Item
		v2, v3 Fate
	}{
		"a default security group":                  {item("EC2SecurityGroup", "sg-1", "Name", "default"), Keep, Keep},
		"one of another account":                    {item("EC2SecurityGroup", "sg-1", "Name", "a", "OwnerID", "999999999999"), Delete, Keep},
		"one of this account":                       {item("EC2SecurityGroup", "sg-1", "Name", "a", "OwnerID", "123456789012"), Delete, Delete},
		"a task definition that is being deleted":   {item("ECSTaskDefinition", "arn", "Status", "DELETE_IN_PROGRESS"), Keep, Keep},
		"one that is inactive":                      {item("ECSTaskDefinition", "arn", "Status", "INACTIVE"), Keep, Delete},
		"one that is active":                        {item("ECSTaskDefinition", "arn", "Status", "ACTIVE"), Delete, Delete},
		"the default subnet group":                  {item("ElasticacheSubnetGroup", "default.redis"), Keep, Keep},
		"the SOA record of a zone":                  {item("Route53ResourceRecordSet", "a.com.", "Type", "SOA", "HostedZoneName", "a.com."), Keep, Keep},
		"the NS record of a zone":                   {item("Route53ResourceRecordSet", "a.com.", "Type", "NS", "HostedZoneName", "a.com."), Keep, Keep},
		"an NS record within a zone":                {item("Route53ResourceRecordSet", "b.a.com.", "Type", "NS", "HostedZoneName", "a.com."), Delete, Delete},
		"a role of a service":                       {item("IAMRole", "r", "Path", "/aws-service-role/ecs.amazonaws.com/"), Keep, Keep},
		"a role of single sign-on":                  {item("IAMRole", "r", "Path", "/aws-reserved/sso.amazonaws.com/x/"), Keep, Keep},
		"a policy of a service's role":              {item("IAMRolePolicy", "r -> p", "role:Path", "/aws-service-role/x/"), Keep, Keep},
		"a policy of a single sign-on role":         {item("IAMRolePolicy", "r -> p", "role:Path", "/aws-reserved/sso.amazonaws.com/"), Delete, Keep},
		"what is attached to a service's role":      {item("IAMRolePolicyAttachment", "r -> p", "PolicyArn", "arn:aws:iam::aws:policy/aws-service-role/x"), Keep, Keep},
		"what is attached to a single sign-on role": {item("IAMRolePolicyAttachment", "r -> p", "RolePath", "/aws-reserved/sso.amazonaws.com/"), Keep, Keep},
		"a policy of AWS that a role of ours has":   {item("IAMRolePolicyAttachment", "r -> p", "PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess", "RolePath", "/"), Delete, Delete},
		"a policy of AWS itself":                    {item("IAMPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess"), Keep, Keep},
		"a policy of the account":                   {item("IAMPolicy", "arn:aws:iam::123456789012:policy/p"), Delete, Delete},
		"a role of the account":                     {item("IAMRole", "r", "Path", "/"), Delete, Delete},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for major, want := range map[int]Fate{2: tt.v2, 3: tt.v3} {
				key := map[int]string{2: "targets", 3: "includes"}[major]
				config, err := Parse("nuke.yaml", []byte(around(major, "{"+key+": ["+tt.item.Type+"]}", "      "+tt.item.Type+": [x]")), major)
				if err != nil {
					t.Fatal(err)
				}
				if got := config.Plan(subject, Run{}).Decide(tt.item); got.Fate != want {
					t.Errorf("v%d: fate %d (%s), want %d", major, got.Fate, got.Why, want)
				}
			}
		})
	}
	config, err := Parse("nuke.yaml", []byte(around(3, "{includes: [IAMRole]}", "      IAMRole: [x]\nsettings: {IAMRole: {IncludeServiceLinkedRoles: true}}")), 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Plan(subject, Run{}).Decide(item("IAMRole", "r", "Path", "/aws-service-role/x/")); got.Fate != Delete {
		t.Errorf("with IncludeServiceLinkedRoles: %+v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(around(3, "{includes: ['SNS*', S3Bucket], excludes: [ECR*]}", "      SNSTopic: [a, {type: regex, value: '^a$', invert: true}]\n      __global__: [{property: x, value: b}]")), true)
	f.Add([]byte(around(2, "{targets: [SNSTopic], cloud-control: ['AWS::S3::Bucket']}", "      SNSTopic: [{type: glob, value: '**a', invert: 'true'}]\n    presets: [p]\npresets: {p: {filters: {IamRole: [~]}}}")), false)
	f.Add([]byte("accounts: &a {<<: [*a, {b: *a}]}"), true)
	f.Add([]byte("settings: {IAMRole: {IncludeServiceLinkedRoles: yes}}\nblocklist-terms: {}\n---\n- b"), true)
	f.Add([]byte("? [a]\n: - &x *x"), false)
	f.Fuzz(func(t *testing.T, text []byte, v3 bool) {
		major := 2
		if v3 {
			major = 3
		}
		config, err := Parse("nuke.yaml", text, major)
		if err != nil {
			return
		}
		for _, groups := range []bool{false, true} {
			plan := config.Plan(subject, Run{FilterGroups: groups})
			again := config.Plan(subject, Run{FilterGroups: groups})
			if d := cmp.Diff(told(plan.Warnings), told(again.Warnings)); d != "" {
				t.Errorf("warnings differ from one time to the next:\n%s", d)
			}
			for _, name := range plan.Types {
				if !config.Knows(name) && !strings.Contains(string(text), "alternatives") && !strings.Contains(string(text), "cloud-control") {
					t.Errorf("%q is scanned, and no type", name)
				}
			}
			plan.Decide(topic("a", env))
		}
	})
}
