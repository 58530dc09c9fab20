package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/config"
)

const automation = "../../pipeline/automation.yaml"

func TestTheFullSampleIsRead(t *testing.T) {
	file, err := config.Load(automation)
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Modules.Modules) != 9 || len(file.Services) != 28 || len(file.Images.Modules) != 7 {
		t.Errorf("%d modules, %d services, %d images", len(file.Modules.Modules), len(file.Services), len(file.Images.Modules))
	}
	env, err := file.Rules().Resolve("dev/feature/velocloud-retries")
	if err != nil || env.Name != "automation-c721e158" {
		t.Errorf("%+v, %v", env, err)
	}
}

func TestAFaultSaysWhereItIs(t *testing.T) {
	const modules = "modules: [{name: a, paths: [a]}]\n"
	tests := map[string]struct{ text, want string }{
		"an unknown key":               {"project: a\nregoin: x\n" + modules, `delivery.yaml:2:1: `},
		"an unknown key of a section":  {"project: a\n" + modules + "services:\n  - {name: b, imgae: c}\n", `delivery.yaml:4:15: `},
		"a key given twice":            {"project: a\nproject: b\n" + modules, `delivery.yaml:2:1: `},
		"another type":                 {"project: a\n" + modules + "services: {}\n", `delivery.yaml:3:11: `},
		"an unknown key of modules":    {"project: a\nmodules:\n  - {name: a, pahts: [a]}\n", `delivery.yaml:3:15: unknown key "pahts" in module 1`},
		"no modules":                   {"project: a\n", "the key modules is missing"},
		"a dependency on no module":    {"project: a\nmodules:\n  - {name: a, paths: [a], depends_on: [b]}\n", `delivery.yaml:3:40: module a depends on "b", which is no module`},
		"no project":                   {modules, "project is missing"},
		"a project that is no name":    {"project: A_b\n" + modules, "A_b"},
		"an account that is a number":  {"project: a\naccount: 12345\n" + modules, `account "12345": want twelve digits`},
		"a service without image":      {"project: a\n" + modules + "services: [{name: b}]\n", "services: b: it runs the image of b, which images.modules has not"},
		"a dependency on no service":   {"project: a\n" + modules + "services: [{name: b, image: c, depends_on: [d]}]\n", `services: b: it depends on "d", which is no service`},
		"two services of a name":       {"project: a\n" + modules + "services: [{name: b, image: c}, {name: b, image: c}]\n", "services: b: there are two of this name"},
		"an image of no module":        {"project: a\n" + modules + "images: {modules: [{module: b}]}\n", `images: "b" is no module`},
		"an empty file":                {"", "it is empty"},
		"a second document":            {"project: a\n" + modules + "---\na: b\n", "more than one document"},
		"a severity that is not known": {"project: a\n" + modules + "validation: {fail_on: all}\n", `fail_on "all"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Read("delivery.yaml", strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nlacks %s", err, tt.want)
			}
		})
	}
}

func TestTheModulesOfBeforeNeedNoOtherSection(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/delivery.yaml", []byte("former: key\nmodules: [{name: a, paths: [a]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := config.ModulesBefore(os.DirFS(dir), config.Name)
	if err != nil || before == nil || len(before.Modules) != 1 {
		t.Errorf("%v, %v", before, err)
	}
	if before, err := config.ModulesBefore(os.DirFS(t.TempDir()), config.Name); before != nil || err != nil {
		t.Errorf("without a file: %v, %v", before, err)
	}
}

func FuzzRead(f *testing.F) {
	text, err := os.ReadFile(automation)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("project: a\nmodules: [{name: a, paths: [a]}]\nkre: {dev: {}}\n")
	f.Add("project: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := config.Read("delivery.yaml", strings.NewReader(text))
		if (file == nil) == (err == nil) {
			t.Errorf("%v, %v", file, err)
		}
	})
}
