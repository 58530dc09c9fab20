package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/infra"
)

// kre is the owner of a KRE environment, whose name is of its own.
func kre(name string) infra.Owner {
	o := of(envname.Environment{Name: name})
	o.Tags = map[string]string{"Environment": name, "Project": "mettel-automation"}
	return o
}

// kreDev is a small cluster without mail, kreProduction one with everything.
func kreDev(testing.TB) infra.KRECluster {
	return infra.KRECluster{
		Owner: kre("mettel-automation-kre-dev"), Version: "1.34", VPC: "vpc-0a1b2c3d4e5f60718",
		Subnets:    []string{"subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"},
		NodeGroups: []infra.NodeGroup{{Name: "workers", InstanceTypes: []string{"m6i.large"}, Desired: 3}},
		Users:      infra.Users{Developer: []string{"jdoe"}},
	}
}

func kreProduction(testing.TB) infra.KRECluster {
	return infra.KRECluster{
		Owner: kre("mettel-automation-kre"), Production: true, Project: "mettel-automation",
		Version: "1.34", VPC: "vpc-0a1b2c3d4e5f60718",
		Subnets:       []string{"subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712", "subnet-0a1b2c3d4e5f60713"},
		NodeSubnets:   []string{"subnet-0a1b2c3d4e5f60711"},
		PublicClients: []string{"192.0.2.0/24", "198.51.100.7/32"},
		Logs:          []string{"audit", "api", "authenticator", "scheduler", "controllerManager"},
		SecretsKey:    "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000",
		Boundary:      "arn:aws:iam::aws:policy/PowerUserAccess",
		NodeGroups: []infra.NodeGroup{
			{Name: "workers", InstanceTypes: []string{"m6i.large", "m5.large"}, Desired: 5, Min: 3, Max: 10, Spot: true, Labels: map[string]string{"example.com/tier": "general"}},
			{
				Name: "mongo", InstanceTypes: []string{"r7g.large"}, Desired: 3, Disk: 500,
				Labels: map[string]string{"dedicated": "mongo", "on": "yes"}, Taints: []string{"dedicated=mongo:NoSchedule", "no:NoExecute"},
			},
			{Name: "influx", InstanceTypes: []string{"m6i.xlarge"}, AMIType: "BOTTLEROCKET_x86_64", Taints: []string{"dedicated=influx:PreferNoSchedule"}},
		},
		SSH: true, SSHClients: []string{"10.0.0.0/16", "10.1.0.0/16"},
		HostedZones: []string{"Z2FDTNDATAQYW2", "Z3M3LMPEXAMPLE"}, EBSAccount: "kube-system:ebs-csi-controller-sa",
		Mail: infra.Mail{Domain: "kre.example.com", HostedZone: "Z2FDTNDATAQYW2", From: []string{"kre@kre.example.com", "no-reply-*@kre.example.com"}},
		Users: infra.Users{
			Developer:              []string{"mary.major", "arn:aws:iam::123456789012:user/support/jdoe"},
			DeveloperOpsPrivileged: []string{"a-user-with-a-name-that-is-long@example.com"},
			Devops:                 []string{"ops/paulo"},
		},
	}
}

// kreCrowd has n users, the most of them developers, none devops.
func kreCrowd(t testing.TB, n int) infra.KRECluster {
	k := kreDev(t)
	k.Users = infra.Users{}
	for i := range n {
		user := fmt.Sprintf("user-%03d-with-a-name-of-many-characters@example.com", i)
		if i%10 == 0 {
			k.Users.DeveloperOpsPrivileged = append(k.Users.DeveloperOpsPrivileged, user)
		} else {
			k.Users.Developer = append(k.Users.Developer, user)
		}
	}
	return k
}

func renderKRE(t testing.TB, k infra.KRECluster) (infra.Rendered, template) {
	t.Helper()
	rendered, err := k.Render()
	if err != nil {
		t.Fatal(err)
	}
	return rendered, parse(t, rendered.Body)
}

// at returns what is below v at a path of keys and positions, or nil.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if v = nil; step < len(list) {
				v = list[step]
			}
		}
	}
	return v
}

