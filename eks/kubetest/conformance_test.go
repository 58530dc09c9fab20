package kubetest_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

var update = flag.Bool("update", false, "let the real server write the transcripts that the double is held to")

// transcript is where the conversation of the real server is kept.
func transcript(name string) string {
	name = regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-")
	return filepath.Join("testdata", "conformance", strings.Trim(name, "-")+".txt")
}

func readTranscript(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(transcript(name))
	if err != nil {
		t.Fatalf("%v (the integration test writes it with -update)", err)
	}
	return string(text)
}

// TestConformance holds the double to what a real server of Kubernetes has said
// in the same conversations; TestConformanceOfServer holds the transcripts to one.
func TestConformance(t *testing.T) {
	for name, text := range scripts() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t, kubetest.New(kubetest.Options{}).Config(), "abcde")
				got := s.run(t, text)
				if d := cmp.Diff(readTranscript(t, name), got); d != "" {
					t.Errorf("transcript (-server +double):\n%s", d)
				}
			})
		})
	}
}

// scripts are all conversations, by a sentence that says what they show.
func scripts() map[string]string {
	all := make(map[string]string)
	for _, some := range []map[string]string{
		objectScripts(), patchScripts(), applyScripts(), deleteScripts(), validationScripts(),
		workloadScripts(), accessScripts(), customScripts(), listScripts(),
	} {
		maps.Copy(all, some)
	}
	return all
}
