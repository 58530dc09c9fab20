package route53test_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/kre/route53test"
)

// stage is a service and a zone in it that a case has for itself.
type stage struct {
	*route53.Client
	id, name string
}

func (s stage) change(ctx context.Context, changes ...types.Change) string {
	_, err := s.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &s.id, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	return s.said(err)
}

// records are name and type of all record sets.
func (s stage) records(ctx context.Context) string {
	out, err := s.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &s.id})
	if err != nil {
		return s.said(err)
	}
	var names []string
	for _, set := range out.ResourceRecordSets {
		names = append(names, strings.ReplaceAll(*set.Name, s.name, "ZONE")+" "+string(set.Type))
	}
	return strings.Join(names, ", ")
}

// said is the code and the message of an error, without what a service brackets or
// calls its zone.
func (s stage) said(err error) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fmt.Sprint(err)
	}
	text := strings.Trim(api.ErrorMessage(), "[]")
	if strings.HasPrefix(api.ErrorCode(), "NoSuch") {
		status := 0
		if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
			status = response.HTTPStatusCode()
		}
		text = fmt.Sprint(status)
	}
	if i := strings.Index(api.ErrorMessage(), "'name"); i >= 0 {
		text = text[i:]
	}
	return api.ErrorCode() + " " + strings.ReplaceAll(text, s.name, "ZONE")
}

// conformance is what Route 53, moto and the Cloud do alike.
func conformance() map[string]struct {
	do   func(context.Context, stage) string
	want string
} {
	host := func(s stage, label string) types.ResourceRecordSet { return record(label+s.name, "A", "192.0.2.1") }
	return map[string]struct {
		do   func(context.Context, stage) string
		want string
	}{
		"a new zone has the records that Route 53 makes": {func(ctx context.Context, s stage) string {
			return s.records(ctx)
		}, "ZONE NS, ZONE SOA"},
		"a zone says what it was made with": {func(ctx context.Context, s stage) string {
			out, err := s.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &s.id})
			if err != nil {
				return s.said(err)
			}
			z := out.HostedZone
			return fmt.Sprintln(*z.Name == s.name, *z.Config.Comment, z.Config.PrivateZone, *z.ResourceRecordSetCount, len(out.DelegationSet.NameServers))
		}, "true of a test false 2 4\n"},
		"a zone is found by its exact name": {func(ctx context.Context, s stage) string {
			out, err := s.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &s.name})
			if err != nil {
				return s.said(err)
			}
			return fmt.Sprint(*out.HostedZones[0].Name == s.name)
		}, "true"},
		"records are created and listed": {func(ctx context.Context, s stage) string {
			return s.change(ctx, change(mk, host(s, "b.")), change(mk, host(s, "a."))) + " " + s.records(ctx)
		}, "<nil> ZONE NS, ZONE SOA, a.ZONE A, b.ZONE A"},
		"what exists is not created": {func(ctx context.Context, s stage) string {
			return s.change(ctx, change(mk, host(s, "a."))) + " " + s.change(ctx, change(mk, host(s, "a.")))
		}, "<nil> InvalidChangeBatch Tried to create resource record set [name='a.ZONE', type='A'] but it already exists"},
		"an upsert creates and replaces": {func(ctx context.Context, s stage) string {
			return s.change(ctx, change(up, host(s, "a."))) + " " + s.change(ctx, change(up, record("a."+s.name, "A", "192.0.2.9"))) + " " + s.records(ctx)
		}, "<nil> <nil> ZONE NS, ZONE SOA, a.ZONE A"},
		"a record is deleted": {func(ctx context.Context, s stage) string {
			return s.change(ctx, change(mk, host(s, "a."))) + " " + s.change(ctx, change(rm, host(s, "a."))) + " " + s.records(ctx)
		}, "<nil> <nil> ZONE NS, ZONE SOA"},
		"a name of another zone is refused": {func(ctx context.Context, s stage) string {
			said := s.change(ctx, change(mk, record("elsewhere.net.", "A", "192.0.2.1")))
			return strings.Replace(said, "net. is", "net is", 1) // moto drops the dot
		}, "InvalidChangeBatch RRSet with DNS name elsewhere.net is not permitted in zone ZONE"},
		"a batch has at most a thousand values": {func(ctx context.Context, s stage) string {
			changes := many(501, up, `"x"`)
			for i := range changes {
				changes[i].ResourceRecordSet.Name = aws.String(fmt.Sprint("m", i, ".", s.name))
			}
			return s.change(ctx, changes...)
		}, "InvalidChangeBatch Number of records limit of 1000 exceeded."},
		"records are paged": {func(ctx context.Context, s stage) string {
			out, err := s.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &s.id, MaxItems: aws.Int32(1)})
			if err != nil {
				return s.said(err)
			}
			return fmt.Sprintln(len(out.ResourceRecordSets), out.IsTruncated, *out.NextRecordName == s.name, out.NextRecordType)
		}, "1 true true SOA\n"},
		"a type without a name is refused": {func(ctx context.Context, s stage) string {
			_, err := s.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &s.id, StartRecordType: "A"})
			return s.said(err)
		}, "InvalidInput The input is not valid"},
		"a zone with records is not deleted": {func(ctx context.Context, s stage) string {
			first := s.change(ctx, change(mk, host(s, "a.")))
			_, err := s.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: &s.id})
			code, _, _ := strings.Cut(s.said(err), " ")
			return first + " " + code
		}, "<nil> HostedZoneNotEmpty"},
		"tags are set and read": {func(ctx context.Context, s stage) string {
			kind, id := types.TagResourceTypeHostedzone, strings.TrimPrefix(s.id, "/hostedzone/") // here the SDK does not cut it
			in := &route53.ChangeTagsForResourceInput{ResourceType: kind, ResourceId: &id, AddTags: []types.Tag{{Key: aws.String("Owner"), Value: aws.String("me")}}}
			if _, err := s.ChangeTagsForResource(ctx, in); err != nil {
				return s.said(err)
			}
			out, err := s.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{ResourceType: kind, ResourceId: &id})
			if err != nil {
				return s.said(err)
			}
			return fmt.Sprintln(len(out.ResourceTagSet.Tags), *out.ResourceTagSet.Tags[0].Key, *out.ResourceTagSet.Tags[0].Value)
		}, "1 Owner me\n"},
		"a zone that does not exist is not found": {func(ctx context.Context, s stage) string {
			_, err := s.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String("Z00000000000000000000")})
			return s.said(err)
		}, fmt.Sprint("NoSuchHostedZone ", http.StatusNotFound)},
	}
}

// set makes the zone of a case.
func set(t *testing.T, client *route53.Client, name string) stage {
	t.Helper()
	out, err := client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: &name, CallerReference: &name, HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String("of a test")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return stage{client, *out.HostedZone.Id, name}
}

func TestConformance(t *testing.T) {
	for name, tt := range conformance() {
		t.Run(name, func(t *testing.T) {
			cloud := route53test.New(route53test.Options{})
			s := set(t, cloud.Client(), "conformance.net.")
			if got := tt.do(t.Context(), s); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}
