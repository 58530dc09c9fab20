package control

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// maxBackoff is the longest that a kubelet waits before it restarts a container.
const maxBackoff = 5 * time.Minute

// state is where a container stands.
type state struct {
	corev1.ContainerState
	ready    bool
	restarts int32
	last     *corev1.ContainerStateTerminated
	next     time.Time // when it will stand elsewhere; zero is never
}

// live brings the containers of a scheduled pod to where they are by now.
func (m *Manager) live(k store.Key, r *run) {
	p := read[corev1.Pod](m, k)
	f := m.podFault(p)
	if m.now.Before(r.scheduled.Add(m.opts.Timing.Pull)) {
		m.event(k, kubelet, "Pulling", "Pulling image %q", p.Spec.Containers[0].Image)
	}
	mounted := m.mount(k, p)
	var next time.Time
	wait := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	initialized := true
	inits := make([]state, len(p.Spec.InitContainers))
	for i, c := range p.Spec.InitContainers {
		inits[i] = waiting("PodInitializing", "")
		if initialized && mounted {
			inits[i] = m.initLife(k, p, c, r, harms(f, p, c))
			wait(inits[i].next)
		}
		done := inits[i].Terminated != nil && inits[i].Terminated.ExitCode == 0
		initialized = initialized && done
	}
	states := make([]state, len(p.Spec.Containers))
	for i, c := range p.Spec.Containers {
		switch {
		case !initialized:
			states[i] = waiting("PodInitializing", "")
		case !mounted:
			states[i] = waiting("ContainerCreating", "")
		default:
			states[i] = m.life(k, p, c, r, harms(f, p, c))
			wait(states[i].next)
		}
	}
	modify(m, k, func(p *corev1.Pod) { m.podStatus(p, inits, states, initialized, mounted) })
	if !next.IsZero() {
		m.at(k, next)
	}
}

// harms returns the fault of one container of a pod; nil is none.
func harms(f *Fault, p *corev1.Pod, c corev1.Container) *Fault {
	if f == nil || f.Container == c.Name || (f.Container == "" && c.Name == p.Spec.Containers[0].Name) {
		return f
	}
	return nil
}

func waiting(reason, message string) state {
	return state{ContainerState: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
}

func running(since time.Time) state {
	return state{ContainerState: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: second(since)}}}
}

func second(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }

// initLife is the life of an init container: it ends at once, unless it is harmed.
func (m *Manager) initLife(k store.Key, p *corev1.Pod, c corev1.Container, r *run, f *Fault) state {
	if f != nil {
		return m.life(k, p, c, r, f)
	}
	done := r.scheduled.Add(m.opts.Timing.Pull)
	if m.now.Before(done) {
		s := waiting("PodInitializing", "")
		s.next = done
		return s
	}
	s := state{ready: true}
	s.Terminated = &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: second(done), FinishedAt: second(done)}
	return s
}

// life is where a container is by now.
func (m *Manager) life(k store.Key, p *corev1.Pod, c corev1.Container, r *run, f *Fault) state {
	pulled := r.scheduled.Add(m.opts.Timing.Pull)
	if m.now.Before(pulled) {
		s := waiting("ContainerCreating", "")
		s.next = pulled
		return s
	}
	if f != nil && f.Kind == ImageMissing {
		return m.unpulled(k, c, f, pulled)
	}
	m.event(k, kubelet, "Pulled", "Successfully pulled image %q", c.Image)
	missing := m.missing(p, c)
	if f != nil && f.Kind == ConfigMissing {
		missing = f.Message
		if missing == "" {
			missing = fmt.Sprintf("secret %q not found", c.Name)
		}
	}
	if missing != "" {
		m.warn(k, kubelet, "Failed", "Error: %s", missing)
		return waiting("CreateContainerConfigError", missing)
	}
	m.event(k, kubelet, "Created", "Container created")
	m.event(k, kubelet, "Started", "Container started")
	return m.started(k, p, c, f, pulled)
}

