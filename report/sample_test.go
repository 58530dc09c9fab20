package report

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// The runs of the golden files: a system of 28 services in six levels.

var (
	messaging    = []string{"nats-server", "nats-server-1", "nats-server-2"}
	capabilities = []string{"bruin-bridge", "cts-bridge", "hawkeye-bridge", "lit-bridge", "notifier", "prometheus", "t7-bridge", "velocloud-bridge"}
	useCases     = []string{
		"customer-cache", "dispatch-portal-backend", "hawkeye-customer-cache", "hawkeye-outage-monitor",
		"last-contact-report", "lumin-billing-report", "service-affecting-monitor", "service-dispatch-monitor",
		"service-outage-monitor-1", "service-outage-monitor-2", "service-outage-monitor-3", "service-outage-monitor-4",
		"service-outage-monitor-triage", "sites-monitor", "tnba-feedback", "tnba-monitor",
	}
)

// sampleServices are the services with their needs, none of them begun.
func sampleServices(action string) []Service {
	var all []Service
	add := func(name string, needs ...string) {
		all = append(all, Service{Name: name, Needs: needs, Action: action, State: progress.Waiting, Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/automation/" + name + "@" + digest(name)})
	}
	add(messaging[0])
	add(messaging[1], messaging[0])
	add(messaging[2], messaging[1])
	for _, name := range capabilities {
		add(name, messaging[2])
	}
	for _, name := range useCases {
		add(name, capabilities...)
	}
	add("dispatch-portal-frontend", append(slices.Clone(capabilities), "dispatch-portal-backend")...)
	return all
}

func digest(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash does not fail
	return "sha256:" + strings.Repeat(fmt.Sprintf("%016x", h.Sum64()), 4)
}

func clock(seconds float64) time.Time {
	return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

// roll plays a rollout from start on: each service takes from 20 to 80 seconds,
// the one called failing fails, and nothing begins afterwards.
func roll(r *Rollout, start float64, failing string) (events []progress.Event, end float64) {
	ends := map[string]float64{}
	end = start
	emit := func(at float64, s *Service, state progress.State, message string, err error) {
		e := progress.Event{Time: clock(at), Op: r.Op, Subject: s.Name, State: state, Message: message, Err: err}
		if state == progress.Waiting {
			e.Needs = s.Needs
		}
		s.State, s.Message = state, cmp.Or(message, s.Message)
		events = append(events, e)
	}
	failed := 1e9
	for i := range r.Services {
		s := &r.Services[i]
		emit(start, s, progress.Waiting, "", nil)
		begin := start + 0.3
		for _, need := range s.Needs {
			begin = max(begin, ends[need]+0.2)
		}
		took := 20 + float64(len(s.Name)*37%60)
		ends[s.Name] = begin + took
		switch {
		case begin > failed:
			emit(failed+1, s, progress.Skipped, failing+" failed", nil)
			ends[s.Name] = 1e9
			continue
		case s.Name == failing:
			emit(begin, s, progress.Running, "", nil)
			emit(begin+took/2, s, progress.Running, "1 of 2 tasks running", nil)
			failed = begin + took
			emit(failed, s, progress.Failed, "", errors.New("roll out "+failing+": deployment failed: essential container exited with code 1"))
			ends[s.Name] = 1e9
			emit(failed+1, s, progress.RollingBack, "to "+failing+":41", nil)
			emit(failed+24, s, progress.RolledBack, "essential container exited with code 1", nil)
			end = max(end, failed+24)
			continue
		}
		emit(begin, s, progress.Running, "", nil)
		emit(begin+took/2, s, progress.Running, "1 of 2 tasks running", nil)
		emit(begin+took, s, progress.Done, "healthy", nil)
		end = max(end, begin+took)
	}
	slices.SortStableFunc(events, func(a, b progress.Event) int { return a.Time.Compare(b.Time) })
	return events, end
}

// ranFrom gives a stage its time.
func (s Stage) ranFrom(from, to float64) Stage {
	s.Started, s.Ended = clock(from), clock(to)
	return s
}

func sampleModules() []Module {
	mods := []Module{
		{Name: "notifier", Selected: true, Status: "modified", Reasons: []string{"notifier/app.py and 3 more files changed"}},
		{Name: "python-utils", Selected: true, Status: "modified", Reasons: []string{"python-utils/igz/retry.py changed"}},
		{Name: "service-outage-monitor", Selected: true, Status: "affected", Reasons: []string{"depends on python-utils", "TEST_SERVICE_OUTAGE_MONITOR=true"}},
		{Name: "tnba-feedback", Selected: true, Status: "added", Reasons: []string{"tnba-feedback/ is new"}},
	}
	for _, name := range slices.Concat(capabilities, useCases) {
		if !slices.ContainsFunc(mods, func(m Module) bool { return m.Name == name }) {
			mods = append(mods, Module{Name: name})
		}
	}
	return mods
}

func sampleStages() []Stage {
	detect := Stage{Name: "detect", State: progress.Done, Summary: "4 of 26 modules selected, compared with master", Modules: sampleModules()}
	validate := Stage{
		Name: "validate", State: progress.Done, Summary: "3 modules checked, 2 warnings",
		Notes: []string{"eslint is not installed, so dispatch-portal-frontend was not checked"},
		Findings: []Finding{
			{Module: "notifier", Check: "pycodestyle", Path: "notifier/application/handlers.py", Line: 214, Rule: "W503", Severity: "warning", Message: "line break before binary operator"},
			{Module: "python-utils", Check: "terraform fmt", Path: "python-utils/terraform/main.tf", Line: 12, Severity: "warning", Message: "not formatted: run terraform fmt"},
		},
	}
	unit := Stage{Name: "unit-coverage", State: progress.Done, Summary: "3 of 3 gates passed", Coverage: []Coverage{
		{Module: "notifier", Gate: "unit", Covered: 1834, Total: 1875, Unit: "lines", Percent: "97.81%", Minimum: "90%", Pass: true},
		{Module: "python-utils", Gate: "unit", Covered: 912, Total: 1001, Unit: "lines", Percent: "91.10%", Minimum: "90%", Pass: true},
		{Module: "tnba-feedback", Gate: "unit", Covered: 411, Total: 420, Unit: "lines", Percent: "97.85%", Minimum: "80%", Pass: true},
	}}
	infra := Stage{
		Name: "basic-infra", State: progress.Done, Summary: "1 repository created, roles unchanged",
		Stacks:  []Stack{{Name: "automation-roles", Action: "none", Status: "UPDATE_COMPLETE"}},
		Changes: []Change{{Action: "create", Name: "automation/tnba-feedback", Type: "ECR repository", Detail: "immutable tags, keeps 30 images"}},
	}
	build := Stage{Name: "build", State: progress.Done, Summary: "4 built, 24 unchanged"}
	for _, name := range slices.Concat(messaging, capabilities, useCases, []string{"dispatch-portal-frontend"}) {
		i := Image{Module: name, Repository: "automation/" + name, Tag: "in-" + digest(name)[7:19], Digest: digest(name), Outcome: "unchanged", Reason: "inputs as in build 1412", Tags: []string{"8527fec8"}}
		if slices.Contains([]string{"notifier", "tnba-feedback", "tnba-monitor", "service-outage-monitor-1"}, name) {
			i.Outcome, i.Reason, i.Tags = "built", "notifier/app.py and 3 more files changed", []string{"8527fec8", "8527fec8-90c2f1d3"}
		}
		build.Images = append(build.Images, i)
	}
	return []Stage{detect.ranFrom(0, 2), validate.ranFrom(2, 15), unit.ranFrom(2, 71), infra.ranFrom(71, 93), build.ranFrom(93, 171.4)}
}

func environmentStack() Stack {
	return Stack{
		Name: "automation-8527fec8", Action: "create", Status: "CREATE_COMPLETE", Started: clock(172), Ended: clock(251),
		Changes: []Change{
			{Action: "add", Name: "Cluster", Type: "AWS::ECS::Cluster"},
			{Action: "add", Name: "Namespace", Type: "AWS::ServiceDiscovery::PrivateDnsNamespace"},
			{Action: "modify", Name: "LogGroup", Type: "AWS::Logs::LogGroup", Detail: "RetentionInDays: 7 -> 14"},
			{Action: "replace", Name: "BruinCache", Type: "AWS::ElastiCache::CacheCluster", Detail: "CacheNodeType: cache.t3.small -> cache.t4g.small"},
		},
		Outputs: map[string]string{"ClusterName": "automation-8527fec8", "PortalURL": "https://8527fec8.dispatch.example.com"},
	}
}

func sampleRun() Run {
	return Run{
		Title: "automation-8527fec8", Kind: "ephemeral", Branch: "dev/feature/login", Base: "master",
		Revision: "90c2f1d3a5b7c9e1f3a5b7c9e1f3a5b7c9e1f3a5", URL: "https://gitlab.example.com/automation/-/pipelines/1412",
		Environment: "https://8527fec8.dispatch.example.com", Cloud: "AWS account 123456789012, us-east-1",
		Stages: sampleStages(),
	}
}

// successRun is a delivery in which everything went well.
func successRun() Run {
	r := sampleRun()
	deploy := Stage{Name: "deploy", State: progress.Done, Stacks: []Stack{environmentStack()}}
	deploy.Rollout = &Rollout{Cluster: "automation-8527fec8", Op: "ecs.rollout", Services: sampleServices("create")}
	var end float64
	deploy.Events, end = roll(deploy.Rollout, 252, "")
	deploy.Summary = "28 of 28 services healthy"
	trail := Stage{Name: "papertrail", State: progress.Unchanged, Summary: "28 searches as they were"}
	kre := Stage{Name: "kre", State: progress.Skipped, Summary: "not asked for (-kre)"}
	r.Stages = append(r.Stages, deploy.ranFrom(171.4, end+0.4), trail.ranFrom(end+0.4, end+1.1), kre)
	r.Written = clock(end + 2)
	return r
}

// failedRun is one in which a service did not become healthy.
func failedRun() Run {
	r := sampleRun()
	r.Stages[2].Coverage[1].Pass, r.Stages[2].Coverage[1].Minimum = false, "95%"
	r.Stages[2].Coverage[1].Message = "below its minimum, though the gate only warns"
	stack := environmentStack()
	deploy := Stage{Name: "deploy", State: progress.Failed, Summary: "1 service failed, 3 never started", Stacks: []Stack{stack}}
	deploy.Rollout = &Rollout{Cluster: "automation-8527fec8", Op: "ecs.rollout", Services: sampleServices("update")}
	var end float64
	deploy.Events, end = roll(deploy.Rollout, 252, "notifier")
	failure := Failure{
		Subject: "notifier", Cause: "essential container exited with code 1: the health check never passed in 2 tries",
		Logs: []string{"2026-11-22T10:06:03Z starting notifier 90c2f1d3", "2026-11-22T10:06:04Z \x1b[31mTraceback (most recent call last):\x1b[0m"},
	}
	for i := range 40 {
		failure.Logs = append(failure.Logs, fmt.Sprintf("\tFile \"/service/app/step_%02d.py\", line %d, in connect", i, 10+i))
	}
	failure.Logs = append(failure.Logs, "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.")
	for _, s := range deploy.Rollout.Services {
		if s.State == progress.Skipped {
			failure.After = append(failure.After, s.Name)
		}
	}
	deploy.Failures = []Failure{failure}
	deploy.Error = "roll out automation-8527fec8: roll out notifier: deployment failed"
	r.Stages = append(r.Stages, deploy.ranFrom(171.4, end+0.4), Stage{Name: "papertrail", State: progress.Skipped, Summary: "deploy failed"})
	r.Written = clock(end + 2)
	return r
}

// destroyRun takes the environment away again.
func destroyRun() Run {
	r := sampleRun()
	r.Base, r.Environment = "", ""
	services := Stage{Name: "services", State: progress.Done, Summary: "28 services removed"}
	services.Rollout = &Rollout{Cluster: "automation-8527fec8", Op: "ecs.delete", Services: sampleServices("delete")}
	var end float64
	services.Events, end = roll(services.Rollout, 0, "")
	stacks := Stage{Name: "stacks", State: progress.Done, Summary: "1 stack deleted", Stacks: []Stack{{
		Name: "automation-8527fec8", Action: "delete", Status: "DELETE_COMPLETE", Started: clock(end), Ended: clock(end + 95),
		Changes: []Change{{Action: "delete", Name: "Cluster", Type: "AWS::ECS::Cluster"}, {Action: "delete", Name: "Namespace", Type: "AWS::ServiceDiscovery::PrivateDnsNamespace"}},
	}}}
	images := Stage{Name: "images", State: progress.Done, Summary: "28 tags removed"}
	for _, s := range services.Rollout.Services {
		images.Changes = append(images.Changes, Change{Action: "delete", Name: "automation/" + s.Name, Type: "image tag", Detail: "8527fec8"})
	}
	trail := Stage{Name: "papertrail", State: progress.Done, Summary: "1 group removed", Changes: []Change{{Action: "delete", Name: "automation-8527fec8", Type: "log group", Detail: "with 28 searches"}}}
	r.Stages = []Stage{services.ranFrom(0, end), stacks.ranFrom(end, end+95), images.ranFrom(end+95, end+101), trail.ranFrom(end+101, end+102)}
	r.Written = clock(end + 103)
	return r
}

// runningRun is one that is looked at too early.
func runningRun() Run {
	r := sampleRun()
	deploy := Stage{Name: "deploy", State: progress.Running, Started: clock(171.4)}
	deploy.Rollout = &Rollout{Cluster: "automation-8527fec8", Op: "ecs.rollout", Services: sampleServices("create")}
	events, _ := roll(deploy.Rollout, 175, "")
	now := clock(330)
	for i := range deploy.Rollout.Services {
		deploy.Rollout.Services[i].State, deploy.Rollout.Services[i].Message = "", ""
	}
	deploy.Events = slices.DeleteFunc(events, func(e progress.Event) bool { return e.Time.After(now) })
	r.Stages = append(r.Stages, deploy, Stage{Name: "papertrail", State: progress.Waiting})
	r.Written = now
	return r
}
