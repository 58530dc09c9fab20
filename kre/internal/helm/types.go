package helm

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/cli-runtime/pkg/resource"

	"github.com/mettel-automation/delivery/kre/internal/values"
)

// ErrBusy is the error of a release that another run has begun to change.
var ErrBusy = errors.New("another run changes the release")

// The statuses of a release, as helm stores them.
const (
	Deployed        = "deployed"
	Failed          = "failed"
	Superseded      = "superseded"
	PendingInstall  = "pending-install"
	PendingUpgrade  = "pending-upgrade"
	PendingRollback = "pending-rollback"
	Uninstalling    = "uninstalling"
	Uninstalled     = "uninstalled"
)

// Record is one revision of a release as it is stored in the cluster.
type Record struct {
	Name, Namespace     string
	Revision            int
	Status, Description string
	Chart, ChartVersion string
	Manifest            string
	Hooks               []Hook
	Values              map[string]any    // what was given, without the chart's defaults; holds secrets
	Labels              map[string]string // of the stored record
	Annotations         map[string]string // of the chart
	CRDs                []File            // of the chart's crds folder, without those of subcharts
	Updated             time.Time         // when the revision was begun or its removal was
}

// Hook is an object that helm applies beside the manifest at certain moments.
type Hook struct {
	Name, Kind, Path, Manifest string
	Events                     []string
}

// File is a file of a chart. Name begins with the chart's name.
type File struct {
	Name string
	Data []byte
}

// Chart is a chart that was loaded. It is not changed by what is done with it.
type Chart struct {
	Name, Version string
	Deprecated    bool
	CRDs          []File // of its crds folders
	Values        *values.Chart
	files         []File
}

// Digest is the SHA-256 of all files of the chart, in hexadecimal. It does not
// tell a directory from an archive of it.
func (c *Chart) Digest() string {
	files := slices.Clone(c.files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	sum := sha256.New()
	for _, f := range files {
		sum.Write(fmt.Appendf(nil, "%d %s %d ", len(f.Name), f.Name, len(f.Data)))
		sum.Write(f.Data)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Waits are what helm leaves to its caller: to wait until objects are ready, until
// hooks have run, and until objects are gone.
type Waits struct {
	Ready, Hooks, Gone func([]*resource.Info) error
	// Keep says which CustomResourceDefinitions are not to be deleted, whatever a
	// manifest has no more; nil is all.
	Keep func(definition string) bool
}

// Capabilities are what templates are told about a cluster. The zero value
// stands for those that helm assumes without a cluster.
type Capabilities struct {
	KubeVersion string   // such as "v1.36.3"
	APIVersions []string // group/version and group/version/Kind
}

// Rendering is what a chart is rendered with.
type Rendering struct {
	Name, Namespace string
	Revision        int  // default 1
	Upgrade         bool // else an installation
	Values          map[string]any
	Capabilities    Capabilities
}

// Rendered is a chart with its values filled in.
type Rendered struct {
	Manifest string // YAML documents in the order of installation
	Hooks    []Hook
	Stored   int // bytes that the record of the release takes in the cluster
}

// Desired is a release to install or to upgrade to.
type Desired struct {
	Name, Namespace string
	Chart           *Chart
	Values          map[string]any
	Labels          map[string]string // of the stored record
	Annotations     map[string]string // added to the chart's
	Description     string
	MaxHistory      int
	Replace         bool // install over a release that was uninstalled with its history kept
}

// storedSize is how many bytes helm stores for r. Source: encodeRelease of
// helm.sh/helm/v3/pkg/storage/driver.
func storedSize(r any) (int, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(json.NewEncoder(w).Encode(r), w.Close()); err != nil {
		return 0, err
	}
	return base64.StdEncoding.EncodedLen(packed.Len()), nil
}

// merged returns base with what over has. It changes neither.
func merged(base, over map[string]string) map[string]string {
	out := make(map[string]string, len(base)+len(over))
	maps.Copy(out, base)
	maps.Copy(out, over)
	return out
}
