//go:build integration

package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory"
)

// motoConfig is an account of moto that nobody else uses.
func motoConfig(t *testing.T) (cfg aws.Config, account string) {
	t.Helper()
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	account = fmt.Sprintf("%012d", 100_000_000_000+rand.Int64N(800_000_000_000))
	cfg = aws.Config{Region: region, RetryMaxAttempts: 3, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	cfg.APIOptions = append(cfg.APIOptions, smithyhttp.SetHeaderValue("X-Moto-Account-Id", account))
	return cfg, account
}

// TestInventoryOfMoto: three environments whose names contain one another, production
// among them, and what all share; of each the inventory is exactly what it was made of.
func TestInventoryOfMoto(t *testing.T) {
	cfg, account := motoConfig(t)
	f := newFactory(t, cfg, account)
	made := make(map[string][]string)
	for i, env := range []string{target, sibling, prodName} {
		made[env] = f.environment(env, i)
	}
	f.shared()
	for _, env := range []string{target, sibling, prodName} {
		t.Run(env, func(t *testing.T) {
			opts := inventory.Options{Environment: env, Account: account, Regions: []string{region}}
			inv, err := inventory.New(inventory.Connect(cfg), opts).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			compare(t, made[env], inv)
			generator := nuke.Options{Blocklist: []string{live}, Pattern: `automation-[0-9a-f]{8,9}`}
			config, err := generator.Generate(inv)
			if env == prodName {
				if err == nil {
					t.Error("production was not refused")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			verdict, err := nuke.Verify(config, inv, nuke.Run{})
			if err != nil || len(verdict.Deletes) != len(made[env]) {
				t.Errorf("%d would go of %d, %v", len(verdict.Deletes), len(made[env]), err)
			}
			again, err := nuke.Parse("again.yaml", []byte(config.String()), 3)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nuke.Verify(again, inv, nuke.Run{}); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("a tag that says production is a conflict", func(t *testing.T) {
		f.logGroup(target+"-odd", "production")
		opts := inventory.Options{Environment: target, Account: account, Regions: []string{region}}
		inv, err := inventory.New(inventory.Connect(cfg), opts).Read(t.Context())
		if err != nil || len(inv.Conflicts) != 1 {
			t.Fatalf("conflicts %v, %v", inv.Conflicts, err)
		}
		if _, err := (nuke.Options{Blocklist: []string{live}}).Generate(inv); err == nil {
			t.Error("it was not refused")
		}
	})
}

// compare holds an inventory to what was made: lines of type and id.
func compare(t *testing.T, made []string, inv nuke.Inventory) {
	t.Helper()
	var got []string
	for _, r := range inv.Mine {
		got = append(got, r.Type+" "+r.ID)
	}
	for _, id := range made {
		if !slices.Contains(got, id) {
			t.Errorf("not found: %s", id)
		}
	}
	for i, id := range got {
		if !slices.Contains(made, id) {
			t.Errorf("not made for it: %s (%s)", id, strings.Join(inv.Mine[i].Why, ", "))
		}
	}
	if len(got) != len(made) {
		t.Errorf("%d found, %d made", len(got), len(made))
	}
	if len(inv.Conflicts) > 0 {
		t.Errorf("conflicts: %v", inv.Conflicts)
	}
}

// shared makes what belongs to no environment, or only mentions one.
func (f *factory) shared() {
	f.logGroup("/aws/lambda/watch-"+target, "")
	f.logGroup("tools", "tools")
	f.putAlarm("bill of "+target+" and others", "")
	_, err := f.buckets.CreateBucket(f.Context(), &s3.CreateBucketInput{Bucket: new("automation-infrastructure-" + f.account)})
	f.must(err)
	_, err = f.iam.CreateAccountAlias(f.Context(), &iam.CreateAccountAliasInput{AccountAlias: new("mettel-dev-" + f.account)})
	f.must(err)
	f.record("text.example.com.", "TXT", `"`+target+`"`)
	f.role("shared", "", "")
	_, err = f.dns.GetHostedZone(f.Context(), &route53.GetHostedZoneInput{Id: &f.zone})
	f.must(err)
}
