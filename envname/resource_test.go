package envname

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// seed repeats a randomised test: go test -run Random -envname.seed N.
var seed = flag.Int64("envname.seed", 0, "seed of the randomised tests; 0 takes a new one")

// patterns are the rules as the services state them, each written down once
// more and apart from Limits, in the words of their references.
func patterns() map[ResourceType]string {
	const (
		label = `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
		iam   = `^[\w+=,.@-]+$`
		word  = `^[A-Za-z0-9_-]{1,255}$`
		cache = `^[a-z][a-z0-9]*(-[a-z0-9]+)*$`
	)
	return map[ResourceType]string{
		LoadBalancer:        `^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$`,
		TargetGroup:         `^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$`,
		ReplicationGroup:    cache,
		CacheCluster:        cache,
		CacheSubnetGroup:    `^[a-z0-9-]{1,255}$`,
		Bucket:              `^[a-z0-9][a-z0-9-]*(\.?[a-z0-9-]+)*$`,
		Role:                iam,
		Policy:              iam,
		InstanceProfile:     iam,
		User:                iam,
		DNSLabel:            label,
		LogGroup:            `^[\.\-_/#A-Za-z0-9]+$`,
		ECSCluster:          word,
		ECSService:          word,
		TaskFamily:          word,
		Repository:          `^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`,
		Stack:               `^[a-zA-Z][-a-zA-Z0-9]*$`,
		Alarm:               `^[ -~]+$`,
		Dashboard:           word,
		Topic:               `^[A-Za-z0-9_-]{1,256}$`,
		SecurityGroup:       `^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$`,
		AutoScalingGroup:    `^[!-9;-~]+$`,
		LaunchTemplate:      `^[a-zA-Z0-9\(\)\.\-/_]+$`,
		EKSCluster:          `^[0-9A-Za-z][A-Za-z0-9\-_]*$`,
		NodeGroup:           `^[0-9A-Za-z][A-Za-z0-9\-_]*$`,
		CloudMapNamespace:   label,
		CloudMapService:     label,
		KubernetesNamespace: label,
		HelmRelease:         `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`,
	}
}

func TestLimits(t *testing.T) {
	want := map[ResourceType]int{
		LoadBalancer: 32, TargetGroup: 32, ReplicationGroup: 40, CacheCluster: 50, CacheSubnetGroup: 255, Bucket: 63, Role: 64, Policy: 128,
		InstanceProfile: 128, User: 64, DNSLabel: 63, LogGroup: 512, ECSCluster: 255, ECSService: 255, TaskFamily: 255, Repository: 256, Stack: 128,
		Alarm: 255, Dashboard: 255, Topic: 256, SecurityGroup: 255, AutoScalingGroup: 255, LaunchTemplate: 128, EKSCluster: 100, NodeGroup: 63,
		CloudMapNamespace: 63, CloudMapService: 63, KubernetesNamespace: 63, HelmRelease: 53,
	}
	got := map[ResourceType]int{}
	for _, l := range Limits() {
		got[l.Type] = l.Max
		if l.Source == "" || l.Min < 1 {
			t.Errorf("%s: no source, or no minimum: %+v", l.Type, l)
		}
		if one, ok := l.Type.Limit(); !ok || one.Max != l.Max {
			t.Errorf("%s.Limit() = %+v, %v", l.Type, one, ok)
		}
		if patterns()[l.Type] == "" {
			t.Errorf("%s: the tests hold no pattern for it", l.Type)
		}
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("lengths (-want +got):\n%s", d)
	}
}

func TestResourceName(t *testing.T) {
	const env = "automation-8527fec8" // of dev/feature/login
	tail := func(full string) string { return "-" + digest(full)[:8] }
	tests := map[string]struct {
		kind  ResourceType
		parts []string
		want  string
	}{
		"no part is the environment itself":      {Stack, nil, env},
		"what fits is joined":                    {CacheCluster, []string{"tnba-feedback", "cache", "redis"}, env + "-tnba-feedback-cache-redis"},
		"what does not fit is cut":               {ReplicationGroup, []string{"tnba-feedback-cache-redis"}, env + "-tnba-feedba-0ed06331"},
		"exactly at the limit is whole":          {ReplicationGroup, []string{"customer-cache-redis"}, env + "-customer-cache-redis"},
		"one beyond the limit is cut":            {ReplicationGroup, []string{"customers-cache-redis"}, env + "-customers-c" + tail(env+"-customers-cache-redis")},
		"the tightest budget keeps some words":   {LoadBalancer, []string{"front-end-public"}, env + "-fro" + tail(env+"-front-end-public")},
		"no two hyphens before the digest":       {LoadBalancer, []string{"ab-public-facing"}, env + "-ab" + tail(env+"-ab-public-facing")},
		"upper case stays where it may":          {Role, []string{"DeployRole"}, env + "-DeployRole"},
		"upper case stays in what is changed":    {Role, []string{"Deploy role"}, env + "-Deploy-role" + tail(env+"-Deploy role")},
		"upper case is folded where it must":     {CacheCluster, []string{"Redis"}, env + "-redis" + tail(env+"-Redis")},
		"what is not admitted is a hyphen":       {TargetGroup, []string{"a.b"}, env + "-a-b" + tail(env+"-a.b")},
		"a letter beyond ASCII is one hyphen":    {ECSService, []string{"größe"}, env + "-gr--e" + tail(env+"-größe")},
		"two hyphens become one in a cache":      {CacheCluster, []string{"a--b"}, env + "-a-b" + tail(env+"-a--b")},
		"two hyphens stay in a role":             {Role, []string{"a--b"}, env + "-a--b"},
		"a hyphen at the end goes":               {TargetGroup, []string{"a-"}, env + "-a" + tail(env+"-a-")},
		"a part that only holds what it may not": {DNSLabel, []string{"***"}, env + tail(env+"-***")},
		"a log group may hold slashes":           {LogGroup, []string{"ecs/notifier"}, env + "-ecs/notifier"},
		"a bucket has no two dots together":      {Bucket, []string{"a..b"}, env + "-a.b" + tail(env+"-a..b")},
		"a bucket does not end as an alias":      {Bucket, []string{"x-s3alias"}, env + "-x-s3alias" + tail(env+"-x-s3alias")},
		"a repository has no two separators":     {Repository, []string{"a/-b"}, env + "-a/b" + tail(env+"-a/-b")},
		"a group of instances has no colon":      {AutoScalingGroup, []string{"a:b"}, env + "-a-b" + tail(env+"-a:b")},
		"an alarm may read as a sentence":        {Alarm, []string{"errors > 5 (5 min)"}, env + "-errors > 5 (5 min)"},
		"a byte that is no text is a hyphen":     {User, []string{"a\xffb"}, env + "-a-b" + tail(env+"-a\xffb")},
		"parts are joined, not told apart":       {Role, []string{"a-b", "c"}, env + "-a-b-c"},
		"and so in the other way":                {Role, []string{"a", "b-c"}, env + "-a-b-c"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := resolve(t, "dev/feature/login").ResourceName(tt.kind, tt.parts...)
			if err != nil || got != tt.want {
				t.Errorf("ResourceName(%s, %q) =\n%s, %v; want\n%s", tt.kind, tt.parts, got, err, tt.want)
			}
		})
	}
}

