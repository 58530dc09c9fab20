package awsnuke

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTypes(t *testing.T) {
	tests := map[string]struct {
		major int
		name  string
		want  Kind
	}{
		"properties, an id and a deprecated name": {3, "IAMRole", Kind{HasID: true, HasProps: true, Old: []string{"IamRole"}, Properties: []string{"Name", "Path", "CreateDate", "LastUsedDate", "tag:"}}},
		"no properties":                   {3, "CloudWatchDashboard", Kind{HasID: true}},
		"none in v2, some in v3":          {2, "ECSCluster", Kind{HasID: true}},
		"some in v2, none in v3":          {2, "ElasticacheReplicationGroup", Kind{HasID: true, HasProps: true, Properties: []string{"ID", "CreateTime"}}},
		"no id in v2":                     {2, "ECSTask", Kind{HasProps: true, Properties: []string{"TaskARN", "ClusterARN"}}},
		"a type of Cloud Control instead": {3, "S3Bucket", Kind{HasID: true, HasProps: true, CloudControl: "AWS::S3::Bucket", Properties: []string{"Name", "CreationDate", "ObjectLock", "tag:"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			catalog, ok := Types(tt.major)
			if !ok {
				t.Fatalf("no catalog of v%d", tt.major)
			}
			tt.want.Name = tt.name
			if d := cmp.Diff(tt.want, catalog[tt.name]); d != "" {
				t.Errorf("kind (-want +got):\n%s", d)
			}
		})
	}
	if _, ok := Types(4); ok {
		t.Error("there is a catalog of v4")
	}
}

// The numbers are those of the versions that the catalogs were read from: a line
// that is lost shows here.
func TestCatalogsAreWhole(t *testing.T) {
	for major, want := range map[int][3]int{2: {434, 179, 35}, 3: {583, 145, 1}} {
		catalog, _ := Types(major)
		var blind, mute int
		for name, k := range catalog {
			if name != k.Name || !k.HasID && !k.HasProps {
				t.Errorf("v%d: %q is %+v", major, name, k)
			}
			if !k.HasProps {
				blind++
			}
			if !k.HasID {
				mute++
			}
			if k.Properties != nil && !k.HasProps {
				t.Errorf("v%d: %s has the properties %v, and none", major, name, k.Properties)
			}
			for _, old := range k.Old {
				if _, exists := catalog[old]; exists {
					t.Errorf("v%d: %s is deprecated for %s, and exists", major, old, name)
				}
			}
		}
		if got := [3]int{len(catalog), blind, mute}; got != want {
			t.Errorf("v%d: %d types, %d without properties, %d without an id; want %v", major, got[0], got[1], got[2], want)
		}
		if !slices.IsSorted(catalog.Names()) {
			t.Errorf("v%d: names are not sorted", major)
		}
	}
}

func TestCurrent(t *testing.T) {
	catalog, _ := Types(3)
	for name, want := range map[string]string{"IAMRole": "IAMRole", "IamRole": "IAMRole", "EC2DhcpOptions": "EC2DHCPOption", "iamrole": "", "": ""} {
		if got := catalog.Current(name); got != want {
			t.Errorf("%q is called %q today, want %q", name, got, want)
		}
	}
}

func TestMissingProperties(t *testing.T) {
	v2, _ := Types(2)
	v3, _ := Types(3)
	tests := map[string]struct {
		kind     Kind
		property string
		want     presence
		reads    bool
	}{
		"a tag that a resource lacks":               {v3["ECSCluster"], "tag:Environment", absent, true},
		"a property that the inventory lacks":       {v3["ECSCluster"], "ARN", unknown, true},
		"a property that no resource has":           {v3["ECSCluster"], "Name", absent, false},
		"tags of a type without tags":               {v3["ECSTaskDefinition"], "tag:Environment", absent, false},
		"the tags of a record's zone":               {v3["Route53ResourceRecordSet"], "zone:tag:Environment", absent, true},
		"the same in v2, by a name nobody keeps":    {v2["Route53ResourceRecordSet"], "tag:hz:Environment", unknown, false},
		"a property of a type that is not our own":  {v3["EC2Instance"], "Identifier", unknown, false},
		"a tag of a type that is not our own":       {v3["EC2Instance"], "tag:Name", absent, false},
		"a property that came with v3, in v2":       {v2["ELBv2"], "Name", absent, false},
		"an empty name is no property of any of it": {v3["SNSTopic"], "", absent, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.kind.missing(tt.property); got != tt.want {
				t.Errorf("missing %q is %v, want %v", tt.property, got, tt.want)
			}
			if got := tt.kind.Reads(tt.property); got != tt.reads {
				t.Errorf("reads %q: %v", tt.property, got)
			}
		})
	}
}
