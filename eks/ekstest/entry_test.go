package ekstest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/ekstest"
)

func TestCreateAccessEntry(t *testing.T) {
	const user = "arn:aws:iam::999999999999:user/joe"
	tests := map[string]struct {
		mode types.AuthenticationMode
		in   awseks.CreateAccessEntryInput
		want ekstest.Entry
		code string // of a refusal, by default InvalidParameterException
		text string // part of a refusal
	}{
		"a role with groups": {
			in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane), KubernetesGroups: []string{"b", "a", "b"}, Tags: map[string]string{"k": "v"}},
			want: ekstest.Entry{
				Principal: jane, Type: "STANDARD", Username: "arn:aws:sts::123456789012:assumed-role/jane/{{SessionName}}",
				Groups: []string{"a", "b"}, Tags: map[string]string{"k": "v"},
			},
		},
		"a user of another account": {
			in:   awseks.CreateAccessEntryInput{PrincipalArn: new(user)},
			want: ekstest.Entry{Principal: user, Type: "STANDARD", Username: user, Groups: []string{}, Tags: map[string]string{}},
		},
		"a name of one's own": {
			in:   awseks.CreateAccessEntryInput{PrincipalArn: new(user), Username: new("joe")},
			want: ekstest.Entry{Principal: user, Type: "STANDARD", Username: "joe", Groups: []string{}, Tags: map[string]string{}},
		},
		"nodes": {
			in: awseks.CreateAccessEntryInput{PrincipalArn: new(nodeRole), Type: new("EC2_LINUX")},
			want: ekstest.Entry{
				Principal: nodeRole, Type: "EC2_LINUX", Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:nodes"}, Tags: map[string]string{},
			},
		},
		"none where the ConfigMap decides": {
			mode: types.AuthenticationModeConfigMap, in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane)},
			code: "InvalidRequestException", text: "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
		},
		"no session":                 {in: awseks.CreateAccessEntryInput{PrincipalArn: new("arn:aws:sts::123456789012:assumed-role/jane/s")}, text: "invalid principal"},
		"no role of AWS itself":      {in: awseks.CreateAccessEntryInput{PrincipalArn: new("arn:aws:iam::123456789012:role/aws-service-role/x/y")}, text: "invalid principal"},
		"no group of the system":     {in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane), KubernetesGroups: []string{"system:masters"}}, text: "The kubernetes group name system:masters is invalid, it cannot start with system:"},
		"none of EKS":                {in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane), KubernetesGroups: []string{"eks:x"}}, text: "it cannot start with eks:"},
		"no empty one":               {in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane), KubernetesGroups: []string{""}}, text: "must not be empty"},
		"no name of the system":      {in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane), Username: new("system:admin")}, text: "The username must not begin with system:"},
		"no session without a colon": {in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane), Username: new("jane{{SessionName}}")}, text: "must include a colon before"},
		"no type of tomorrow":        {in: awseks.CreateAccessEntryInput{PrincipalArn: new(jane), Type: new("QUANTUM")}, text: "The specified type QUANTUM is invalid"},
		"no user for nodes":          {in: awseks.CreateAccessEntryInput{PrincipalArn: new(user), Type: new("EC2_LINUX")}, text: "must be a role of the cluster's account"},
		"no groups for nodes": {
			in: awseks.CreateAccessEntryInput{PrincipalArn: new(nodeRole), Type: new("EC2_LINUX"), KubernetesGroups: []string{"a"}}, code: "InvalidRequestException", text: "can't be specified for the type EC2_LINUX",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ekstest.New(ekstest.Options{})
			mode := tt.mode
			if mode == "" {
				mode = types.AuthenticationModeApi
			}
			cloud.AddCluster("demo", mode)
			tt.in.ClusterName = new("demo")
			_, err := cloud.Client().CreateAccessEntry(t.Context(), &tt.in)
			if tt.text != "" {
				code := tt.code
				if code == "" {
					code = "InvalidParameterException"
				}
				refused(t, err, code, tt.text)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]ekstest.Entry{tt.want}, cloud.Entries("demo")); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
			_, err = cloud.Client().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: new("demo"), PrincipalArn: tt.in.PrincipalArn, Type: tt.in.Type})
			refused(t, err, "ResourceInUseException", "The specified access entry resource is already in use on this cluster.")
		})
	}
}

