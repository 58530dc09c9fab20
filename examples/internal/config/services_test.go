package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/config"
)

func TestAServiceThatCannotBe(t *testing.T) {
	tests := map[string]struct{ services, want string }{
		"no name":                   {`{image: a}`, "services: number 1: it has no name"},
		"a negative size":           {`{name: a, image: b, cpu: -1}`, "services: a: cpu, memory and count must not be negative"},
		"an impossible port":        {`{name: a, image: b, port: 70000}`, "services: a: port 70000 is not between 1 and 65535"},
		"a route without a port":    {`{name: a, image: b, route: {priority: 1}}`, "services: a: a route needs a port"},
		"a module and an image":     {`{name: a, image: b, module: m}`, "services: a: it has a module and an image: give one"},
		"a variable that is secret": {`{name: a, image: b, environment: {X: y}, secrets: {X: "arn:x"}}`, "services: a: X is a variable and a secret: give one"},
		"a secret in the file":      {`{name: a, image: b, secrets: {X: hunter2}}`, "services: a: secret X: want the ARN of where it is, in Secrets Manager or Systems Manager"},
		"a circle":                  {`{name: a, image: b, depends_on: [c]}, {name: c, image: b, depends_on: [a]}`, "services: "},
		"faults of two services":    {`{name: a, image: b, port: -1}, {name: c}`, "services: c: it runs the image of c, which images.modules has not"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := "project: p\nmodules: [{name: m, paths: [m]}]\nservices: [" + tt.services + "]\n"
			_, err := config.Read("delivery.yaml", strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nlacks %s", err, tt.want)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("%v tells the secret", err)
			}
		})
	}
}

func TestServicesByName(t *testing.T) {
	text := "project: p\nmodules: [{name: m, paths: [m]}]\nimages: {modules: [{module: m}]}\nservices: [{name: z, module: m}, {name: m}]\n"
	file, err := config.Read("delivery.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(file.ServiceNames(), " "); got != "m z" || file.Services[0].ImageOf() != "m" || file.Services[1].ImageOf() != "m" {
		t.Errorf("services %s, %+v", got, file.Services)
	}
	if !file.Papertrail.IsZero() {
		t.Errorf("papertrail %+v", file.Papertrail)
	}
}
