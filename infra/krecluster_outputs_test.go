package infra_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/infra"
)

// TestNothingSecretComesOut holds all renderings to having no access key, and no
// output that is one.
func TestNothingSecretComesOut(t *testing.T) {
	secret := regexp.MustCompile(`SecretAccessKey|AWS::IAM::AccessKey|KeyMaterial|LoginProfile|Password|resolve:`)
	for name, k := range map[string]infra.KRECluster{"dev": kreDev(t), "production": kreProduction(t), "a crowd": kreCrowd(t, 200)} {
		rendered, tpl := renderKRE(t, k)
		if found := secret.FindString(string(rendered.Body)); found != "" {
			t.Errorf("%s: the template has %s", name, found)
		}
		for id := range tpl.Outputs {
			known := regexp.MustCompile(`^(Cluster|ClusterArn|Vpc|Endpoint|CertificateAuthority|SecurityGroup|Issuer|OidcProvider|NodeRole|Nodes[A-Za-z]*Group|Bucket|KeyPair|` +
				`ExternalDnsRole|CertManagerRole|EbsRole|SmtpUser|MailRecords|Eks(Developer|DeveloperOpsPrivileged|Devops)Roles[0-9]*)$`)
			if !known.MatchString(id) {
				t.Errorf("%s: nobody has looked whether output %s is secret", name, id)
			}
		}
		for id, want := range map[string]any{"KeyPair": "KeyPair.KeyPairId", "SmtpUser": "SmtpUser"} {
			got := at(tpl.Outputs[id], "Value", "!GetAtt")
			if got == nil {
				got = at(tpl.Outputs[id], "Value", "!Ref")
			}
			if _, there := tpl.Outputs[id]; there && got != want {
				t.Errorf("%s: output %s is %v, want %v", name, id, got, want)
			}
		}
	}
	if !secret.MatchString("!GetAtt Key.SecretAccessKey") {
		t.Error("the test finds nothing")
	}
}

