package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// shape is how a generated repository looks: directories of ten files, three
// levels deep; each commit edits a few files, adds one or deletes one, and every
// seventh merges a side branch.
type shape struct {
	files, commits, packs int
	seed                  uint64
}

// write makes a bare repository of this shape at dir, which must not exist.
func (s shape) write(ctx context.Context, dir string, stdout io.Writer) error {
	if s.files < 1 || s.packs < 1 || s.commits < 10*s.packs {
		return errors.New("a repository needs a file, a pack, and ten commits for each pack")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is there already", dir)
	}
	if err := git(ctx, ".", nil, "init", "-q", "--bare", "-b", "main", dir); err != nil {
		return err
	}
	g := &generator{rng: rand.New(rand.NewPCG(s.seed, 1))}
	done, edges := 0, ""
	for pack := range s.packs {
		until := s.commits
		if rest := s.packs - 1 - pack; rest > 0 {
			until = s.commits*9/10 + (s.commits/10)*pack/max(1, s.packs-1)
		}
		if err := s.importPack(ctx, dir, g, done, until, edges); err != nil {
			return err
		}
		done = until
		tips, err := output(ctx, dir, "rev-parse", "main", "side")
		if err != nil {
			return err
		}
		edges = "^" + strings.ReplaceAll(strings.TrimSpace(tips), "\n", "\n^") + "\n"
	}
	_, err := fmt.Fprintf(stdout, "%s: %d commits, %d files, %d packs\n", dir, done, len(g.paths), s.packs)
	return err
}

// importPack adds the commits from done to until, and packs them as git gc and
// git fetch do: with deltas.
func (s shape) importPack(ctx context.Context, dir string, g *generator, done, until int, edges string) error {
	before, err := filepath.Glob(filepath.Join(dir, "objects/pack/*"))
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, file := range before {
		known[file] = true
	}
	stream := func(w io.Writer) {
		if done > 0 { // go on where the pack before ended
			fmt.Fprint(w, "reset refs/heads/main\nfrom refs/heads/main^0\n\nreset refs/heads/side\nfrom refs/heads/side^0\n\n")
		}
		for i := done; i < until; i++ {
			if i == 0 {
				g.first(w, s.files)
			} else {
				g.commit(w, i)
			}
		}
	}
	if err := git(ctx, dir, stream, "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet"); err != nil {
		return err
	}
	raw, err := filepath.Glob(filepath.Join(dir, "objects/pack/*"))
	if err != nil {
		return err
	}
	revs := func(w io.Writer) { fmt.Fprint(w, "main\nside\n"+edges) }
	if err := git(ctx, dir, revs, "pack-objects", "-q", "--revs", "--delta-base-offset", "objects/pack/pack"); err != nil {
		return err
	}
	for _, file := range raw { // what fast-import wrote, with hardly a delta
		if !known[file] {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// generator writes a history as git fast-import reads it.
type generator struct {
	rng   *rand.Rand
	paths []string
	added int
}

func (g *generator) path(n int) string {
	return fmt.Sprintf("part-%02d/module-%02d/src-%02d/file-%05d.txt", n/1000%30, n/100%10, n/10%10, n)
}

func (g *generator) header(w io.Writer, branch string, i int) {
	const start, step = 1_500_000_000, 600 // seconds
	message := fmt.Sprintf("Change number %d\n\n%s", i, g.text(2))
	fmt.Fprintf(w, "commit refs/heads/%s\ncommitter Author %d <author%d@example.com> %d +0000\ndata %d\n%s\n",
		branch, i%40, i%40, start+i*step, len(message), message)
}

func (g *generator) first(w io.Writer, files int) {
	g.header(w, "main", 0)
	for n := range files {
		g.paths = append(g.paths, g.path(n))
		g.write(w, g.paths[n])
	}
	g.added = files
	fmt.Fprint(w, "\nreset refs/heads/side\nfrom refs/heads/main\n\n")
}

func (g *generator) commit(w io.Writer, i int) {
	switch i % 7 {
	case 3: // on the side
		g.header(w, "side", i)
	case 6: // brings it back
		g.header(w, "main", i)
		fmt.Fprint(w, "merge refs/heads/side\n")
	default:
		g.header(w, "main", i)
	}
	for range 1 + g.rng.IntN(4) {
		g.write(w, g.paths[g.rng.IntN(len(g.paths))])
	}
	if g.rng.IntN(10) == 0 {
		g.paths = append(g.paths, g.path(g.added))
		g.write(w, g.paths[len(g.paths)-1])
		g.added++
	}
	if n := g.rng.IntN(len(g.paths)); i%7 != 3 && g.rng.IntN(20) == 0 {
		fmt.Fprintf(w, "D %s\n", g.paths[n])
		g.paths[n] = g.paths[len(g.paths)-1]
		g.paths = g.paths[:len(g.paths)-1]
	}
	fmt.Fprint(w, "\n")
	if i%7 == 6 {
		fmt.Fprint(w, "reset refs/heads/side\nfrom refs/heads/main\n\n")
	}
}

func (g *generator) write(w io.Writer, path string) {
	text := g.text(4)
	fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n%s\n", path, len(text), text)
}

// text is lines of hexadecimal digits, so that it packs as text does.
func (g *generator) text(lines int) string {
	var b strings.Builder
	for range lines {
		fmt.Fprintf(&b, "value %016x of nothing\n", g.rng.Uint64())
	}
	return b.String()
}

// git runs git with what stdin writes.
func git(ctx context.Context, dir string, stdin func(io.Writer), args ...string) error {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if stdin == nil {
		return wrap(args, cmd.Run())
	}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return wrap(args, err)
	}
	buffered := bufio.NewWriterSize(pipe, 1<<16)
	stdin(buffered)
	return wrap(args, errors.Join(buffered.Flush(), pipe.Close(), cmd.Wait()))
}

func output(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	return string(out), wrap(args, err)
}

func wrap(args []string, err error) error {
	if err != nil {
		return fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
