package charts

import (
	"cmp"
	"path"
	"regexp"

	"github.com/mettel-automation/delivery/kre"
)

var hostPath = documented{
	name: "hostpath-provisioner", namespace: "kube-system",
	chart: kre.Chart{Repository: "https://charts.rimusz.net", Name: "hostpath-provisioner", Version: "0.2.13"},
}

// What becomes of a volume when its claim is gone.
const (
	Delete = "Delete"
	Retain = "Retain"
)

// HostPathProvisioner makes volumes in a directory of the nodes, which should be a file
// system that they share, such as EFS. Its chart is hostpath-provisioner 0.2.13 of
// https://charts.rimusz.net. The project has not changed since 2021: in its place take
// the EFS or EBS CSI driver, or local-path-provisioner, as [Custom].
type HostPathProvisioner struct {
	Common
	// Path is the directory on the nodes: "/mnt/efs/kre-dev". It must be given: the
	// chart's default is on the node's own disk.
	Path string
	// Class is the name of the StorageClass; default "hostpath".
	Class string
	// Default makes it the default class of the cluster. The chart does, unless it is
	// told otherwise; here it has to be asked for.
	Default bool
	// Reclaim is Delete (the default) or Retain.
	Reclaim string
}

// The chart does not quote the path: a "#" would cut it off.
var directory = regexp.MustCompile(`^(/[\w.+=@-]+)+$`)

// Release is the release, or all that is wrong with the settings.
func (h HostPathProvisioner) Release() (kre.Release, error) {
	var f faults
	f.add(h.Path == "", "it has no Path: volumes would be on the disks of single nodes")
	f.add(h.Path != "" && (!directory.MatchString(h.Path) || path.Clean(h.Path) != h.Path),
		"path %q is not the clean, absolute path of a directory; want one such as /mnt/efs/kre-dev", h.Path)
	reclaim := cmp.Or(h.Reclaim, Delete)
	f.oneOf("reclaim policy", reclaim, Delete, Retain)
	class := cmp.Or(h.Class, "hostpath")
	f.objectName("class", class)
	return h.release(hostPath, map[string]any{
		// The chart once called it NodeHostPath, which newer ones do not know.
		"nodeHostPath":  h.Path,
		"reclaimPolicy": or(h.Reclaim, "Reclaim"),
		"storageClass":  map[string]any{"name": class, "defaultClass": h.Default},
	}, f)
}