// started is where a container is by now that was started.
func (m *Manager) started(k store.Key, p *corev1.Pod, c corev1.Container, f *Fault, pulled time.Time) state {
	ready := pulled.Add(m.opts.Timing.Ready)
	switch {
	case f != nil && f.Kind == Crash:
		return m.crashing(k, p, c, f, pulled)
	case p.Spec.RestartPolicy != corev1.RestartPolicyAlways && (f == nil || f.Kind != NeverReady):
		return m.finishing(pulled)
	case f != nil && f.Kind == NeverReady:
		message := f.Message
		if message == "" {
			message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
		}
		if !m.now.Before(ready) {
			m.warn(k, kubelet, "Unhealthy", "%s", message)
			return running(pulled)
		}
	}
	s := running(pulled)
	if s.ready = !m.now.Before(ready); !s.ready {
		s.next = ready
	}
	return s
}

// unpulled is a container whose image cannot be had.
func (m *Manager) unpulled(k store.Key, c corev1.Container, f *Fault, since time.Time) state {
	message := f.Message
	if message == "" {
		message = fmt.Sprintf("rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve reference %q: %s: not found", c.Image, c.Image, c.Image)
	}
	m.warn(k, kubelet, "Failed", "Failed to pull image %q: %s", c.Image, message)
	m.warn(k, kubelet, "Failed", "Error: ErrImagePull")
	if later := since.Add(time.Second); m.now.Before(later) {
		s := waiting("ErrImagePull", message)
		s.next = later
		return s
	}
	m.event(k, kubelet, "BackOff", "Back-off pulling image %q", c.Image)
	m.warn(k, kubelet, "Failed", "Error: ImagePullBackOff")
	return waiting("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", c.Image, message))
}

// finishing is a container that does its work and ends.
func (m *Manager) finishing(since time.Time) state {
	end := since.Add(m.opts.Timing.Run)
	if m.now.Before(end) {
		s := running(since)
		s.ready, s.next = true, end
		return s
	}
	s := state{}
	s.Terminated = &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: second(since), FinishedAt: second(end)}
	return s
}

// crashing is a container that ends soon after each start, and is restarted
// after longer and longer pauses where its pod wants that.
func (m *Manager) crashing(k store.Key, p *corev1.Pod, c corev1.Container, f *Fault, since time.Time) state {
	t := m.opts.Timing
	var last *corev1.ContainerStateTerminated
	for n, start := int32(0), since; ; n++ {
		end := start.Add(t.Crash)
		if m.now.Before(end) {
			s := running(start)
			s.restarts, s.last, s.next = n, last, end
			if up := start.Add(t.Ready); up.Before(end) {
				if s.ready = !m.now.Before(up); !s.ready {
					s.next = up
				}
			}
			return s
		}
		last = ended(f, start, end)
		if p.Spec.RestartPolicy == corev1.RestartPolicyNever || (f.ExitCode == 0 && p.Spec.RestartPolicy == corev1.RestartPolicyOnFailure) {
			return state{ContainerState: corev1.ContainerState{Terminated: last}, restarts: n}
		}
		pause := min(t.Backoff<<min(n, 10), maxBackoff)
		again := end.Add(pause)
		if m.now.Before(again) {
			m.warn(k, kubelet, "BackOff", "Back-off restarting failed container %s in pod %s", c.Name, k.Name)
			s := waiting("CrashLoopBackOff", fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", pause, c.Name, k.Name, k.Namespace, p.UID))
			s.restarts, s.last, s.next = n, last, again
			return s
		}
		start = again
	}
}

func ended(f *Fault, start, end time.Time) *corev1.ContainerStateTerminated {
	reason := "Error"
	switch f.ExitCode {
	case 0:
		reason = "Completed"
	case 137:
		reason = "OOMKilled"
	}
	return &corev1.ContainerStateTerminated{
		ExitCode: f.ExitCode, Reason: reason, Message: f.Message, StartedAt: second(start), FinishedAt: second(end),
	}
}