func TestKREResources(t *testing.T) {
	_, tpl := renderKRE(t, kreProduction(t))
	for resourceType, want := range map[string][]string{
		"AWS::EKS::Nodegroup":      {"NodesInfluxGroup", "NodesMongoGroup", "NodesWorkersGroup"},
		"AWS::EC2::LaunchTemplate": {"NodesInfluxTemplate", "NodesMongoTemplate", "NodesWorkersTemplate"},
		"AWS::IAM::User":           {"SmtpUser"},
		"AWS::EC2::KeyPair":        {"KeyPair"},
		"AWS::Route53::RecordSet":  {"MailRecord1", "MailRecord2", "MailRecord3"},
		"AWS::IAM::Role": {
			"CertManagerRole", "ClusterRole", "EbsRole", "ExternalDnsRole", "NodeRole", "PersonDeveloperJdoeRole",
			"PersonDeveloperMaryMajorX25364441Role", "PersonDevopsPauloRole", "PersonPrivilegedAUserWithANameThatIsLongExampleComX6ea92d17Role",
		},
	} {
		if d := cmp.Diff(want, tpl.of(resourceType)); d != "" {
			t.Errorf("%s (-want +got):\n%s", resourceType, d)
		}
	}
}

// trust returns the trust policy of a role of a service account.
func trust(t *testing.T, tpl template, role string) map[string]any {
	t.Helper()
	sub := at(tpl.Resources[role]["Properties"], "AssumeRolePolicyDocument", "!Sub", 0)
	var document map[string]any
	if err := json.Unmarshal([]byte(text(sub)), &document); err != nil {
		t.Fatalf("the trust of %s is no JSON: %v\n%v", role, err, sub)
	}
	return document
}

func TestPodsTakeOnTheirRolesAlone(t *testing.T) {
	_, tpl := renderKRE(t, kreProduction(t))
	for role, account := range map[string]string{"ExternalDnsRole": "ExternalDnsAccount", "CertManagerRole": "CertManagerAccount", "EbsRole": "EbsAccount"} {
		want := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": map[string]any{"Federated": "${OidcProvider.Arn}"},
			"Condition": map[string]any{"StringEquals": map[string]any{
				"${Issuer}:aud": "sts.amazonaws.com", "${Issuer}:sub": "system:serviceaccount:${" + account + "}",
			}},
		}}}
		if d := cmp.Diff(want, trust(t, tpl, role)); d != "" {
			t.Errorf("trust of %s (-want +got):\n%s", role, d)
		}
	}
}

