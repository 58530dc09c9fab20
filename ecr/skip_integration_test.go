//go:build integration

package ecr_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// BenchmarkSkip compares finding out that an image is there already with what a
// pipeline without input tags does: docker build, without a cache as on a fresh
// runner, and docker push, with both builders. The context has 100 MB: 4,000 files of
// 1 to 19 kB and 60 of a megabyte. The programs take turns; CPU is that of the client
// alone, though the engine's is the larger part of a build.
func BenchmarkSkip(b *testing.B) {
	host, registry := os.Getenv("DELIVERY_DOCKER_HOST"), os.Getenv("DELIVERY_REGISTRY")
	if host == "" || registry == "" {
		b.Fatal("DELIVERY_DOCKER_HOST and DELIVERY_REGISTRY are not set: run scripts/integration -run '^$' -bench Skip")
	}
	dir := bigContext(b)
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddRepository("demo/big")
	publisher := ecr.New(cloud.Client(), ecr.Options{})
	images := []ecr.Image{{Repository: "demo/big", Context: dir}}
	plan, err := publisher.Plan(b.Context(), images)
	if err != nil {
		b.Fatal(err)
	}
	cloud.AddImage("demo/big", ecrtest.Image{Tags: []string{plan.Images[0].Tag}})

	took := make(map[string][]time.Duration)
	for b.Loop() {
		measure(took, "skip", func() {
			plan, err := publisher.Plan(b.Context(), images)
			if err != nil || !plan.Empty() {
				b.Fatalf("plan: %v, %s", err, plan)
			}
		})
		for _, builder := range []string{"0", "1"} {
			measure(took, "buildkit="+builder, func() { buildAndPush(b, host, registry+"/skip:"+strings.ToLower(rand.Text()), dir, builder) })
		}
	}
	skip := median(took["skip"])
	b.ReportMetric(0, "ns/op") // of three programs together it would say nothing
	b.ReportMetric(skip.Seconds()*1000, "skip-ms")
	for _, builder := range []string{"0", "1"} {
		b.ReportMetric(median(took["buildkit="+builder]).Seconds()/skip.Seconds(), "buildkit="+builder+"/skip")
	}
	if n := cloud.Calls("BatchGetImage"); n > b.N+2 {
		b.Errorf("%d calls of BatchGetImage for %d plans", n, b.N+1)
	}
}

func measure(took map[string][]time.Duration, name string, run func()) {
	begun := time.Now()
	run()
	took[name] = append(took[name], time.Since(begun))
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// buildAndPush is what a pipeline does by hand. The client is Debian's, which has
// both builders built in.
func buildAndPush(b *testing.B, host, tag, dir, buildkit string) {
	b.Helper()
	for _, args := range [][]string{{"build", "--no-cache", "-q", "-t", tag, dir}, {"push", "-q", tag}, {"rmi", "-f", tag}} {
		cmd := exec.CommandContext(b.Context(), "/usr/bin/docker", args...)
		cmd.Env = append(os.Environ(), "DOCKER_HOST="+host, "DOCKER_BUILDKIT="+buildkit)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("docker %s: %v\n%s", args[0], err, out)
		}
	}
}

func bigContext(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	write := func(name string, size int) {
		content := make([]byte, size)
		if _, err := rand.Read(content); err != nil {
			b.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 4000 {
		write(fmt.Sprintf("src/d%02d/f%04d", i/100, i), 1000+18_000*(i%100)/100)
	}
	for i := range 60 {
		write(fmt.Sprintf("data/f%02d", i), 1<<20)
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY . /\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	return dir
}
