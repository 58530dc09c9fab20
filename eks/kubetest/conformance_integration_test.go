//go:build integration

package kubetest_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// serverConfig is that of the real server.
func serverConfig(t *testing.T) *rest.Config {
	t.Helper()
	path := os.Getenv("DELIVERY_KUBECONFIG")
	if path == "" {
		t.Fatal("DELIVERY_KUBECONFIG is not set: run scripts/integration")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	return config
}

// TestConformanceOfServer plays the conversations with a real server. With
// -update it writes their transcripts.
func TestConformanceOfServer(t *testing.T) {
	config := serverConfig(t)
	for name, text := range scripts() {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, config, strings.ToLower(rand.Text()[:8]))
			defer s.end(t)
			got := s.run(t, text)
			if *update {
				if err := os.MkdirAll(filepath.Dir(transcript(name)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(transcript(name), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(readTranscript(t, name), got); d != "" {
				t.Errorf("transcript (-recorded +server):\n%s", d)
			}
		})
	}
}
