package ecstest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

func (b bench) cluster(name string) types.Cluster {
	b.Helper()
	out, err := b.client.DescribeClusters(b.Context(), &awsecs.DescribeClustersInput{
		Clusters: []string{name}, Include: []types.ClusterField{types.ClusterFieldTags, types.ClusterFieldSettings, types.ClusterFieldAttachments},
	})
	if err != nil {
		b.Fatal(err)
	}
	if len(out.Clusters) == 0 {
		return types.Cluster{Status: out.Failures[0].Reason}
	}
	return out.Clusters[0]
}

func TestAClusterKeepsWhatItIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		b.cloud.AddCapacityProvider("asg")
		insights := func(v string) []types.ClusterSetting {
			return []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: &v}}
		}
		create := &awsecs.CreateClusterInput{
			ClusterName: new("x"), Settings: insights("enabled"), Tags: []types.Tag{{Key: new("A"), Value: new("1")}},
			CapacityProviders: []string{"FARGATE", "asg"},
		}
		out, err := b.client.CreateCluster(t.Context(), create)
		if err != nil || *out.Cluster.Status != "PROVISIONING" {
			t.Fatal(out, err)
		}
		put := &awsecs.PutClusterCapacityProvidersInput{
			Cluster: new("x"), CapacityProviders: []string{"FARGATE"},
			DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: new("FARGATE"), Weight: 1}},
		}
		if _, err := b.client.PutClusterCapacityProviders(t.Context(), put); code(err) != "UpdateInProgressException" {
			t.Errorf("a busy cluster: %v", err)
		}
		time.Sleep(30 * time.Second)
		if c := b.cluster("x"); *c.Status != "ACTIVE" || *c.AttachmentsStatus != "UPDATE_COMPLETE" || *c.Tags[0].Value != "1" || *c.Settings[0].Value != "enabled" {
			t.Errorf("cluster %+v", c)
		}
		if _, err := b.client.CreateCluster(t.Context(), &awsecs.CreateClusterInput{ClusterName: new("x"), Settings: insights("disabled")}); err != nil {
			t.Errorf("the same name again: %v", err)
		}
		arn := b.cluster("x").ClusterArn
		for _, try := range []func() error{
			func() error { _, err := b.client.PutClusterCapacityProviders(t.Context(), put); return err },
			func() error {
				_, err := b.client.UpdateCluster(t.Context(), &awsecs.UpdateClusterInput{Cluster: new("x"), Settings: insights("enhanced")})
				return err
			},
			func() error {
				_, err := b.client.TagResource(t.Context(), &awsecs.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: new("B"), Value: new("2")}}})
				return err
			},
			func() error {
				_, err := b.client.UntagResource(t.Context(), &awsecs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"A"}})
				return err
			},
		} {
			if err := try(); err != nil {
				t.Error(err)
			}
		}
		c := b.cluster("x")
		if len(c.CapacityProviders) != 1 || *c.DefaultCapacityProviderStrategy[0].CapacityProvider != "FARGATE" || len(c.Settings) != 1 || *c.Settings[0].Value != "enhanced" {
			t.Errorf("cluster %+v", c)
		}
		tags, err := b.client.ListTagsForResource(t.Context(), &awsecs.ListTagsForResourceInput{ResourceArn: arn})
		if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "B" {
			t.Errorf("tags %v, %v", tags, err)
		}
		put.CapacityProviders = []string{"ghost"}
		if _, err := b.client.PutClusterCapacityProviders(t.Context(), put); code(err) != "InvalidParameterException" || !strings.Contains(err.Error(), "'ghost' was not found") {
			t.Errorf("an unknown provider: %v", err)
		}
		plain, err := b.client.DescribeClusters(t.Context(), &awsecs.DescribeClustersInput{Clusters: []string{"x"}})
		if err != nil || plain.Clusters[0].Tags != nil || plain.Clusters[0].Settings != nil {
			t.Errorf("what was not asked for is shown: %v, %v", plain, err)
		}
	})
}

func TestAClusterIsDeletedOnlyWhenEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		definition := b.register("web", true)
		b.create("web", definition, 1, nil)
		ran, err := b.client.RunTask(t.Context(), &awsecs.RunTaskInput{Cluster: new("c"), TaskDefinition: &definition, Count: new(int32(2))})
		if err != nil || len(ran.Tasks) != 2 || *ran.Tasks[0].Group != "family:web" {
			t.Fatal(ran, err)
		}
		remove := func() string {
			_, err := b.client.DeleteCluster(t.Context(), &awsecs.DeleteClusterInput{Cluster: new("c")})
			return code(err)
		}
		if got := remove(); got != "ClusterContainsServicesException" {
			t.Errorf("with a service: %s", got)
		}
		if _, err := b.client.DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new("c"), Service: new("web"), Force: new(true)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if got := remove(); got != "ClusterContainsTasksException" {
			t.Errorf("with tasks: %s", got)
		}
		for _, task := range ran.Tasks {
			if _, err := b.client.StopTask(t.Context(), &awsecs.StopTaskInput{Cluster: new("c"), Task: task.TaskArn, Reason: new("enough")}); err != nil {
				t.Error(err)
			}
		}
		if got := remove(); got != "ClusterContainsTasksException" {
			t.Errorf("with tasks that are stopping: %s", got)
		}
		time.Sleep(2 * time.Minute)
		out, err := b.client.DescribeTasks(t.Context(), &awsecs.DescribeTasksInput{Cluster: new("c"), Tasks: []string{*ran.Tasks[0].TaskArn}})
		if err != nil || *out.Tasks[0].StoppedReason != "enough" || out.Tasks[0].StopCode != types.TaskStopCodeUserInitiated {
			t.Errorf("stopped task %+v, %v", out, err)
		}
		b.cloud.AddInstance("c", ecstest.Instance{CPU: 1024, Memory: 1024})
		if got := remove(); got != "ClusterContainsContainerInstancesException" {
			t.Errorf("with an instance: %s", got)
		}
	})
}

func TestADeletedClusterIsStillDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		if _, err := b.client.DeleteCluster(t.Context(), &awsecs.DeleteClusterInput{Cluster: new("c")}); err != nil {
			t.Fatal(err)
		}
		if c := b.cluster("c"); *c.Status != "INACTIVE" {
			t.Errorf("status %s", *c.Status)
		}
		if _, err := b.client.ListServices(t.Context(), &awsecs.ListServicesInput{Cluster: new("c")}); code(err) != "ClusterNotFoundException" {
			t.Errorf("its services: %v", err)
		}
		if _, err := b.client.CreateCluster(t.Context(), &awsecs.CreateClusterInput{ClusterName: new("c")}); err != nil {
			t.Fatal(err)
		}
		if c := b.cluster("c"); *c.Status != "ACTIVE" {
			t.Errorf("status %s", *c.Status)
		}
		if c := b.cluster("never"); *c.Status != "MISSING" {
			t.Errorf("status %s", *c.Status)
		}
	})
}

func TestAStoppedTaskOfAServiceIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		b.create("web", b.register("web", true), 1, nil)
		time.Sleep(5 * time.Minute)
		was := b.tasks("web", types.DesiredStatusRunning)[0].TaskArn
		if _, err := b.client.StopTask(t.Context(), &awsecs.StopTaskInput{Cluster: new("c"), Task: was}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if now := b.tasks("web", types.DesiredStatusRunning); len(now) != 1 || *now[0].TaskArn == *was {
			t.Errorf("tasks %v", now)
		}
		if _, err := b.client.StopTask(t.Context(), &awsecs.StopTaskInput{Cluster: new("c"), Task: new("nobody")}); code(err) != "InvalidParameterException" {
			t.Errorf("an unknown task: %v", err)
		}
	})
}
