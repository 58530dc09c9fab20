package inventory

import (
	"errors"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/internal/ptr"
)

func TestKindOfARN(t *testing.T) {
	tests := map[string]struct {
		arn    string
		people string
		read   bool
	}{
		"a network":                       {"arn:aws:ec2:us-east-1:1:vpc/vpc-1", "ec2 vpc", false},
		"a security group":                {"arn:aws:ec2:us-east-1:1:security-group/sg-1", "ec2 security-group", true},
		"a topic, which names no type":    {"arn:aws:sns:us-east-1:1:alarms", "sns", true},
		"a queue, which names none":       {"arn:aws:sqs:us-east-1:1:jobs", "sqs", false},
		"a bucket":                        {"arn:aws:s3:::b", "s3", true},
		"an access point":                 {"arn:aws:s3:us-east-1:1:accesspoint/b", "s3 accesspoint", false},
		"a function":                      {"arn:aws:lambda:us-east-1:1:function:f", "lambda function", false},
		"an application's load balancer":  {"arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/x/1", "elasticloadbalancing loadbalancer", true},
		"a classic one":                   {"arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/x", "elasticloadbalancing loadbalancer", false},
		"a listener":                      {"arn:aws:elasticloadbalancing:us-east-1:1:listener/app/x/1/2", "elasticloadbalancing listener", false},
		"an alarm with colons and blanks": {"arn:aws:cloudwatch:us-east-1:1:alarm:a: b/c", "cloudwatch alarm", true},
		"no ARN":                          {"x", "x", false},
		"nothing":                         {"", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := kindForPeople(tt.arn); got != tt.people {
				t.Errorf("it is %q, want %q", got, tt.people)
			}
			if got := isRead(tt.arn); got != tt.read {
				t.Errorf("read: %t", got)
			}
		})
	}
}

func FuzzARN(f *testing.F) {
	f.Add("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/x/1")
	f.Add("arn:aws:logs:us-east-1:1:log-group:x:*")
	f.Add(":::::/:")
	f.Fuzz(func(t *testing.T, arn string) {
		service, resource := kind(plainARN(arn))
		if !strings.Contains(arn, service) || !strings.Contains(arn, resource) {
			t.Errorf("%q has neither %q nor %q", arn, service, resource)
		}
		if people := kindForPeople(arn); isRead(arn) && people == "" {
			t.Errorf("%q is read and has no kind", arn)
		}
		familyOf(arn)
	})
}

func TestFamilyOf(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:ecs:us-east-1:1:task-definition/automation-1a2b3c4d-bridge:12": "automation-1a2b3c4d-bridge",
		"arn:aws:ecs:us-east-1:1:task-definition/bridge":                        "bridge",
		"bridge:1": "",
	} {
		if got := familyOf(arn); got != want {
			t.Errorf("familyOf(%s) = %q, want %q", arn, got, want)
		}
	}
}

func TestPages(t *testing.T) {
	t.Run("an empty token ends the list", func(t *testing.T) {
		var asked []string
		err := pages(func(token *string) (*string, error) {
			asked = append(asked, ptr.Value(token))
			return map[string]*string{"": new("a"), "a": new("b"), "b": new("")}[ptr.Value(token)], nil
		})
		if err != nil || strings.Join(asked, ",") != ",a,b" {
			t.Errorf("asked for %q, %v", asked, err)
		}
	})
	t.Run("a list that goes round in circles is an error", func(t *testing.T) {
		n := 0
		err := pages(func(token *string) (*string, error) {
			n++
			return map[string]*string{"": new("a"), "a": new("b"), "b": new("a")}[ptr.Value(token)], nil
		})
		if err == nil || n != 3 {
			t.Errorf("%d calls, %v", n, err)
		}
	})
	t.Run("an error ends it", func(t *testing.T) {
		broken := errors.New("broken")
		if err := pages(func(*string) (*string, error) { return new("a"), broken }); !errors.Is(err, broken) {
			t.Error(err)
		}
	})
}

func TestPartition(t *testing.T) {
	for region, want := range map[string]string{"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"} {
		if got := partition(region); got != want {
			t.Errorf("partition(%s) = %s", region, got)
		}
	}
}
