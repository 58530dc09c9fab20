package status_test

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/kre/readiness/status"
)

// A custom resource is ready by a condition that a rule names.
func ExampleAssess() {
	const manifest = `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: tls, namespace: shop}
status: {conditions: [{type: Ready, status: "False", reason: DoesNotExist, message: Issuing certificate as Secret does not exist}]}`
	var certificate unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(manifest), &certificate.Object); err != nil {
		fmt.Println(err)
		return
	}
	rules := status.Rules{Conditions: []status.Condition{
		{Group: "cert-manager.io", Kind: "Certificate", Type: "Ready"},
	}}
	s := status.Assess(&certificate, rules)
	fmt.Println(s.State)
	fmt.Println(s.Message)
	// Output:
	// in progress
	// Ready is False, not True: Issuing certificate as Secret does not exist
}
