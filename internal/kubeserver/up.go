package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long kube-apiserver may take until it is ready. On idle cores
// it takes four seconds.
const patience = 2 * time.Minute

// up runs all three until it is told to end or one of them has ended.
func up(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want a directory, got %d arguments", len(args))
	}
	dir, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := writeCerts(dir); err != nil {
		return err
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := servers{dir: dir, ended: cancel}
	defer s.kill()
	return s.run(ctx, ports)
}

// servers are the processes that up has started.
type servers struct {
	dir   string
	ended context.CancelCauseFunc
	cmds  []*exec.Cmd
}

func (s *servers) run(ctx context.Context, ports []string) error {
	etcdPort, peerPort, port := ports[0], ports[1], ports[2]
	host := "https://127.0.0.1:" + port
	if err := s.start("etcd", filepath.Join(s.dir, "data"), etcdPort, peerPort); err != nil {
		return err
	}
	if err := s.start("kube-apiserver", s.apiserverFlags(etcdPort, port)...); err != nil {
		return err
	}
	if err := s.ready(ctx, host); err != nil {
		return err
	}
	// kube-controller-manager reads a file of its own, so that the one that callers
	// wait for is there only when all has been started.
	own := s.file("controllers.kubeconfig")
	if err := s.writeKubeconfig(own, host); err != nil {
		return err
	}
	if err := s.start("kube-controller-manager", s.controllerFlags(own)...); err != nil {
		return err
	}
	if err := s.writeKubeconfig(s.file("new.kubeconfig"), host); err != nil {
		return err
	}
	if err := os.Rename(s.file("new.kubeconfig"), s.file("kubeconfig")); err != nil {
		return err
	}
	fmt.Println("kube-apiserver at", host)
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func (s *servers) file(name string) string { return filepath.Join(s.dir, name) }

// start runs this binary under another name. The process ends with this one.
func (s *servers) start(name string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := os.Create(s.file(name + ".log"))
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(self, append([]string{name}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmds = append(s.cmds, cmd)
	go func() {
		err := cmd.Wait()
		s.ended(fmt.Errorf("%s ended (%v); see %s", name, err, out.Name()))
	}()
	return nil
}

// kill ends the processes at once: asked to end, kube-apiserver holds its port
// for seconds.
func (s *servers) kill() {
	for _, cmd := range s.cmds {
		_ = cmd.Process.Kill()
	}
}

func (s *servers) apiserverFlags(etcdPort, port string) []string {
	return []string{
		"--etcd-servers=http://127.0.0.1:" + etcdPort,
		"--bind-address=127.0.0.1", "--secure-port=" + port,
		"--tls-cert-file=" + s.file("server.crt"), "--tls-private-key-file=" + s.file("server.key"),
		"--client-ca-file=" + s.file("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + s.file("sa.pub"), "--service-account-signing-key-file=" + s.file("sa.key"),
		"--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/16", "--allow-privileged",
		// Tests bring their own load, and their pods have no service accounts mounted.
		"--disable-admission-plugins=ServiceAccount", "--enable-priority-and-fairness=false",
	}
}

func (s *servers) controllerFlags(kubeconfig string) []string {
	controllers := []string{
		"deployment-controller", "replicaset-controller", "statefulset-controller", "daemonset-controller",
		"job-controller", "namespace-controller", "serviceaccount-controller", "garbage-collector-controller",
		"clusterrole-aggregation-controller",
	}
	return []string{
		"--kubeconfig=" + kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--use-service-account-credentials=false", "--service-account-private-key-file=" + s.file("sa.key"),
		"--root-ca-file=" + s.file("ca.crt"), "--controllers=" + strings.Join(controllers, ","),
	}
}

// ready waits until kube-apiserver says that it is.
func (s *servers) ready(ctx context.Context, host string) error {
	pair, err := tls.LoadX509KeyPair(s.file("admin.crt"), s.file("admin.key"))
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(s.file("ca.crt"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}},
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("kube-apiserver is not ready after %v; see %s", patience, s.file("kube-apiserver.log")))
	defer cancel()
	for {
		resp, err := client.Get(host + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *servers) writeKubeconfig(name, host string) error {
	return os.WriteFile(name, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: kubeserver
clusters:
- name: kubeserver
  cluster:
    server: %s
    certificate-authority: %s
users:
- name: admin
  user:
    client-certificate: %s
    client-key: %s
contexts:
- name: kubeserver
  context:
    cluster: kubeserver
    user: admin
`, host, s.file("ca.crt"), s.file("admin.crt"), s.file("admin.key")), 0o600)
}

// freePorts are ports of loopback that nobody listens on.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at once, so that no port comes twice
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}
