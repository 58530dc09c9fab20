package charts_test

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/charts"
)

const role = "arn:aws:iam::111122223333:role/kre-dev-dns"

// archives are real charts to render with in place of those of testdata, by name.
var archives = make(map[string]string)

func TestMain(m *testing.M) {
	flag.Func("chart", "`NAME=PATH`: render with the chart at PATH in place of that of testdata; may be given for each", func(text string) error {
		name, path, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("want NAME=PATH")
		}
		archives[name] = path
		return nil
	})
	flag.Parse()
	m.Run()
}

// chart is the chart called name: an original of the tests, or that of -chart.
func chart(name string) kre.Chart {
	if path, ok := archives[name]; ok {
		return kre.Chart{Path: path}
	}
	return kre.Chart{Path: filepath.Join("testdata", name)}
}

func common(name string) charts.Common { return charts.Common{Chart: chart(name)} }

// render is what a source comes to, by kind and name.
func render(t *testing.T, s charts.Source) map[string]map[string]any {
	t.Helper()
	r, err := s.Release()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := kre.New(nil, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := engine.Render(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	objects := make(map[string]map[string]any)
	for document := range strings.SplitSeq("\n"+string(text), "\n---") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if object != nil {
			meta, _ := object["metadata"].(map[string]any)
			objects[fmt.Sprint(object["kind"], " ", meta["name"])] = object
		}
	}
	return objects
}

// at is a field of an object, by its keys with slashes between them.
func at(object map[string]any, path string) any {
	var value any = object
	for key := range strings.SplitSeq(path, "/") {
		m, _ := value.(map[string]any)
		value = m[strings.ReplaceAll(key, "|", "/")]
	}
	return value
}

// field is a thing that must come out: an object, the path of a field, its value.
type field struct {
	object, path string
	want         any
}

// These hold for the real charts as well as for those of the tests.
func TestRendered(t *testing.T) {
	const balancer = "metadata/annotations/service.beta.kubernetes.io|aws-load-balancer-"
	const service = "Service ingress-nginx-controller"
	tests := map[string]struct {
		source charts.Source
		want   []field
	}{
		"the role of external-dns": {
			charts.ExternalDNS{Common: common("external-dns"), Owner: "kre-dev", Role: role, Policy: charts.Sync},
			[]field{{"ServiceAccount external-dns", "metadata/annotations/eks.amazonaws.com|role-arn", role}},
		},
		"the role of cert-manager": {
			charts.CertManager{Common: common("cert-manager"), Role: role},
			[]field{
				{"ServiceAccount cert-manager", "metadata/annotations/eks.amazonaws.com|role-arn", role},
				{"CustomResourceDefinition clusterissuers.cert-manager.io", "metadata/annotations/helm.sh|resource-policy", "keep"},
			},
		},
		"a Classic Load Balancer": {
			charts.IngressNginx{Common: common("ingress-nginx"), Sources: []string{"203.0.113.0/24", "198.51.100.7/32"}},
			[]field{
				{service, balancer + "backend-protocol", "tcp"},
				{service, balancer + "proxy-protocol", "*"},
				{service, balancer + "connection-idle-timeout", "60"},
				{service, balancer + "type", nil},
				{service, "spec/externalTrafficPolicy", nil},
				{service, "spec/loadBalancerSourceRanges", []any{"203.0.113.0/24", "198.51.100.7/32"}},
				{"ConfigMap ingress-nginx-controller", "data/use-proxy-protocol", "true"},
				{"ConfigMap ingress-nginx-controller", "data/annotations-risk-level", nil},
				{"IngressClass nginx", "spec/controller", "k8s.io/ingress-nginx"},
			},
		},
		"an NLB": {
			charts.IngressNginx{Common: common("ingress-nginx"), LoadBalancer: charts.NLB, Everyone: true, Internal: true},
			[]field{
				{service, balancer + "type", "nlb"},
				{service, balancer + "internal", "true"},
				{service, balancer + "proxy-protocol", nil},
				{service, balancer + "connection-idle-timeout", nil},
				{service, "spec/externalTrafficPolicy", "Local"},
				{service, "spec/loadBalancerSourceRanges", nil},
				{"ConfigMap ingress-nginx-controller", "data/use-proxy-protocol", nil},
			},
		},
		"an NLB with the proxy protocol and IPv6": {
			charts.IngressNginx{Common: common("ingress-nginx"), LoadBalancer: charts.NLB, ClientAddresses: charts.ProxyProtocol, IPv6: true, Sources: []string{"2001:db8::/32"}},
			[]field{
				{service, balancer + "proxy-protocol", "*"},
				{service, balancer + "ip-address-type", "dualstack"},
				{service, balancer + "type", "external"},
				{service, balancer + "scheme", "internet-facing"},
				{service, "spec/externalTrafficPolicy", nil},
				{service, "spec/loadBalancerSourceRanges", []any{"2001:db8::/32"}},
				{"ConfigMap ingress-nginx-controller", "data/use-proxy-protocol", "true"},
			},
		},
		// The chart has a class of that name: its controller value must stay.
		"the class that the chart has": {
			charts.IngressNginx{Common: common("ingress-nginx"), Everyone: true, Class: "nginx"},
			[]field{{"IngressClass nginx", "spec/controller", "k8s.io/ingress-nginx"}},
		},
		"hidden clients": {
			charts.IngressNginx{Common: common("ingress-nginx"), ClientAddresses: charts.Hidden, Everyone: true, IdleTimeout: 350 * time.Second},
			[]field{
				{service, balancer + "proxy-protocol", nil},
				{service, balancer + "connection-idle-timeout", "350"},
				{"ConfigMap ingress-nginx-controller", "data/use-proxy-protocol", nil},
			},
		},
		"snippets, as the KRE's ingresses need them": {
			charts.IngressNginx{Common: common("ingress-nginx"), Everyone: true, Snippets: true, NoAdmissionWebhook: true, Class: "kre"},
			[]field{
				{"ConfigMap ingress-nginx-controller", "data/allow-snippet-annotations", "true"},
				{"ConfigMap ingress-nginx-controller", "data/annotations-risk-level", "Critical"},
				{"ConfigMap ingress-nginx-controller", "data/use-proxy-protocol", "true"},
				{"IngressClass kre", "spec/controller", "k8s.io/kre"},
			},
		},
		"a path on the nodes": {
			charts.HostPathProvisioner{Common: common("hostpath-provisioner"), Path: "/mnt/efs/kre-dev", Reclaim: charts.Retain},
			[]field{
				{"StorageClass hostpath", "metadata/annotations/storageclass.kubernetes.io|is-default-class", nil},
				{"StorageClass hostpath", "reclaimPolicy", "Retain"},
				{"Deployment hostpath-provisioner", "spec/template/spec/volumes", []any{map[string]any{"name": "pv-volume", "hostPath": map[string]any{"path": "/mnt/efs/kre-dev"}}}},
			},
		},
		"the default class": {
			charts.HostPathProvisioner{Common: common("hostpath-provisioner"), Path: "/mnt/efs/kre-dev", Default: true, Class: "efs"},
			[]field{
				{"StorageClass efs", "metadata/annotations/storageclass.kubernetes.io|is-default-class", "true"},
				{"StorageClass efs", "reclaimPolicy", "Delete"},
			},
		},
		"an issuer": {
			charts.Issuer{Email: "ops@mettel-automation.net", Region: "us-east-1"},
			[]field{
				{"ClusterIssuer letsencrypt", "spec/acme/server", charts.LetsEncrypt},
				{"ClusterIssuer letsencrypt", "spec/acme/email", "ops@mettel-automation.net"},
				{"ClusterIssuer letsencrypt", "spec/acme/privateKeySecretRef/name", "letsencrypt-account"},
				{"ClusterIssuer letsencrypt", "spec/acme/solvers", []any{map[string]any{"dns01": map[string]any{"route53": map[string]any{"region": "us-east-1"}}}}},
			},
		},
		"an issuer for some domains": {
			charts.Issuer{Email: "ops@mettel-automation.net", Region: "us-east-1", Server: charts.LetsEncryptStaging, Issuer: "staging", HostedZone: "Z0123456789", Domains: []string{"kre-tnba-dev.mettel-automation.net"}},
			[]field{
				{"ClusterIssuer staging", "spec/acme/server", charts.LetsEncryptStaging},
				{"ClusterIssuer staging", "spec/acme/solvers", []any{map[string]any{
					"dns01":    map[string]any{"route53": map[string]any{"region": "us-east-1", "hostedZoneID": "Z0123456789"}},
					"selector": map[string]any{"dnsZones": []any{"kre-tnba-dev.mettel-automation.net"}},
				}}},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects := render(t, tt.source)
			for _, f := range tt.want {
				object, ok := objects[f.object]
				if !ok {
					t.Fatalf("no %s among %q", f.object, slices.Sorted(maps.Keys(objects)))
				}
				if diff := cmp.Diff(f.want, at(object, f.path)); diff != "" {
					t.Errorf("%s of %s (-want +got):\n%s", f.path, f.object, diff)
				}
			}
		})
	}
}

func TestArgumentsOfExternalDNS(t *testing.T) {
	tests := map[string]struct {
		source charts.ExternalDNS
		want   string
	}{
		"what must be given": {
			charts.ExternalDNS{Owner: "kre-dev", Policy: charts.UpsertOnly},
			"--provider=aws --interval=1m --registry=txt --policy=upsert-only --txt-owner-id=kre-dev --source=service --source=ingress --aws-zone-type=public",
		},
		"all": {
			charts.ExternalDNS{
				Owner: "kre-dev", Policy: charts.Sync, Domains: []string{"a.net", "b.net"}, Zones: "all",
				Interval: 3 * time.Minute, Prefix: "kre.", RecordSources: []string{"ingress"}, Args: []string{"--log-level=debug"},
			},
			"--provider=aws --interval=3m0s --registry=txt --policy=sync --txt-owner-id=kre-dev --txt-prefix=kre. --source=ingress --domain-filter=a.net --domain-filter=b.net --log-level=debug",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.source.Chart = kre.Chart{Path: "testdata/external-dns"}
			args := at(render(t, tt.source)["ConfigMap external-dns"], "data/args")
			if got := strings.Join(strings.Fields(fmt.Sprint(args)), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		source charts.Source
		want   string
	}{
		"external-dns without anything": {
			charts.ExternalDNS{},
			"external-dns: it has no Owner, and could not tell its records from those of other clusters\nexternal-dns: it has no Policy; choose sync to remove records that are not needed any more, or upsert-only to leave them",
		},
		"external-dns with nonsense": {
			charts.ExternalDNS{Owner: "o,x", Policy: "delete", Zones: "some", Interval: -1, Role: "kre", Domains: []string{"a", "b.net"}},
			`external-dns: owner "o,x": want letters, digits, hyphens and dots, since it is a word of a TXT record
external-dns: policy "delete" is unknown; want sync, upsert-only, create-only
external-dns: kind of zones "some" is unknown; want public, private, all
external-dns: its interval -1ns is negative
external-dns: role "kre" is not the ARN of an IAM role; want arn:aws:iam::111122223333:role/name
external-dns: domain "a" is no domain; want one such as mettel-automation.net`,
		},
		"name servers without a port": {charts.CertManager{Nameservers: []string{"8.8.8.8"}, Replicas: -1}, "cert-manager: it has -1 replicas\ncert-manager: name server \"8.8.8.8\" has no address and port; want one such as 8.8.8.8:53"},
		"an issuer without anything": {
			charts.Issuer{HostedZone: "/hostedzone/Z1", Server: "acme"},
			`issuer: e-mail "" is no address; it is the contact of the account at the authority
issuer: server "acme" is not the URL of a directory; want https://acme-v02.api.letsencrypt.org/directory
issuer: it has no Region
issuer: hosted zone "/hostedzone/Z1" is no id; want one such as Z0123456789ABCDEFGHIJ`,
		},
		"a name with the address": {charts.Issuer{Email: "Ops <ops@a.net>", Region: "us-east-1"}, `issuer: e-mail "Ops <ops@a.net>" is no address; it is the contact of the account at the authority`},
		"an issuer with nonsense": {
			charts.Issuer{Email: "ops@a.net", Server: "https://", Region: "us east", Issuer: "Let's"},
			`issuer: server "https://" is not the URL of a directory; want https://acme-v02.api.letsencrypt.org/directory
issuer: region "us east" is none of AWS; want one such as us-east-1
issuer: issuer "Let's" is no name: want small letters, digits, hyphens and dots`,
		},
		"a class that is no name":       {charts.IngressNginx{Everyone: true, Class: "Kre"}, `ingress-nginx: class "Kre" is no name: want small letters, digits, hyphens and dots`},
		"nobody may connect":            {charts.IngressNginx{}, "ingress-nginx: it has no Sources; list the networks that may connect, or set Everyone"},
		"an empty text among networks":  {charts.IngressNginx{Sources: []string{""}}, `ingress-nginx: source "" is no network in CIDR notation; want one such as 203.0.113.0/24`},
		"an address without its length": {charts.IngressNginx{Sources: []string{"203.0.113.7"}}, `ingress-nginx: source "203.0.113.7" is no network in CIDR notation; want one such as 203.0.113.0/24`},
		"an address as a network":       {charts.IngressNginx{Sources: []string{"203.0.113.7/24"}}, "ingress-nginx: source 203.0.113.7/24 has bits of a host; the network is 203.0.113.0/24"},
		"all the world":                 {charts.IngressNginx{Sources: []string{"0.0.0.0/0"}}, "ingress-nginx: source 0.0.0.0/0 is everyone; set Everyone in place of Sources where that is meant"},
		"networks and everyone":         {charts.IngressNginx{Sources: []string{"203.0.113.0/24"}, Everyone: true}, "ingress-nginx: it has Sources and Everyone; leave one of them"},
		"a network twice":               {charts.IngressNginx{Sources: []string{"203.0.113.0/24", "203.0.113.0/24"}}, "ingress-nginx: source 203.0.113.0/24 is listed twice"},
		"IPv6 that is not set":          {charts.IngressNginx{Sources: []string{"2001:db8::/32"}}, "ingress-nginx: source 2001:db8::/32 is an IPv6 network, and IPv6 is not set"},
		"IPv4 as IPv6":                  {charts.IngressNginx{Sources: []string{"::ffff:203.0.113.0/120"}, LoadBalancer: charts.NLB, IPv6: true}, "ingress-nginx: source ::ffff:203.0.113.0/120 is an IPv4 network written as IPv6; write it as IPv4"},
		"a Classic one keeps no addresses": {
			charts.IngressNginx{ClientAddresses: charts.Local, Everyone: true},
			"ingress-nginx: a Classic Load Balancer hides the addresses of clients, whatever the traffic policy; take proxy-protocol, or an NLB",
		},
		"a Classic one with IPv6":             {charts.IngressNginx{IPv6: true, Everyone: true}, "ingress-nginx: a Classic Load Balancer in a VPC has no IPv6; take an NLB"},
		"an NLB that gets tired":              {charts.IngressNginx{LoadBalancer: charts.NLB, IdleTimeout: time.Minute, Everyone: true}, "ingress-nginx: an NLB has no idle timeout to set"},
		"half a second":                       {charts.IngressNginx{IdleTimeout: time.Second / 2, Everyone: true}, "ingress-nginx: idle timeout 500ms: want whole seconds, from 1 to 4000"},
		"another load balancer":               {charts.IngressNginx{LoadBalancer: "alb", Everyone: true}, `ingress-nginx: load balancer "alb" is unknown; want classic, nlb`},
		"another way":                         {charts.IngressNginx{ClientAddresses: "x", Everyone: true, Replicas: -2}, "ingress-nginx: way to client addresses \"x\" is unknown; want proxy-protocol, local, hidden\ningress-nginx: it has -2 replicas"},
		"no path":                             {charts.HostPathProvisioner{}, "hostpath-provisioner: it has no Path: volumes would be on the disks of single nodes"},
		"the root of the node":                {charts.HostPathProvisioner{Path: "/"}, `hostpath-provisioner: path "/" is not the clean, absolute path of a directory; want one such as /mnt/efs/kre-dev`},
		"a path that goes up":                 {charts.HostPathProvisioner{Path: "/mnt/../etc"}, `hostpath-provisioner: path "/mnt/../etc" is not the clean, absolute path of a directory; want one such as /mnt/efs/kre-dev`},
		"nonsense about volumes":              {charts.HostPathProvisioner{Path: "/mnt", Reclaim: "Keep", Class: "A"}, "hostpath-provisioner: reclaim policy \"Keep\" is unknown; want Delete, Retain\nhostpath-provisioner: class \"A\" is no name: want small letters, digits, hyphens and dots"},
		"a path that the chart would cut off": {charts.HostPathProvisioner{Path: "/mnt/efs #1"}, `hostpath-provisioner: path "/mnt/efs #1" is not the clean, absolute path of a directory; want one such as /mnt/efs/kre-dev`},
		"another name in the error":           {charts.HostPathProvisioner{Common: charts.Common{Name: "disks"}}, "disks: it has no Path: volumes would be on the disks of single nodes"},
		"a value that a setting has set": {
			charts.IngressNginx{Common: charts.Common{Values: map[string]any{"controller": map[string]any{"config": map[string]any{"use-proxy-protocol": "false", "x": "y"}}}}, Everyone: true},
			"ingress-nginx: value controller.config.use-proxy-protocol is true by a setting and false in Values; leave it out of Values",
		},
		// One half of the proxy protocol alone breaks every request.
		"a value whose setting is not made": {
			charts.IngressNginx{Common: charts.Common{Values: map[string]any{"controller": map[string]any{
				"config":  map[string]string{"use-proxy-protocol": "true"},
				"service": map[string]any{"loadBalancerSourceRanges": []string{""}},
			}}}, Everyone: true, ClientAddresses: charts.Hidden},
			`ingress-nginx: value controller.config.use-proxy-protocol belongs to the setting ClientAddresses; make that in place of it in Values
ingress-nginx: value controller.service.loadBalancerSourceRanges belongs to the setting Sources; make that in place of it in Values`,
		},
		"a value in the place of several": {
			charts.CertManager{Common: charts.Common{Values: map[string]any{"serviceAccount": "x"}}},
			"cert-manager: value serviceAccount has values of settings below it, and is x in Values; leave it out of Values",
		},
		"a value that is none": {
			charts.CertManager{Common: charts.Common{Values: map[string]any{"x": make(chan int)}}},
			"cert-manager: read Values: json: unsupported type: chan int",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.source.Release()
			if err == nil || err.Error() != tt.want {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

// A key that the chart does not have is an error, as NodeHostPath once was not.
func TestAKeyThatTheChartDoesNotHave(t *testing.T) {
	tests := map[string]struct {
		source charts.Source
		want   string
	}{
		"the old name of a key": {
			charts.HostPathProvisioner{Common: charts.Common{Chart: chart("hostpath-provisioner"), Values: map[string]any{"NodeHostPath": "/mnt"}}, Path: "/mnt/efs"},
			"NodeHostPath",
		},
		"a key below another": {
			charts.IngressNginx{Common: charts.Common{Chart: chart("ingress-nginx"), Values: map[string]any{"controller": map[string]any{"service": map[string]any{"sourceRanges": []any{"x"}}}}}, Everyone: true},
			"controller.service.sourceRanges",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := tt.source.Release()
			if err != nil {
				t.Fatal(err)
			}
			engine, err := kre.New(nil, kre.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err = engine.Render(t.Context(), r); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error about %s", err, tt.want)
			}
		})
	}
}
