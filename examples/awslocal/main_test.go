package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/depcheck"
)

// TestImports keeps it quick to build.
func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/credentials",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/cloudformation",
		"github.com/aws/aws-sdk-go-v2/service/ecr",
		"github.com/aws/aws-sdk-go-v2/service/ecs",
		"github.com/aws/smithy-go",
		"github.com/clipperhouse/uax29/v2",
		"github.com/docker/docker",
		"github.com/docker/go-connections",
		"github.com/docker/go-units",
		"github.com/mattn/go-runewidth",
		"github.com/moby/docker-image-spec",
		"github.com/opencontainers/go-digest",
		"github.com/opencontainers/image-spec",
		"go.yaml.in/yaml/v4",
		"golang.org/x/sys",
		"golang.org/x/term",
	)
}

// started is an awslocal that runs.
type started struct {
	variables map[string]string
	ready     string
	stop      func() int
}

func start(t *testing.T, args ...string) started {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	s := started{variables: make(map[string]string), ready: filepath.Join(t.TempDir(), "url")}
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		args := append([]string{"-listen", "127.0.0.1:0", "-ready", s.ready}, args...)
		ended <- cli.Run(ctx, "awslocal", run, args, write, io.Discard)
		_ = write.Close()
	}()
	text := make([]byte, 4096)
	n, err := read.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text[:n])) {
		name, value, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "export ")), "=")
		s.variables[name] = value
	}
	s.stop = func() int {
		cancel()
		return <-ended
	}
	return s
}

func (s started) get(t *testing.T, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.variables["AWS_ENDPOINT_URL"]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestItServesUntilItIsInterrupted(t *testing.T) {
	s := start(t, "-cluster", "demo", "-bucket", "templates", "-repository", "automation/notifier", "-log-group", "demo", "-inject", "notifier=crash")
	url := s.variables["AWS_ENDPOINT_URL"]
	if text, err := os.ReadFile(s.ready); err != nil || string(text) != url+"\n" {
		t.Errorf("-ready: %q, %v", text, err)
	}
	cfg := aws.Config{
		Region: s.variables["AWS_REGION"], BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider(s.variables["AWS_ACCESS_KEY_ID"], s.variables["AWS_SECRET_ACCESS_KEY"], ""),
	}
	clusters, err := awsecs.NewFromConfig(cfg).ListClusters(t.Context(), &awsecs.ListClustersInput{})
	if d := cmp.Diff([]string{"arn:aws:ecs:us-east-1:123456789012:cluster/demo"}, clusters.ClusterArns); err != nil || d != "" {
		t.Errorf("%v; clusters (-want +got):\n%s", err, d)
	}
	if _, err := s3.NewFromConfig(cfg).PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("templates"), Key: new("k"), Body: strings.NewReader("v")}); err != nil {
		t.Error(err)
	}
	if got := s.get(t, "/_leftovers"); got != "" {
		t.Errorf("left: %q", got)
	}
	if got := s.get(t, "/_actions"); got != "ecs:ListClusters\ns3:PutObject\n" {
		t.Errorf("actions: %q", got)
	}
	if got := s.get(t, "/_ping"); got != "OK" || s.variables["DOCKER_HOST"] != strings.Replace(url, "http", "tcp", 1) {
		t.Errorf("the Docker Engine at %s says %q", s.variables["DOCKER_HOST"], got)
	}
	if code := s.stop(); code != cli.OK {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(s.ready); err == nil {
		t.Error("the file of -ready points to nothing")
	}
}

func TestItEndsThoughAConnectionIsOpen(t *testing.T) {
	s := start(t)
	s.get(t, "/_leftovers") // whose connection is kept
	before := time.Now()
	if code := s.stop(); code != cli.OK || time.Since(before) > 5*time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(before))
	}
}

func TestWrongUse(t *testing.T) {
	tests := map[string]struct{ args, want string }{
		"every address":       {"-listen 0.0.0.0:0", "want a loopback address"},
		"no address":          {"-listen :0", "want a loopback address"},
		"another machine":     {"-listen 8.8.8.8:80", "want a loopback address"},
		"no port":             {"-listen here", "want a loopback address"},
		"every IPv6 address":  {"-listen [::]:0", "want a loopback address"},
		"standing still":      {"-speed 0", "-speed 0: want a number above 0"},
		"as fast as nothing":  {"-speed NaN", "-speed NaN: want a number above 0"},
		"an unknown fault":    {"-inject notifier=sad", `unknown fault "sad"`},
		"a nameless cluster":  {"-cluster=", "want a name"},
		"a directory as file": {"-listen 127.0.0.1:0 -ready /", "write -ready: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			code := cli.Run(t.Context(), "awslocal", run, strings.Fields(tt.args), io.Discard, &stderr)
			if code != cli.ExitUsage || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("exit code %d, %s", code, stderr.String())
			}
		})
	}
}