// allowed returns the actions that policies of a role or user allow, with their
// resources, as "action on resource".
func allowed(tpl template, id string) (all []string) {
	list := func(v any) []any {
		if l, ok := v.([]any); ok {
			return l
		}
		return []any{v}
	}
	for _, policy := range list(at(tpl.Resources[id]["Properties"], "Policies")) {
		for _, s := range list(at(policy, "PolicyDocument", "Statement")) {
			for _, action := range list(at(s, "Action")) {
				for _, resource := range list(at(s, "Resource")) {
					if m, ok := resource.(map[string]any); ok {
						resource = text(m["!Sub"]) + text(m["!GetAtt"])
					}
					all = append(all, fmt.Sprintf("%v on %v", action, resource))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestRolesAllowWhatIsNeededAndNoMore(t *testing.T) {
	_, tpl := renderKRE(t, kreProduction(t))
	const zone1, zone2 = "arn:${AWS::Partition}:route53:::hostedzone/Z2FDTNDATAQYW2", "arn:${AWS::Partition}:route53:::hostedzone/Z3M3LMPEXAMPLE"
	for id, want := range map[string][]string{
		"ExternalDnsRole": {
			"route53:ChangeResourceRecordSets on " + zone1, "route53:ChangeResourceRecordSets on " + zone2, "route53:ListHostedZones on *",
			"route53:ListResourceRecordSets on " + zone1, "route53:ListResourceRecordSets on " + zone2,
		},
		"CertManagerRole": {
			"route53:ChangeResourceRecordSets on " + zone1, "route53:ChangeResourceRecordSets on " + zone2,
			"route53:GetChange on arn:${AWS::Partition}:route53:::change/*", "route53:ListHostedZonesByName on *",
			"route53:ListResourceRecordSets on " + zone1, "route53:ListResourceRecordSets on " + zone2,
		},
		"SmtpUser":                {"ses:SendRawEmail on arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}"},
		"PersonDevopsPauloRole":   {"eks:DescribeCluster on Cluster.Arn"},
		"PersonDeveloperJdoeRole": {"eks:DescribeCluster on Cluster.Arn"},
	} {
		if d := cmp.Diff(want, allowed(tpl, id)); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
	t.Run("without zones, they are those of the account", func(t *testing.T) {
		rendered, tpl := renderKRE(t, kreDev(t))
		want := "route53:ChangeResourceRecordSets on arn:${AWS::Partition}:route53:::hostedzone/${HostedZone}"
		if got := allowed(tpl, "ExternalDnsRole"); got[0] != want || rendered.Parameters["HostedZone"] != "*" {
			t.Errorf("%q with %q", got, rendered.Parameters["HostedZone"])
		}
	})
}

func TestKREPolicies(t *testing.T) {
	for name, tt := range map[string]struct {
		cluster infra.KRECluster
		want    string
	}{
		"nothing outlives dev":           {kreDev(t), "Delete"},
		"what tells outlives production": {kreProduction(t), "RetainExceptOnCreate"},
	} {
		t.Run(name, func(t *testing.T) {
			_, tpl := renderKRE(t, tt.cluster)
			got := map[string]any{}
			for id, resource := range tpl.Resources {
				if policy, ok := resource["DeletionPolicy"]; ok {
					got[id] = policy
				}
			}
			if d := cmp.Diff(map[string]any{"Bucket": tt.want, "ClusterLogGroup": tt.want}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			bucket := tpl.Resources["Bucket"]["Properties"]
			closed := map[string]any{"BlockPublicAcls": "true", "BlockPublicPolicy": "true", "IgnorePublicAcls": "true", "RestrictPublicBuckets": "true"}
			if d := cmp.Diff(closed, at(bucket, "PublicAccessBlockConfiguration")); d != "" || at(bucket, "VersioningConfiguration", "Status") != "Enabled" {
				t.Errorf("the bucket is open, or has no versions (-want +got):\n%s", d)
			}
		})
	}
}

func TestKRESwitches(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*infra.KRECluster)
		want   map[string]string
	}{
		"production": {func(*infra.KRECluster) {}, map[string]string{
			"DeletionProtection": "true", "LogDays": "90",
			"AuthenticationMode": "API_AND_CONFIG_MAP", "CreatorIsAdmin": "true", "PrivateEndpoint": "true", "PublicClients": "192.0.2.0/24,198.51.100.7/32",
			"NodeSubnets": "subnet-0a1b2c3d4e5f60711", "ExternalDnsAccount": "kube-system:external-dns", "CertManagerAccount": "cert-manager:cert-manager",
		}},
		"production before it is deleted": {func(k *infra.KRECluster) { k.Unprotected = true }, map[string]string{"DeletionProtection": "false"}},
		"any other": {
			func(k *infra.KRECluster) {
				k.Production, k.NodeSubnets = false, nil
			},
			map[string]string{
				"DeletionProtection": "false", "LogDays": "14",
				"NodeSubnets": "subnet-0a1b2c3d4e5f60711,subnet-0a1b2c3d4e5f60712,subnet-0a1b2c3d4e5f60713",
			},
		},
		"private alone":                  {func(k *infra.KRECluster) { k.PublicClients = nil }, map[string]string{"PublicClients": "", "PrivateEndpoint": "true"}},
		"public alone":                   {func(k *infra.KRECluster) { k.NoPrivateEndpoint = true }, map[string]string{"PrivateEndpoint": "false"}},
		"from any address of the domain": {func(k *infra.KRECluster) { k.Mail.From = nil }, map[string]string{"MailFrom": "*@kre.example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := kreProduction(t)
			tt.change(&k)
			rendered, tpl := renderKRE(t, k)
			got := maps.Clone(rendered.Parameters)
			maps.DeleteFunc(got, func(name, _ string) bool { _, asked := tt.want[name]; return !asked })
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("parameters (-want +got):\n%s", d)
			}
			if faults := slices.Concat(tpl.faults(), tpl.wants(rendered.Parameters)); len(faults) > 0 {
				t.Errorf("faults %q", faults)
			}
		})
	}
}

func TestLogs(t *testing.T) {
	for name, tt := range map[string]struct {
		logs []string
		want any
	}{
		"the usual ones": {nil, []any{map[string]any{"Type": "api"}, map[string]any{"Type": "audit"}, map[string]any{"Type": "authenticator"}}},
		"one":            {[]string{"audit"}, []any{map[string]any{"Type": "audit"}}},
		"none":           {[]string{}, []any{}},
	} {
		t.Run(name, func(t *testing.T) {
			k := kreDev(t)
			k.Logs = tt.logs
			_, tpl := renderKRE(t, k)
			if d := cmp.Diff(tt.want, at(tpl.Resources["Cluster"]["Properties"], "Logging", "ClusterLogging", "EnabledTypes")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestKREOutlivesTags(t *testing.T) {
	k := kreDev(t)
	rendered, _ := renderKRE(t, k)
	if d := cmp.Diff(k.Tags, rendered.Tags); d != "" {
		t.Errorf("tags of the stack (-want +got):\n%s", d)
	}
	rendered.Tags["Environment"] = "another"
	if k.Tags["Environment"] != k.Name {
		t.Error("the tags of the stack are those of the owner, not a copy")
	}
	if d := cmp.Diff(kreDev(t).NodeGroups, k.NodeGroups); d != "" {
		t.Errorf("rendering changed what it was given (-want +got):\n%s", d)
	}
}
