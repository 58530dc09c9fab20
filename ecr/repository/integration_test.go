//go:build integration

package repository

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

// moto returns a client of the moto server, and the name of a repository that
// no other run has.
func moto(t *testing.T) (*awsecr.Client, string) {
	t.Helper()
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	client := awsecr.New(awsecr.Options{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	return client, fmt.Sprintf("delivery/repository-%d", time.Now().UnixNano())
}

// What the double does in the other tests, moto does as well.
func TestDriftIsMendedOnMoto(t *testing.T) {
	client, name := moto(t)
	m := New(client, Options{})
	desired := []Repository{full(name)}
	if plan := apply(t, m, desired); plan.Changes[0].Action != Create {
		t.Fatalf("plan: %s", plan)
	}
	if plan := apply(t, m, desired); !plan.Empty() {
		t.Fatalf("what was made is not as desired:\n%s", plan)
	}
	changed := []Repository{{ // but for scanning, whose false the SDK does not send, and moto passes over
		Name: name, Mutability: Mutable, Policy: new(other),
		Tags: map[string]string{"Owner": "somebody"}, Lifecycle: new(byDefault(99)), Running: []string{},
	}}
	if plan := apply(t, m, changed); len(plan.Changes[0].steps) != 4 {
		t.Errorf("four settings differ, and the plan is\n%s", plan)
	}
	if plan := apply(t, m, desired); len(plan.Changes[0].steps) != 4 {
		t.Errorf("back again, and the plan is\n%s", plan)
	}
	if plan := apply(t, m, desired); !plan.Empty() {
		t.Errorf("not as desired:\n%s", plan)
	}
	gone := []Repository{{Name: name, Policy: new(""), Lifecycle: &lifecycle.Policy{}}}
	apply(t, m, gone)
	if plan := apply(t, m, gone); !plan.Empty() {
		t.Errorf("the policies are still there:\n%s", plan)
	}
}
