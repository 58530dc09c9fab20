package buildcontext_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// module writes the directory of a module.
func module() string {
	dir, err := os.MkdirTemp("", "notifier")
	if err != nil {
		panic(err)
	}
	for name, content := range map[string]string{
		"Dockerfile":    "ARG PYTHON=3.12\nFROM python:${PYTHON}-slim\nCOPY . /app\n",
		".dockerignore": "*.log\n.dockerignore\n",
		"app.py":        "print('hello')\n",
		"debug.log":     "noise\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			panic(err)
		}
	}
	return dir
}

func Example() {
	dir := module()
	defer func() { _ = os.RemoveAll(dir) }()

	c, err := buildcontext.Open(context.Background(), dir, buildcontext.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range c.Files() {
		fmt.Println(f.Path, f.Size)
	}
	hash, err := c.Hash(context.Background(), buildcontext.Inputs{Platform: "linux/amd64", Epoch: "2026-03"})
	fmt.Println(hash[:20], err)
	// Output:
	// Dockerfile 55
	// app.py 15
	// 653948d781d30aa431be <nil>
}

func ExampleContext_Bases() {
	dir := module()
	defer func() { _ = os.RemoveAll(dir) }()

	c, err := buildcontext.Open(context.Background(), dir, buildcontext.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	bases, err := c.Bases(buildcontext.Inputs{Args: map[string]string{"PYTHON": "3.13"}})
	for _, b := range bases {
		fmt.Printf("line %d: %s, pinned: %t\n", b.Line, b.Image, b.Pinned())
	}
	fmt.Println(err)
	// Output:
	// line 2: python:3.13-slim, pinned: false
	// <nil>
}
