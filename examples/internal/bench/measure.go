package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// goGitRounds is how often go-git runs: it takes long, and is far away.
const goGitRounds = 3

// program is a way to list names.
type program struct {
	name string
	args func(repo, base string, direct bool) []string
}

func measure(ctx context.Context, repos []string, distances []int, rounds int, goGit bool, stdout io.Writer) error {
	if len(repos) == 0 || rounds < 1 {
		return errors.New("run needs repositories, and at least one round")
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary directory may stay
	const parent = "github.com/mettel-automation/delivery/examples/internal/bench/"
	build := exec.CommandContext(ctx, "go", "build", "-o", dir+"/", parent+"ours", parent+"gogit")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	programs := []program{{"git", gitArgs}, {"ours", goArgs(filepath.Join(dir, "ours"))}}
	if goGit {
		programs = append(programs, program{"go-git", goArgs(filepath.Join(dir, "gogit"))})
	}
	fmt.Fprintf(stdout, row, "repository", "dots", "distance", "names", "git CPU", "ours CPU", "ratio", "git wall", "ours wall", "ratio", "ours RSS", "go-git/ours CPU")
	for _, repo := range repos {
		for _, direct := range []bool{true, false} {
			for _, distance := range distances {
				if err := cell(ctx, stdout, programs, repo, distance, direct, rounds); err != nil {
					return fmt.Errorf("%s, distance %d: %w", repo, distance, err)
				}
			}
		}
	}
	return nil
}

// row is a line of the table.
const row = "%-16s %5s %8v %6v %9s %9s %6s %9s %9s %6s %9s %16s\n"

func gitArgs(repo, base string, direct bool) []string {
	dots := "..."
	if direct {
		dots = ".."
	}
	return []string{"git", "-C", repo, "-c", "core.quotePath=false", "diff", "--name-only", "--no-renames", base + dots + "HEAD"}
}

func goArgs(binary string) func(repo, base string, direct bool) []string {
	return func(repo, base string, direct bool) []string {
		if direct {
			return []string{binary, "-direct", repo, base, "HEAD"}
		}
		return []string{binary, repo, base, "HEAD"}
	}
}

// cell measures all programs on one pair of commits and prints a line.
func cell(ctx context.Context, stdout io.Writer, programs []program, repo string, distance int, direct bool, rounds int) error {
	base := fmt.Sprintf("HEAD~%d", distance)
	runs := make([][]cost, len(programs))
	var names []string
	for round := range rounds + 1 {
		for i, p := range programs {
			if p.name == "go-git" && round > goGitRounds {
				continue
			}
			out, c, err := once(ctx, p.args(repo, base, direct), round == 0)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", p.name, err)
			case round > 0:
				runs[i] = append(runs[i], c)
			case i == 0:
				names = sorted(out)
			case !slices.Equal(names, sorted(out)):
				return fmt.Errorf("%s lists other names than %s", p.name, programs[0].name)
			}
		}
	}
	git, ours := median(runs[0]), median(runs[1])
	other := "-"
	if len(runs) > 2 {
		other = fmt.Sprintf("%.0f", ratio(median(runs[2]).cpu, ours.cpu))
	}
	dots := "three"
	if direct {
		dots = "two"
	}
	_, err := fmt.Fprintf(stdout, row, filepath.Base(repo), dots, distance, len(names),
		milliseconds(git.cpu), milliseconds(ours.cpu), fmt.Sprintf("%.2f", ratio(ours.cpu, git.cpu)),
		milliseconds(git.wall), milliseconds(ours.wall), fmt.Sprintf("%.2f", ratio(ours.wall, git.wall)),
		fmt.Sprintf("%d MiB", ours.rss>>20), other)
	return err
}

// cost is what a process took.
type cost struct {
	cpu, wall time.Duration
	rss       int64 // bytes, at most at once, mapped files included
}

// once runs a program. Its output goes to /dev/null unless it is wanted.
func once(ctx context.Context, args []string, wanted bool) ([]byte, cost, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_PAGER=cat")
	var out, stderr bytes.Buffer
	if wanted {
		cmd.Stdout, cmd.Stderr = &out, &stderr
	}
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return nil, cost{}, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, stderr.Bytes())
	}
	state := cmd.ProcessState
	return out.Bytes(), cost{state.UserTime() + state.SystemTime(), wall, peak(state)}, nil
}

func sorted(out []byte) []string {
	return slices.Sorted(strings.Lines(string(out)))
}

// median takes the median of each figure by itself.
func median(costs []cost) cost {
	return cost{
		middle(costs, func(c cost) time.Duration { return c.cpu }),
		middle(costs, func(c cost) time.Duration { return c.wall }),
		middle(costs, func(c cost) int64 { return c.rss }),
	}
}

func middle[T cmp.Ordered](costs []cost, figure func(cost) T) T {
	figures := make([]T, len(costs))
	for i, c := range costs {
		figures[i] = figure(c)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
