package candidate_test

import (
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/internal/candidate"
	"github.com/mettel-automation/delivery/ecs/internal/short"
)

func task(arn, status string) types.Task { return types.Task{TaskArn: &arn, LastStatus: &status} }

func TestRunning(t *testing.T) {
	tests := map[string]struct {
		up    int32
		tasks []types.Task
		want  []string
		news  string
	}{
		"tasks that run are returned":                    {2, []types.Task{task("t/1", "RUNNING"), task("t/2", "RUNNING")}, []string{"1", "2"}, ""},
		"those that stop or start are left out":          {1, []types.Task{task("t/1", "PENDING"), task("t/2", "RUNNING"), task("t/3", "DEACTIVATING")}, []string{"2"}, ""},
		"none is fine where none should run":             {0, nil, nil, ""},
		"T50: tasks that nobody may list are no success": {3, nil, nil, "0 of 3 running tasks are known; seeing them takes ecs:ListTasks and ecs:DescribeTasks"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := ecs.Candidate{Deployment: "d", Tasks: tt.tasks, Service: types.Service{Deployments: []types.Deployment{
				{Id: new("old"), RunningCount: 7}, {Id: new("d"), RunningCount: tt.up},
			}}}
			tasks, news := candidate.Running(c)
			var ids []string
			for _, task := range tasks {
				ids = append(ids, short.Name(*task.TaskArn))
			}
			if d := cmp.Diff(tt.want, ids); d != "" || news != tt.news {
				t.Errorf("news %q; tasks (-want +got):\n%s", news, d)
			}
		})
	}
	if _, news := candidate.Running(ecs.Candidate{Deployment: "d"}); news == "" {
		t.Error("a deployment that is not there passes")
	}
}

func TestAddresses(t *testing.T) {
	attachment := func(name, address string) types.Attachment {
		return types.Attachment{Details: []types.KeyValuePair{{Name: new("subnetId"), Value: new("subnet-1")}, {Name: &name, Value: &address}}}
	}
	tests := map[string]struct {
		task types.Task
		want []string
	}{
		"the interface of the task":            {types.Task{Attachments: []types.Attachment{attachment("privateIPv4Address", "10.0.0.7")}}, []string{"10.0.0.7"}},
		"what containers repeat is there once": {types.Task{Attachments: []types.Attachment{attachment("privateIPv4Address", "10.0.0.7")}, Containers: []types.Container{{NetworkInterfaces: []types.NetworkInterface{{PrivateIpv4Address: new("10.0.0.7"), Ipv6Address: new("fd00:0::7")}}}}}, []string{"10.0.0.7", "fd00::7"}},
		"other attachments have none":          {types.Task{Attachments: []types.Attachment{attachment("volumeId", "vol-1")}}, nil},
		"a task on a bridge has none":          {types.Task{Containers: []types.Container{{NetworkBindings: []types.NetworkBinding{{BindIP: new("0.0.0.0")}}}}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var want []netip.Addr
			for _, a := range tt.want {
				want = append(want, netip.MustParseAddr(a))
			}
			if d := cmp.Diff(want, candidate.Addresses(tt.task), cmpopts.EquateComparable(netip.Addr{})); d != "" {
				t.Errorf("addresses (-want +got):\n%s", d)
			}
		})
	}
}
