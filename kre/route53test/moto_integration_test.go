//go:build integration

package route53test_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/mettel-automation/delivery/kre/route53test"
)

// TestConformanceOfMoto holds moto's Route 53 and the Cloud to one behaviour.
func TestConformanceOfMoto(t *testing.T) {
	url := os.Getenv("DELIVERY_MOTO_URL")
	if url == "" {
		t.Fatal("DELIVERY_MOTO_URL is not set: run scripts/integration")
	}
	client := route53.New(route53.Options{
		Region: route53test.Region, BaseEndpoint: &url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	for name, tt := range conformance() {
		t.Run(name, func(t *testing.T) {
			s := set(t, client, "c"+strings.ToLower(rand.Text())+".net.")
			t.Cleanup(func() { remove(t, s) })
			if got := tt.do(t.Context(), s); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

// remove deletes a zone with all that is in it.
func remove(t *testing.T, s stage) {
	ctx := context.WithoutCancel(t.Context())
	out, err := s.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &s.id})
	if err != nil {
		t.Error(err)
		return
	}
	for _, set := range out.ResourceRecordSets {
		if set.Type != "NS" && set.Type != "SOA" {
			if said := s.change(ctx, change(rm, set)); said != "<nil>" {
				t.Error(said)
			}
		}
	}
	if _, err := s.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: &s.id}); err != nil {
		t.Error(err)
	}
}