func TestResourceNameErrors(t *testing.T) {
	own := resolve(t, "dev/feature/login")
	tests := map[string]struct {
		env   Environment
		kind  ResourceType
		parts []string
		want  string
	}{
		"an empty part":          {own, Role, []string{"deploy", ""}, `name a role of automation-8527fec8: no valid name: part 2 of ["deploy" ""] is empty`},
		"an unknown type":        {own, "queue", []string{"a"}, "name a queue: no valid name: unknown type of resource"},
		"no environment":         {Environment{}, Role, []string{"a"}, `name a role: no valid name: "" is not the name of an environment`},
		"an environment by hand": {Environment{Name: "Prod"}, Role, nil, `"Prod" is not the name of an environment`},
		"an environment that leaves no room": {
			Environment{Name: "automation-production-eu"}, TargetGroup, nil, "has 24 characters, and at most 23 leave room for a digest in the 32 of a target group",
		},
		"an environment by hand that is reserved": {
			Environment{Name: "internal-x"}, LoadBalancer, nil, `name a load balancer of internal-x: no valid name: "internal-x-` + digest("internal-x")[:8] + `" begins with the reserved "internal-"`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.env.ResourceName(tt.kind, tt.parts...)
			if got != "" || !errors.Is(err, ErrName) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ResourceName = %q, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// names holds every name to its service's rule, to what was asked for, and to
// the names that were given before.
type names struct {
	rules map[ResourceType]*regexp.Regexp
	seen  map[string]string // what was asked for, by type and name
}

func newNames() names {
	n := names{map[ResourceType]*regexp.Regexp{}, map[string]string{}}
	for kind, pattern := range patterns() {
		n.rules[kind] = regexp.MustCompile(pattern)
	}
	return n
}

func (n names) check(t *testing.T, env Environment, limit Limit, parts ...string) {
	t.Helper()
	kind := limit.Type
	got, err := env.ResourceName(kind, parts...)
	if err != nil {
		t.Fatalf("%s %q of %s: %v", kind, parts, env.Name, err)
	}
	if len(got) < limit.Min || len(got) > limit.Max || !n.rules[kind].MatchString(got) {
		t.Errorf("%s %q of %s: the service refuses %q (%d characters)", kind, parts, env.Name, got, len(got))
	}
	full := strings.Join(append([]string{env.Name}, parts...), "-")
	if got != env.Name && !strings.HasPrefix(got, env.Name+"-") {
		t.Errorf("%s %q: %q does not begin with the environment %s", kind, parts, got, env.Name)
	}
	if got != full && !strings.HasSuffix(got, "-"+digest(full)[:8]) {
		t.Errorf("%s %q: %q was changed and has no digest", kind, parts, got)
	}
	if again, _ := env.ResourceName(kind, parts...); again != got {
		t.Errorf("%s %q: %q the first time, %q the second", kind, parts, got, again)
	}
	key := string(kind) + " " + got
	if other, taken := n.seen[key]; taken && other != full {
		t.Errorf("%s: %q and %q are both %q", kind, other, full, got)
	}
	n.seen[key] = full
}

func TestRandomNames(t *testing.T) {
	start := cmp.Or(*seed, time.Now().UnixNano())
	t.Logf("seed %d", start)
	rnd := rand.New(rand.NewPCG(uint64(start), 0))
	pick := func(alphabet []rune, most int) string {
		s := make([]rune, 1+rnd.IntN(most))
		for i := range s {
			s[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		return string(s)
	}
	all := newNames()
	alphabets := [][]rune{[]rune("ab-"), []rune("abAB.-_/"), []rune("aZ9-._/#:=+@ ()ßö世"), []rune("-.")}
	for range 1000 {
		rules := Rules{Project: "p" + strings.ReplaceAll(pick([]rune("ab1-"), 12)+"z", "--", "-")}
		if strings.Contains(rules.Project, "--") {
			continue
		}
		env, err := rules.Resolve([]string{"master", "dev/feature/" + pick([]rune("abc"), 5)}[rnd.IntN(2)])
		if err != nil {
			t.Fatalf("%+v: %v", rules, err)
		}
		var parts []string
		for range rnd.IntN(4) {
			parts = append(parts, pick(alphabets[rnd.IntN(len(alphabets))], 1+rnd.IntN(40)))
		}
		for _, l := range Limits() {
			all.check(t, env, l, parts...)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}

// Long names that differ in their last character, or only in case, stay apart.
func TestChangedNamesStayApart(t *testing.T) {
	env := resolve(t, "dev/feature/login")
	all := newNames()
	for _, l := range Limits() {
		for i := range 200 {
			all.check(t, env, l, strings.Repeat("long-", 110), fmt.Sprint(i))
		}
		for _, part := range []string{"a.b", "a-b", "a_b", "a/b", "A-b", "a--b", "a-b-", "a:b", "ä-b"} {
			all.check(t, env, l, part)
		}
	}
}

func FuzzResourceName(f *testing.F) {
	f.Add("tnba-feedback", "cache-redis")
	f.Add("Größe", "..--//__")
	f.Add(" ", "\x00\xff")
	f.Add(strings.Repeat("x", 600), "s3alias")
	f.Add("x-an", "a--ol-s3")
	all := newNames()
	f.Fuzz(func(t *testing.T, a, b string) {
		env := resolve(t, "dev/feature/login")
		if a == "" || b == "" {
			if _, err := env.ResourceName(Role, a, b); !errors.Is(err, ErrName) {
				t.Errorf("parts %q and %q: %v", a, b, err)
			}
			return
		}
		for _, l := range Limits() {
			names{all.rules, map[string]string{}}.check(t, env, l, a, b)
		}
	})
}
