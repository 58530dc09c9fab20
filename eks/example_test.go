package eks_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

func Example() {
	ctx := context.Background()
	cloud := ekstest.New(ekstest.Options{Endpoint: "https://kube.example.com"})
	cloud.AddCluster("demo", types.AuthenticationModeApi)

	cluster, err := eks.Describe(ctx, cloud.Client(), "demo")
	if err != nil {
		fmt.Println(err)
		return
	}
	presigner := cloud.Presigner("arn:aws:iam::123456789012:role/deploy") // with AWS: sts.NewPresignClient(sts.NewFromConfig(cfg))
	tokens := eks.NewTokens(presigner, cluster.Name, eks.TokenOptions{})
	config := eks.Config(cluster, tokens, eks.ConfigOptions{UserAgent: "demo"})

	// kubernetes.NewForConfig(config) is a client now.
	fmt.Println(config.Host, cluster.AuthenticationMode)
	fmt.Println(tokens)
	// Output:
	// https://kube.example.com API
	// token of cluster demo
}

func ExampleDescribe() {
	cloud := ekstest.New(ekstest.Options{})
	cloud.AddCluster("demo", types.AuthenticationModeApi)
	cloud.SetStatus("demo", types.ClusterStatusDeleting)

	_, err := eks.Describe(context.Background(), cloud.Client(), "demo")
	fmt.Println(err)
	// Output:
	// describe cluster demo: the cluster is not ready: it is being deleted
}

func ExampleKubeconfig_Bytes() {
	k := eks.Kubeconfig{Name: "demo", Cluster: eks.Cluster{
		Name: "demo", Region: "us-east-1", Endpoint: "https://kube.example.com", CA: []byte("-----BEGIN..."), // of Describe
	}}
	text, err := k.Bytes()
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// apiVersion: v1
	// kind: Config
	// clusters:
	//   - name: demo
	//     cluster:
	//       server: https://kube.example.com
	//       certificate-authority-data: LS0tLS1CRUdJTi4uLg==
	// contexts:
	//   - name: demo
	//     context:
	//       cluster: demo
	//       user: demo
	// users:
	//   - name: demo
	//     user:
	//       exec:
	//         apiVersion: client.authentication.k8s.io/v1beta1
	//         command: aws
	//         args:
	//           - --region
	//           - us-east-1
	//           - eks
	//           - get-token
	//           - --cluster-name
	//           - demo
	//           - --output
	//           - json
	//         interactiveMode: IfAvailable
	// current-context: demo
	// <nil>
}
