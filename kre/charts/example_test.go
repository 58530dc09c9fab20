package charts_test

import (
	"fmt"

	"github.com/mettel-automation/delivery/kre/charts"
)

// What a cluster needs, as releases for package kre.
func ExampleCluster() {
	releases, err := charts.Cluster{
		ExternalDNS: &charts.ExternalDNS{Owner: "kre-dev", Policy: charts.Sync, Domains: []string{"mettel-automation.net"}},
		CertManager: &charts.CertManager{},
		Issuer:      &charts.Issuer{Email: "ops@mettel-automation.net", Region: "us-east-1"},
		Ingress:     charts.IngressNginx{Sources: []string{"203.0.113.0/24"}},
		Storage:     charts.HostPathProvisioner{Path: "/mnt/efs/kre-dev"},
	}.Releases()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range releases {
		fmt.Println(r, r.Needs)
	}
	// Output:
	// kube-system/external-dns []
	// cert-manager/cert-manager []
	// cert-manager/issuer [cert-manager]
	// kube-system/ingress-nginx []
	// kube-system/hostpath-provisioner []
}

// All that is wrong with settings is said at once.
func ExampleIngressNginx_Release() {
	_, err := charts.IngressNginx{Sources: []string{"203.0.113.7/24", ""}}.Release()
	fmt.Println(err)
	// Output:
	// ingress-nginx: source 203.0.113.7/24 has bits of a host; the network is 203.0.113.0/24
	// ingress-nginx: source "" is no network in CIDR notation; want one such as 203.0.113.0/24
}