func TestUpdateAndDeleteAccessEntry(t *testing.T) {
	cloud := ekstest.New(ekstest.Options{})
	cloud.AddCluster("demo", types.AuthenticationModeApi)
	ctx, api := t.Context(), cloud.Client()
	do[*awseks.CreateAccessEntryOutput](t)(api.CreateAccessEntry(ctx, &awseks.CreateAccessEntryInput{ClusterName: new("demo"), PrincipalArn: new(jane), KubernetesGroups: []string{"a"}}))
	update := func(in awseks.UpdateAccessEntryInput) error {
		in.ClusterName, in.PrincipalArn = new("demo"), new(jane)
		_, err := api.UpdateAccessEntry(ctx, &in)
		return err
	}
	groups := func() string {
		return fmt.Sprint(cloud.Entries("demo")[0].Groups, " ", cloud.Entries("demo")[0].Username)
	}
	for _, step := range []struct {
		in   awseks.UpdateAccessEntryInput
		want string
	}{
		{awseks.UpdateAccessEntryInput{Username: new("x:{{SessionName}}")}, "[a] x:{{SessionName}}"},
		{awseks.UpdateAccessEntryInput{KubernetesGroups: []string{"c", "b"}}, "[b c] x:{{SessionName}}"},
		{awseks.UpdateAccessEntryInput{KubernetesGroups: []string{}}, "[] x:{{SessionName}}"},
	} {
		if err := update(step.in); err != nil || groups() != step.want {
			t.Errorf("error %v, groups and name %s, want %s", err, groups(), step.want)
		}
	}
	refused(t, update(awseks.UpdateAccessEntryInput{KubernetesGroups: []string{"system:masters"}}), "InvalidParameterException", "system:masters")

	del := &awseks.DeleteAccessEntryInput{ClusterName: new("demo"), PrincipalArn: new(jane)}
	do[*awseks.DeleteAccessEntryOutput](t)(api.DeleteAccessEntry(ctx, del))
	_, err := api.DeleteAccessEntry(ctx, del)
	refused(t, err, "ResourceNotFoundException", "The specified principalArn could not be found")
	refused(t, update(awseks.UpdateAccessEntryInput{}), "ResourceNotFoundException", "could not be found")
}

func TestListAccessEntriesInPages(t *testing.T) {
	cloud := ekstest.New(ekstest.Options{PageSize: 7})
	cloud.AddCluster("demo", types.AuthenticationModeApi)
	ctx, api := t.Context(), cloud.Client()
	var want []string
	for i := range 40 {
		arn := fmt.Sprintf("arn:aws:iam::123456789012:role/r%02d", i)
		want = append(want, arn)
		do[*awseks.CreateAccessEntryOutput](t)(api.CreateAccessEntry(ctx, &awseks.CreateAccessEntryInput{ClusterName: new("demo"), PrincipalArn: &arn}))
	}
	var got []string
	pages := awseks.NewListAccessEntriesPaginator(api, &awseks.ListAccessEntriesInput{ClusterName: new("demo")})
	for pages.HasMorePages() {
		page := do[*awseks.ListAccessEntriesOutput](t)(pages.NextPage(ctx))
		got = append(got, page.AccessEntries...)
	}
	if d := cmp.Diff(want, got); d != "" || cloud.Calls("ListAccessEntries") != 6 {
		t.Errorf("%d calls, entries (-want +got):\n%s", cloud.Calls("ListAccessEntries"), d)
	}
	for _, in := range []awseks.ListAccessEntriesInput{{MaxResults: new(int32(101))}, {NextToken: new("elsewhere")}, {NextToken: new("from-99")}} {
		in.ClusterName = new("demo")
		_, err := api.ListAccessEntries(ctx, &in)
		refused(t, err, "InvalidParameterException", "")
	}
}

