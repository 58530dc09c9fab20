package inventory_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/mettel-automation/delivery/nuke/inventory"
)

// busy is STS and IAM on the wire, which throttle the first calls of each operation.
type busy struct {
	throttled int
	mu        sync.Mutex
	calls     map[string]int
}

func (b *busy) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	status, answer := http.StatusOK, ""
	for op, result := range map[string]string{
		"GetCallerIdentity":  "<Account>" + accountID + "</Account>",
		"ListAccountAliases": "<AccountAliases><member>mettel-dev</member></AccountAliases><IsTruncated>false</IsTruncated>",
	} {
		if !strings.Contains(string(body), "Action="+op+"&") {
			continue
		}
		b.calls[op]++
		answer = fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", op, result)
		if b.calls[op] <= b.throttled {
			status, answer = http.StatusBadRequest, "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

func TestThrottlingIsSatOut(t *testing.T) {
	tests := map[string]struct {
		throttled, attempts int // attempts as the configuration says
		calls               int
		ok                  bool
	}{
		"for a while":                   {throttled: 6, calls: 7, ok: true},
		"not for ever":                  {throttled: 1000, calls: 8},
		"as the configuration wants it": {throttled: 1000, attempts: 2, calls: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := &busy{throttled: tt.throttled, calls: make(map[string]int)}
				api := inventory.Connect(aws.Config{
					HTTPClient: &http.Client{Transport: cloud}, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: tt.attempts,
				})
				began := time.Now()
				inv, err := inventory.New(api, options()).Identify(t.Context())
				if n := cloud.calls["GetCallerIdentity"]; n != tt.calls {
					t.Errorf("%d calls, want %d", n, tt.calls)
				}
				if tt.ok {
					if err != nil || inv.Alias != "mettel-dev" {
						t.Errorf("alias %q, %v", inv.Alias, err)
					}
					return
				}
				failed, ok := errors.AsType[*inventory.ReadError](err)
				if !ok || failed.Action != "sts:GetCallerIdentity" || !strings.Contains(err.Error(), "Throttling: Rate exceeded") {
					t.Errorf("error %v", err)
				}
				if took := time.Since(began); took > 3*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

func TestConnectReadsEachRegionThroughClientsOfItsOwn(t *testing.T) {
	api := inventory.Connect(aws.Config{Region: "eu-west-1"})
	one, two := api.Region("us-east-1"), api.Region("us-west-2")
	if one.Stacks == two.Stacks || api.Identity == nil || api.Aliases == nil || api.IAM == nil || api.DNS == nil {
		t.Error("clients are shared or missing")
	}
	for name, client := range map[string]any{
		"tags": one.Tags, "clusters": one.Clusters, "services": one.Services, "load balancers": one.LoadBalancers, "caches": one.Caches, "Cloud Map": one.CloudMap,
		"CloudWatch": one.CloudWatch, "logs": one.Logs, "stacks": one.Stacks, "topics": one.Topics, "buckets": one.Buckets, "network": one.Network,
	} {
		if client == nil {
			t.Errorf("no client for %s", name)
		}
	}
}
