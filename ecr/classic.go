package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/docker/docker/api/types/build"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/ecr/internal/stream"
	"github.com/mettel-automation/delivery/progress"
)

// ErrSecrets is the error of a build with secrets on a builder that knows none.
var ErrSecrets = errors.New("the classic builder has no secrets: use package ecr/buildkit")

// Classic builds with the builder that every Docker Engine has. It sends the
// whole context each time, runs one step after the other, and knows neither
// secrets nor cache mounts. It is safe for concurrent use.
type Classic struct{ engine Engine }

// NewClassic returns a Builder that builds in engine.
func NewClassic(engine Engine) *Classic { return &Classic{engine: engine} }

// Build is that of [Builder]. It fails with [ErrSecrets] where b has secrets.
func (c *Classic) Build(ctx context.Context, b Build) (string, error) {
	if len(b.Secrets) > 0 {
		return "", &BuildError{Subject: b.Subject, Err: ErrSecrets}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop() // also ends what an engine still does for a call that has failed
	archive := archive(ctx, b.Context)
	answer, err := c.engine.ImageBuild(ctx, archive, classicOptions(b))
	log := &classicLog{build: b}
	if err == nil {
		err = stream.Read(answer.Body, log.message)
		answer.Body.Close()
	}
	if unsent := archive.stop(); unsent != nil {
		err = unsent
	}
	if err == nil && log.image == "" {
		err = ErrNoImage
	}
	if err != nil {
		return "", log.failure(stream.Cause(ctx, err))
	}
	return log.image, nil
}

func classicOptions(b Build) build.ImageBuildOptions {
	args := make(map[string]*string, len(b.Args))
	for name, value := range b.Args {
		args[name] = &value
	}
	return build.ImageBuildOptions{
		Version:     build.BuilderV1,
		Dockerfile:  b.Context.ArchivedDockerfile(),
		Tags:        b.Tags,
		BuildArgs:   args,
		Labels:      b.Labels,
		Target:      b.Target,
		Platform:    b.Platform,
		NetworkMode: b.Network,
		NoCache:     b.NoCache,
		PullParent:  b.Pull,
		AuthConfigs: b.Auths,
		Remove:      true, // containers of steps, also of the one that fails
		ForceRemove: true,
	}
}

// archiving is a context on its way to the engine.
type archiving struct {
	*io.PipeReader
	err  error
	done chan struct{}
}

// archive begins to write the archive of files.
func archive(ctx context.Context, files *buildcontext.Context) *archiving {
	r, w := io.Pipe()
	a := &archiving{PipeReader: r, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.err = files.WriteTar(ctx, w)
		w.CloseWithError(a.err)
	}()
	return a
}

// errUnread tells the writer of an archive that nobody reads it any more.
var errUnread = errors.New("the engine has stopped reading the context")

// stop ends the writing and returns why it failed, unless it was stopped.
func (a *archiving) stop() error {
	a.CloseWithError(errUnread)
	<-a.done
	if errors.Is(a.err, errUnread) || errors.Is(a.err, io.ErrClosedPipe) {
		return nil
	}
	return a.err
}

// classicLog follows the messages of a build.
type classicLog struct {
	build       Build
	step, steps int
	command     string
	output      stream.Tail
	image       string
}

// "Step 3/7 : RUN make"
var stepLine = regexp.MustCompile(`^Step (\d+)/(\d+) : (.*)`)

// remark is what the builder says of itself, between the output of the commands.
var remark = regexp.MustCompile(`^( ---> |Removing intermediate container [0-9a-f]{12}\n)`)

func (l *classicLog) message(m stream.Message) error {
	if m.Aux != nil {
		var aux struct{ ID string }
		if json.Unmarshal(m.Aux, &aux) == nil && aux.ID != "" {
			l.image = aux.ID
		}
	}
	if m.Stream == "" {
		return nil
	}
	found := stepLine.FindStringSubmatch(m.Stream)
	if found == nil {
		if !remark.MatchString(m.Stream) {
			l.output.Write(m.Stream)
		}
		return nil
	}
	l.step, _ = strconv.Atoi(found[1])
	l.steps, _ = strconv.Atoi(found[2])
	l.command = stream.Line(found[3])
	l.output.Reset()
	l.build.Progress.Emit(progress.Event{
		Op: opPublish, Subject: l.build.Subject, State: progress.Running,
		Message: fmt.Sprintf("step %d of %d: %s", l.step, l.steps, l.command),
	})
	return nil
}

// failure is the error of the step that was under way.
func (l *classicLog) failure(err error) *BuildError {
	e := &BuildError{
		Subject: l.build.Subject, Step: l.step, Steps: l.steps, Command: l.command,
		Lines: l.output.Lines(), Err: err,
	}
	if told, ok := errors.AsType[*stream.Error](err); ok {
		e.Code = told.Code
	}
	return e
}
