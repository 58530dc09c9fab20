package awsnuke

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const env = "automation-1a2b3c4d"

var subject = Subject{Account: "123456789012", Alias: "mettel-dev", Environment: env}

// around puts resource types and filters into a configuration of v3 or v2.
func around(major int, types, filters string) string {
	blocklist := "blocklist"
	if major == 2 {
		blocklist = "account-blocklist"
	}
	text := fmt.Sprintf("%s: [\"999999999999\"]\nregions: [us-east-1]\n", blocklist)
	if types != "" {
		text += "resource-types: " + types + "\n"
	}
	return text + "accounts:\n  \"123456789012\":\n    filters:\n" + filters
}

// topic is an SNS topic that is tagged for an environment, or not at all for "".
func topic(name, tag string) Item {
	item := Item{Type: "SNSTopic", Region: "us-east-1", ID: name, Properties: map[string]string{"TopicARN": name}}
	if tag != "" {
		item.Properties["tag:Environment"] = tag
	}
	return item
}

func thing(typ, id string) Item { return Item{Type: typ, Region: "us-east-1", ID: id} }

func TestTraps(t *testing.T) {
	const topics = `{includes: [SNSTopic]}`
	tests := map[string]struct {
		major   int // default 3
		types   string
		filters string
		run     Run
		deletes []Item
		keeps   []Item
		warns   string // one of the warnings, with its line
	}{
		"an inverted exact filter deletes what it names": {
			types: topics, filters: "      SNSTopic: [{property: 'tag:Environment', value: automation-1a2b3c4d, invert: true}]",
			deletes: []Item{topic("a", env)}, keeps: []Item{topic("a", env+"e"), topic("a", "")},
		},
		"one that is not inverted deletes all others": {
			types: topics, filters: "      SNSTopic: [{property: 'tag:Environment', value: automation-1a2b3c4d}]",
			deletes: []Item{topic("a", "automation-master"), topic("a", "")}, keeps: []Item{topic("a", env)},
			warns: "7: this keeps what is named here, and lets all other SNSTopic go",
		},
		"a property of a type without properties fails open": {
			types: "{includes: [CloudWatchDashboard]}", filters: "      CloudWatchDashboard: [{property: 'tag:Environment', value: automation-1a2b3c4d, invert: true}]",
			deletes: []Item{thing("CloudWatchDashboard", "cluster-automation-master")},
			warns:   "7: CloudWatchDashboard has no properties in aws-nuke v3: it only warns, skips this filter, and deletes",
		},
		"a filter that is right for v3 fails open in v2": {
			major: 2, types: "{targets: [ECSCluster]}", filters: "      ECSCluster: [{property: 'tag:Environment', value: automation-1a2b3c4d, invert: 'true'}]",
			deletes: []Item{thing("ECSCluster", "arn:aws:ecs:us-east-1:123456789012:cluster/automation-master")},
			warns:   "7: ECSCluster has no properties in aws-nuke v2",
		},
		"an id of a type that prints none fails open in v2": {
			major: 2, types: "{targets: [ECSTask]}", filters: "      ECSTask: [{type: regex, value: '^(?:arn)$', invert: 'true'}]",
			deletes: []Item{thing("ECSTask", "arn:other")},
			warns:   "7: ECSTask has no id in aws-nuke v2",
		},
		"another filter of the type is still read": {
			types: "{includes: [CloudWatchDashboard]}", filters: "      CloudWatchDashboard: [{property: Name, value: x, invert: true}, {value: cluster-automation-1a2b3c4d, invert: true}]",
			deletes: []Item{thing("CloudWatchDashboard", "cluster-"+env)}, keeps: []Item{thing("CloudWatchDashboard", "cluster-automation-master")},
		},
		"__global__ fails open for types without properties": {
			types: "{includes: [SNSTopic, CloudWatchDashboard]}", filters: "      __global__: [{property: 'tag:Environment', value: automation-1a2b3c4d, invert: true}]",
			deletes: []Item{topic("a", env), thing("CloudWatchDashboard", "any")}, keeps: []Item{topic("a", "")},
			warns: "7: this filter of __global__ does not count for CloudWatchDashboard",
		},
		"__global__ is nothing to v2": {
			major: 2, types: "{targets: [SNSTopic]}", filters: "      __global__: [{property: 'tag:Environment', value: automation-1a2b3c4d, invert: 'true'}]",
			deletes: []Item{topic("a", "automation-master")},
			warns:   "7: aws-nuke v2 has no __global__",
		},
		"an included type without a filter goes whole": {
			types: "{includes: [SNSTopic, SNSSubscription]}", filters: "      SNSTopic: [a]",
			deletes: []Item{topic("b", "automation-master"), thing("SNSSubscription", "x")}, keeps: []Item{topic("a", env)},
			warns: "3: no filter is read for SNSSubscription: all of it goes",
		},
		"an empty list of filters is none": {
			types: topics, filters: "      SNSTopic: []",
			deletes: []Item{topic("b", "automation-master")}, warns: "3: no filter is read for SNSTopic",
		},
		"an empty filter is dropped": {
			types: topics, filters: "      SNSTopic:\n        -\n",
			deletes: []Item{topic("b", "automation-master")}, warns: "8: aws-nuke drops the empty filter of SNSTopic",
		},
		"a type in the wrong case has no filter": {
			types: "{includes: [CloudWatchAlarm]}", filters: "      CloudwatchAlarm: [{value: a, invert: true}]",
			deletes: []Item{thing("CloudWatchAlarm", "b")},
			warns:   `7: aws-nuke v3 has no type CloudwatchAlarm: these filters do nothing; did you mean "CloudWatchAlarm"?`,
		},
		"filters of a type that is not included do nothing": {
			types: topics, filters: "      SNSTopic: [a]\n      S3Bucket: [{value: 's3://a', invert: true}]",
			keeps: []Item{thing("S3Bucket", "s3://a")}, warns: "8: S3Bucket is not included: its filters do nothing",
		},
		"no includes are all types": {
			filters: "      SNSTopic: [a]",
			deletes: []Item{thing("S3Bucket", "s3://a"), thing("EC2VPC", "vpc-1")}, warns: "0: includes is empty, which means all types: 583 are scanned",
		},
		"includes of nothing but nulls are all types": {
			types: "{includes: [~]}", filters: "      SNSTopic: [a]",
			deletes: []Item{thing("S3Bucket", "s3://a")}, warns: "3: aws-nuke drops the empty element of includes",
		},
		"a misspelt includes is all types": {
			types: "{include: [SNSTopic]}", filters: "      SNSTopic: [a]",
			deletes: []Item{thing("S3Bucket", "s3://a")},
			warns:   `3: aws-nuke ignores the key "include" in resource-types, and all that is under it; did you mean "includes"?`,
		},
		"an includes that does not exist includes nothing": {
			types: "{includes: [SnsTopic]}", filters: "      SNSTopic: [a]",
			keeps: []Item{topic("b", "")}, warns: `3: aws-nuke v3 has no type SnsTopic: nothing is included; did you mean "SNSTopic"?`,
		},
		"deprecated names in includes are not renamed": {
			types: "{includes: [IamRole]}", filters: "      IAMRole: [a]",
			keeps: []Item{thing("IAMRole", "b")}, warns: "3: IamRole is deprecated, and includes are not renamed: nothing is included; write IAMRole",
		},
		"deprecated names under an account are renamed": {
			types: "{includes: [IAMRole]}", filters: "      IamRole: [a]",
			deletes: []Item{thing("IAMRole", "b")}, keeps: []Item{thing("IAMRole", "a")}, warns: "7: IamRole is deprecated: aws-nuke reads it as IAMRole",
		},
		"deprecated names in a preset protect nothing": {
			types: "{includes: [IAMRole]}", filters: "      SNSTopic: [a]\n    presets: [common]\npresets: {common: {filters: {IamRole: [admin]}}}",
			deletes: []Item{thing("IAMRole", "admin")}, warns: "9: IamRole is deprecated, and not renamed here: these filters do nothing; write IAMRole",
		},
		"deprecated names stay where another account has no filters": {
			types: "{includes: [IAMRole]}", filters: "      IamRole: [a]\n  \"111111111111\": {}",
			deletes: []Item{thing("IAMRole", "a")}, warns: "7: IamRole is deprecated, and an account without filters keeps aws-nuke from reading it as IAMRole",
		},
		"a preset adds to the filters": {
			types: topics, filters: "      SNSTopic: [a]\n    presets: [common]\npresets: {common: {filters: {SNSTopic: [b]}}}",
			deletes: []Item{topic("c", "")}, keeps: []Item{topic("a", ""), topic("b", "")},
		},
		"excludes beat includes": {
			types: "{includes: [SNSTopic, S3Bucket], excludes: ['S3*']}", filters: "      SNSTopic: [a]",
			deletes: []Item{topic("b", "")}, keeps: []Item{thing("S3Bucket", "s3://a")}, warns: "3: S3Bucket is included, and also excluded",
		},
		"patterns include what is not there yet": {
			types: "{includes: ['SNS*']}", filters: "      SNSTopic: [a]",
			deletes: []Item{thing("SNSSubscription", "x")}, warns: "3: the pattern SNS* also includes types that later versions of aws-nuke add",
		},
		"patterns are names to v2": {
			major: 2, types: "{targets: ['SNS*']}", filters: "      SNSTopic: [a]",
			keeps: []Item{topic("b", ""), thing("SNSSubscription", "x")}, warns: "3: aws-nuke v2 has no type SNS*: nothing is included",
		},
		"an excludes that does not exist excludes nothing": {
			types: "{includes: [SNSTopic], excludes: [SnsTopic]}", filters: "      SNSTopic: [a]",
			deletes: []Item{topic("b", "")}, warns: "3: aws-nuke v3 has no type SnsTopic: nothing is excluded",
		},
		"an alternative takes the filters of its type away": {
			types: "{includes: ['AWS::S3::Bucket', S3Bucket], alternatives: ['AWS::S3::Bucket']}", filters: "      S3Bucket: [{value: 's3://a', invert: true}]",
			deletes: []Item{thing("AWS::S3::Bucket", "b")}, keeps: []Item{thing("S3Bucket", "s3://a")},
			warns: "3: AWS::S3::Bucket takes the place of S3Bucket, whose filters do not count for it",
		},
		"two values of one property delete nothing": {
			types: topics, filters: "      SNSTopic: [{value: a, invert: true}, {value: b, invert: true}]",
			keeps: []Item{topic("a", ""), topic("b", "")}, warns: "7: with the filter of line 7 this asks for two values at once: nothing of SNSTopic is deleted",
		},
		"one regex of both deletes both": {
			types: topics, filters: "      SNSTopic: [{type: regex, value: '^(?:a|b)$', invert: true}]",
			deletes: []Item{topic("a", ""), topic("b", "")}, keeps: []Item{topic("ab", "")},
		},
		"an empty value is what has no tag": {
			types: topics, filters: "      SNSTopic: [{property: 'tag:Environment', value: '', invert: true}]",
			deletes: []Item{topic("a", "")}, keeps: []Item{topic("a", env)}, warns: "7: inverted with an empty value, this lets go what has no tag:Environment",
		},
		"contains hits names that begin the same way": {
			types: topics, filters: "      SNSTopic: [{type: contains, value: automation-1a2b3c4d, invert: true}]",
			deletes: []Item{topic("automation-1a2b3c4de", "")}, warns: `7: inverted, this lets go whatever mentions "automation-1a2b3c4d" in the id`,
		},
		"a regex without anchors does, too": {
			types: topics, filters: "      SNSTopic: [{type: regex, property: TopicARN, value: automation-1a2b3c4d, invert: true}]",
			deletes: []Item{topic("my-automation-1a2b3c4de", "")}, warns: "7: inverted and without ^ and $, this regex lets go whatever mentions what it describes in TopicARN",
		},
		"a property that does not exist reads as empty": {
			types: "{includes: [ECSTaskDefinition]}", filters: "      ECSTaskDefinition: [{property: 'tag:Environment', value: automation-1a2b3c4d, invert: true}]",
			keeps: []Item{thing("ECSTaskDefinition", "arn")}, warns: "7: ECSTaskDefinition has no property tag:Environment: it reads as an empty string",
		},
		"invert: 1 does not invert": {
			types: topics, filters: "      SNSTopic: [{value: a, invert: 1}]",
			deletes: []Item{topic("b", "")}, keeps: []Item{topic("a", "")}, warns: "7: invert: 1 does not invert",
		},
		"invert: yes does not invert in v2": {
			major: 2, types: "{targets: [SNSTopic]}", filters: "      SNSTopic: [{value: a, invert: yes}]",
			deletes: []Item{topic("b", "")}, keeps: []Item{topic("a", "")}, warns: "7: invert: yes does not invert: aws-nuke v2 knows only true",
		},
		"a misspelt key of a filter is ignored": {
			types: topics, filters: "      SNSTopic: [{value: a, inverted: true}]",
			deletes: []Item{topic("b", "")}, keeps: []Item{topic("a", "")}, warns: `7: aws-nuke ignores the key "inverted" of a filter; did you mean "invert"?`,
		},
		"values that are no strings are empty ones": {
			types: topics, filters: "      SNSTopic: [{type: NotIn, property: TopicARN, values: [123]}]",
			deletes: []Item{topic("", "")}, keeps: []Item{topic("123", "")}, warns: `7: aws-nuke reads "123" in values as an empty string`,
		},
		"groups mean nothing without the flag": {
			types: topics, filters: "      SNSTopic: [{value: a, invert: true, group: one}, {property: 'tag:Environment', value: automation-1a2b3c4d, invert: true, group: two}]",
			deletes: []Item{topic("a", env)}, keeps: []Item{topic("a", ""), topic("b", env), topic("b", "")},
			warns: `7: the group "one" counts only with --feature-flag filter-groups`,
		},
		"with the flag, groups turn the one into the other": {
			types: topics, filters: "      SNSTopic: [{value: a, invert: true, group: one}, {property: 'tag:Environment', value: automation-1a2b3c4d, invert: true, group: two}]",
			run:     Run{FilterGroups: true},
			deletes: []Item{topic("a", env), topic("a", ""), topic("b", env)}, keeps: []Item{topic("b", "")},
		},
		"with the flag, one group means what it did": {
			types: topics, filters: "      SNSTopic: [{value: a, invert: true}, {property: 'tag:Environment', value: automation-1a2b3c4d, invert: true}]",
			run:     Run{FilterGroups: true},
			deletes: []Item{topic("a", env)}, keeps: []Item{topic("a", ""), topic("b", env)},
		},
		"a second document is not read": {
			types: topics, filters: "      SNSTopic: [a]\n---\naccounts: {}\n",
			deletes: []Item{topic("b", "")}, keeps: []Item{topic("a", "")}, warns: "8: a second document begins: aws-nuke reads only the first",
		},
		"an account without anything goes whole in v2": {
			major: 2, types: "{targets: [SNSTopic]}", filters: "  \"123456789012\":",
			deletes: []Item{topic("a", env)}, warns: "",
		},
		"flags cut down and leave out": {
			types: "{includes: [SNSTopic, S3Bucket]}", filters: "      SNSTopic: [a]",
			run:     Run{Include: []string{"SNS*", "S3Bucket"}, Exclude: []string{"S3Bucket"}},
			deletes: []Item{topic("b", "")}, keeps: []Item{thing("S3Bucket", "s3://a")},
		},
		"what merge keys bring counts": {
			types: topics, filters: "      S3Bucket: &a [a]\n      <<: {SNSTopic: *a}",
			deletes: []Item{topic("b", "")}, keeps: []Item{topic("a", "")},
		},
		"another region is not scanned": {
			types: topics, filters: "      SNSTopic: [a]",
			keeps: []Item{{Type: "SNSTopic", Region: "eu-west-1", ID: "b"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			major := cmp.Or(tt.major, 3)
			text := around(major, tt.types, tt.filters)
			if strings.HasPrefix(tt.filters, "  \"") {
				text = strings.Replace(text, "  \"123456789012\":\n    filters:\n", "", 1)
			}
			config, err := Parse("nuke.yaml", []byte(text), major)
			if err != nil {
				t.Fatal(err)
			}
			plan := config.Plan(subject, tt.run)
			if len(plan.Refused) > 0 {
				t.Fatalf("refused: %v", plan.Refused)
			}
			for fate, items := range map[Fate][]Item{Delete: tt.deletes, Keep: tt.keeps} {
				for _, item := range items {
					if got := plan.Decide(item); got.Fate != fate {
						t.Errorf("%s %q %v: fate %d (%s), want %d", item.Type, item.ID, item.Properties, got.Fate, got.Why, fate)
					}
				}
			}
			if got := told(plan.Warnings); !slices.ContainsFunc(got, func(w string) bool { return strings.HasPrefix(w, tt.warns) }) && tt.warns != "" {
				t.Errorf("warnings are\n%s\nwant %s", strings.Join(got, "\n"), tt.warns)
			}
		})
	}
}

func told(all []Finding) []string {
	var texts []string
	for _, f := range all {
		texts = append(texts, fmt.Sprintf("%d: %s", f.Line, f.Detail))
	}
	return texts
}

func TestAGoodConfigurationHasNoWarnings(t *testing.T) {
	config, err := Parse("nuke.yaml", []byte(around(3, "{includes: [SNSTopic], excludes: [ECRRepository]}",
		"      SNSTopic: [{type: regex, value: '^(?:a|b)$', invert: true}, {property: 'tag:Environment', value: automation-1a2b3c4d, invert: true}]")), 3)
	if err != nil {
		t.Fatal(err)
	}
	if plan := config.Plan(subject, Run{}); len(plan.Warnings)+len(plan.Refused) > 0 {
		t.Errorf("warnings %v, refused %v", plan.Warnings, plan.Refused)
	}
}

func TestUnknownFates(t *testing.T) {
	bucket := Item{Type: "S3Bucket", Region: "us-east-1", ID: "s3://a", Properties: map[string]string{}}
	tests := map[string]struct {
		filters string
		run     Run
		want    Fate
	}{
		"a property that is not known":                         {"[{property: CreationDate, value: x, invert: true}]", Run{}, Unknown},
		"and yet another filter keeps it":                      {"[{property: CreationDate, value: x, invert: true}, 's3://a']", Run{}, Keep},
		"with groups, the other group lets it go":              {"[{property: CreationDate, value: x, group: a}, {value: b, group: b}]", Run{FilterGroups: true}, Delete},
		"with groups, all depends on it":                       {"[{property: CreationDate, value: x, group: a}, {value: 's3://a', group: b}]", Run{FilterGroups: true}, Unknown},
		"a tag that is not there is known":                     {"[{property: 'tag:x', value: '', invert: true}]", Run{}, Delete},
		"a date without a now":                                 {"[{type: dateOlderThan, property: 'tag:x', value: 1h}]", Run{}, Delete},
		"stars that cannot be told":                            {"[{type: glob, value: '**a*b'}]", Run{}, Unknown},
		"a date that is none ends the run before what follows": {"[{type: dateOlderThan, value: 1h}, 's3://a']", Run{Now: time.Unix(0, 0)}, Unknown},
		"and does not where something came before":             {"['s3://a', {type: dateOlderThan, value: 1h}]", Run{Now: time.Unix(0, 0)}, Keep},
		"but does with groups, which ask all":                  {"['s3://a', {type: dateOlderThan, value: 1h}]", Run{Now: time.Unix(0, 0), FilterGroups: true}, Unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := Parse("nuke.yaml", []byte(around(3, "{includes: [S3Bucket]}", "      S3Bucket: "+tt.filters)), 3)
			if err != nil {
				t.Fatal(err)
			}
			if got := config.Plan(subject, tt.run).Decide(bucket); got.Fate != tt.want {
				t.Errorf("fate %d (%s), want %d", got.Fate, got.Why, tt.want)
			}
		})
	}
}
