package gitcmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// blobs reads blobs by one git cat-file --batch.
type blobs struct {
	mu     sync.Mutex
	stdin  io.Writer
	stdout *bufio.Reader
	broken error // the process is gone, or was not understood
}

func (b *blobs) read(ctx context.Context, r *Repo, hash string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken == nil && b.stdin == nil {
		b.broken = b.start(ctx, r)
	}
	if b.broken != nil {
		return nil, b.broken
	}
	content, err := b.ask(hash)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = fmt.Errorf("git cat-file: %w", cause)
	}
	return content, err
}

func (b *blobs) start(ctx context.Context, r *Repo) error {
	cmd := r.command(ctx, "cat-file", "--batch")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run git cat-file: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = cmd.Wait() }) // it was killed
	b.stdin, b.stdout = stdin, bufio.NewReader(stdout)
	return nil
}

// ask asks for one blob. Where the answer is not understood, no other is read.
func (b *blobs) ask(hash string) ([]byte, error) {
	if _, err := io.WriteString(b.stdin, hash+"\n"); err != nil { // it has ended, as a reader would see
		b.broken = fmt.Errorf("git cat-file: %w: %w", io.EOF, err)
		return nil, b.broken
	}
	header, err := b.stdout.ReadString('\n')
	if err != nil {
		b.broken = fmt.Errorf("git cat-file: %w", err)
		return nil, b.broken
	}
	size, err := objectSize(header, "blob")
	if err != nil {
		if !errors.Is(err, git.ErrMissingObject) {
			b.broken = err
		}
		return nil, fmt.Errorf("read blob %s: %w", hash, err)
	}
	content := make([]byte, size+1) // and a line break
	if _, err := io.ReadFull(b.stdout, content); err != nil {
		b.broken = fmt.Errorf("git cat-file: %w", err)
		return nil, b.broken
	}
	return content[:size], nil
}