func TestReadKRE(t *testing.T) {
	outputsOf := func(k infra.KRECluster) map[string]string {
		_, tpl := renderKRE(t, k)
		outputs := map[string]string{}
		for id, output := range tpl.Outputs {
			outputs[id] = "the " + id
			if joined, ok := at(output, "Value", "!Join", 1).([]any); ok {
				var words []string
				for _, element := range joined {
					word := text(at(element, "!GetAtt")) + text(at(element, "!Sub"))
					if role, found := strings.CutSuffix(word, ".Arn"); found {
						word = "arn:aws:iam::123456789012:role/" + text(at(tpl.Resources[role], "Properties", "RoleName"))
					}
					words = append(words, word)
				}
				outputs[id] = strings.Join(words, ",")
			}
			if strings.HasPrefix(id, "Nodes") {
				outputs[id] = "cluster/" + id
			}
		}
		return outputs
	}
	t.Run("all that the template puts out is read", func(t *testing.T) {
		k := kreProduction(t)
		got, err := k.Read(outputsOf(k))
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var plain map[string]any
		if err := json.Unmarshal(encoded, &plain); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"name": "the Cluster", "vpc": "the Vpc", "arn": "the ClusterArn", "endpoint": "the Endpoint", "certificateAuthority": "the CertificateAuthority",
			"securityGroup": "the SecurityGroup", "issuer": "the Issuer", "oidcProvider": "the OidcProvider", "nodeRole": "the NodeRole", "bucket": "the Bucket",
			"keyPair": "the KeyPair", "externalDNSRole": "the ExternalDnsRole", "certManagerRole": "the CertManagerRole", "ebsRole": "the EbsRole", "smtpUser": "the SmtpUser",
			"nodeGroups": map[string]any{"workers": "NodesWorkersGroup", "mongo": "NodesMongoGroup", "influx": "NodesInfluxGroup"},
			"mailRecords": map[string]any{
				"${MailIdentity.DkimDNSTokenName1}": "${MailIdentity.DkimDNSTokenValue1}", "${MailIdentity.DkimDNSTokenName2}": "${MailIdentity.DkimDNSTokenValue2}",
				"${MailIdentity.DkimDNSTokenName3}": "${MailIdentity.DkimDNSTokenValue3}",
			},
			"eks_developer_roles": []any{
				"arn:aws:iam::123456789012:role/eks-developer-mettel-automation-kre-jdoe",
				"arn:aws:iam::123456789012:role/eks-developer-mettel-automation-kre-mary.major",
			},
			"eks_developer_ops_privileged_roles": []any{"arn:aws:iam::123456789012:role/eks-developer-ops-mettel-automation-kre-a-user-with-a-n-2b409a02"},
			"eks_devops_roles":                   []any{"arn:aws:iam::123456789012:role/eks-devops-mettel-automation-kre-paulo"},
		}
		if d := cmp.Diff(want, plain); d != "" {
			t.Errorf("outputs (-want +got):\n%s", d)
		}
		if got.PrivateKeyParameter() != "/ec2/keypair/the KeyPair" {
			t.Errorf("private key in %q", got.PrivateKeyParameter())
		}
	})
	t.Run("the roles of a crowd come in parts that fit", func(t *testing.T) {
		k := kreCrowd(t, 200)
		outputs := outputsOf(k)
		arns, longest := 0, strings.Repeat("x", 102)
		for id, value := range outputs {
			if strings.HasPrefix(id, "Eks") {
				n := strings.Count(value, ",") + 1
				if arns += n; n*(len(longest)+1) > 1024 {
					t.Errorf("%s has %d ARNs", id, n)
				}
			}
		}
		got, err := k.Read(outputs)
		if err != nil || arns != 200 || len(got.DeveloperRoles) != 180 || len(got.DeveloperOpsPrivilegedRoles) != 20 {
			t.Errorf("%d ARNs, %d and %d roles, %v", arns, len(got.DeveloperRoles), len(got.DeveloperOpsPrivilegedRoles), err)
		}
		if !slices.IsSorted(got.DeveloperRoles) {
			t.Errorf("out of order: %q", got.DeveloperRoles)
		}
		if got.DevopsRoles == nil || len(got.DevopsRoles) != 0 {
			t.Errorf("an empty group is %#v", got.DevopsRoles)
		}
		delete(outputs, "EksDeveloperRoles20")
		_, err = k.Read(outputs)
		says(t, err, "read the outputs of stack mettel-automation-kre-dev: there is no EksDeveloperRoles20; apply the stack as it is rendered now")
	})
	t.Run("a part that is not all is no list", func(t *testing.T) {
		k := kreCrowd(t, 30)
		outputs := outputsOf(k)
		outputs["EksDeveloperRoles"], _, _ = strings.Cut(outputs["EksDeveloperRoles"], ",")
		_, err := k.Read(outputs)
		says(t, err, "read the outputs of stack mettel-automation-kre-dev: the 19 roles of EksDeveloperRoles and those after it are not those of the 27 users; apply the stack as it is rendered now")
	})
	t.Run("the role of somebody else is not for who came in his place", func(t *testing.T) {
		k := kreDev(t)
		k.Users = infra.Users{Devops: []string{"mallory"}}
		outputs := outputsOf(k)
		k.Users.Devops = []string{"alice"}
		_, err := k.Read(outputs)
		says(t, err, "read the outputs of stack mettel-automation-kre-dev: the 1 roles of EksDevopsRoles and those after it are not those of the 1 users; apply the stack as it is rendered now")
	})
	t.Run("what is missing is named", func(t *testing.T) {
		_, err := kreDev(t).Read(nil)
		if n := strings.Count(err.Error(), "read the outputs of stack mettel-automation-kre-dev: there is no "); n != 14 {
			t.Errorf("%d outputs are missing: %v", n, err)
		}
		if empty := (infra.KREClusterOutputs{}).PrivateKeyParameter(); empty != "" {
			t.Errorf("private key in %q", empty)
		}
	})
}
