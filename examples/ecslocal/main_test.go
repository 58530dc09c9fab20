package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

func TestItServesUntilItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, "ecslocal", run, []string{"-listen", "127.0.0.1:0", "-cluster", "demo"}, write, io.Discard)
		_ = write.Close()
	}()
	line := make([]byte, 200)
	n, err := read.Read(line)
	url, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "listening on ")
	if err != nil || !ok {
		t.Fatalf("%q, %v", line[:n], err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"clusters":["demo"]}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeClusters")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || !strings.Contains(string(body), `"clusterName":"demo"`) {
		t.Errorf("%s, %v", body, err)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestItListensOnThisMachineAlone(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "8.8.8.8:80", "here", "[::]:0"} {
		var stderr strings.Builder
		if code := cli.Run(t.Context(), "ecslocal", run, []string{"-listen", address}, io.Discard, &stderr); code != 2 || !strings.Contains(stderr.String(), "want a loopback address") {
			t.Errorf("%s: exit code %d, %s", address, code, stderr.String())
		}
	}
}
