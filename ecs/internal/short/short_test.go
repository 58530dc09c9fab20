package short

import "testing"

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"arn:aws:ecs:us-east-1:123456789012:service/demo/web":                       "web",
		"arn:aws:ecs:us-east-1:123456789012:task-definition/demo-web:7":             "demo-web:7",
		"arn:aws:ecs:us-east-1:123456789012:task/demo/0123456789abcdef":             "0123456789abcdef",
		"arn:aws:servicediscovery:us-east-1:123456789012:service/srv-0123456789abc": "srv-0123456789abc",
		"web": "web",
		"":    "",
	} {
		if got := Name(in); got != want {
			t.Errorf("name of %s is %q, want %q", in, got, want)
		}
	}
}