func TestAccessPolicies(t *testing.T) {
	const view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
	cloud := ekstest.New(ekstest.Options{})
	cloud.AddCluster("demo", types.AuthenticationModeApi)
	ctx, api := t.Context(), cloud.Client()
	for _, arn := range []string{jane, nodeRole} {
		in := &awseks.CreateAccessEntryInput{ClusterName: new("demo"), PrincipalArn: &arn}
		if arn == nodeRole {
			in.Type = new("EC2_LINUX")
		}
		do[*awseks.CreateAccessEntryOutput](t)(api.CreateAccessEntry(ctx, in))
	}
	associate := func(principal, policy string, scope types.AccessScope) error {
		_, err := api.AssociateAccessPolicy(ctx, &awseks.AssociateAccessPolicyInput{ClusterName: new("demo"), PrincipalArn: &principal, PolicyArn: &policy, AccessScope: &scope})
		return err
	}
	whole := types.AccessScope{Type: types.AccessScopeTypeCluster}
	for _, scope := range []types.AccessScope{whole, {Type: types.AccessScopeTypeNamespace, Namespaces: []string{"kre-tnba"}}} {
		if err := associate(jane, view, scope); err != nil {
			t.Error(err)
		}
	}
	refused(t, associate(jane, view+"2", whole), "InvalidParameterException", "is not valid")
	refused(t, associate(jane, view, types.AccessScope{Type: types.AccessScopeTypeNamespace}), "InvalidParameterException", "at least one namespace")
	refused(t, associate(jane, view, types.AccessScope{Type: types.AccessScopeTypeCluster, Namespaces: []string{"a"}}), "InvalidParameterException", "can't have namespaces")
	refused(t, associate(jane, view, types.AccessScope{Type: "planet"}), "InvalidParameterException", "must be cluster or namespace")
	refused(t, associate(nodeRole, view, whole), "InvalidRequestException", "EC2_LINUX")

	list := do[*awseks.ListAssociatedAccessPoliciesOutput](t)(api.ListAssociatedAccessPolicies(ctx, &awseks.ListAssociatedAccessPoliciesInput{ClusterName: new("demo"), PrincipalArn: new(jane)}))
	if p := list.AssociatedAccessPolicies; len(p) != 1 || *p[0].PolicyArn != view || p[0].AccessScope.Namespaces[0] != "kre-tnba" {
		t.Errorf("policies %+v", p)
	}
	entries := do[*awseks.ListAccessEntriesOutput](t)(api.ListAccessEntries(ctx, &awseks.ListAccessEntriesInput{ClusterName: new("demo"), AssociatedPolicyArn: new(view)}))
	if d := cmp.Diff([]string{jane}, entries.AccessEntries); d != "" {
		t.Error(d)
	}
	all := do[*awseks.ListAccessPoliciesOutput](t)(api.ListAccessPolicies(ctx, &awseks.ListAccessPoliciesInput{}))
	if !slices.ContainsFunc(all.AccessPolicies, func(p types.AccessPolicy) bool { return *p.Arn == view && *p.Name == "AmazonEKSViewPolicy" }) {
		t.Errorf("policies %+v", all.AccessPolicies)
	}
	off := &awseks.DisassociateAccessPolicyInput{ClusterName: new("demo"), PrincipalArn: new(jane), PolicyArn: new(view)}
	do[*awseks.DisassociateAccessPolicyOutput](t)(api.DisassociateAccessPolicy(ctx, off))
	_, err := api.DisassociateAccessPolicy(ctx, off)
	refused(t, err, "ResourceNotFoundException", "is not associated")
	if p := cloud.Entries("demo"); len(p) != 2 || strings.Contains(fmt.Sprint(p), view) {
		t.Errorf("entries %v", p)
	}
}
