package eks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

// certify makes an authority and a certificate of the named host that it has signed.
func certify(t *testing.T, host string) (ca []byte, certificate tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"}, DNSNames: []string{host},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// pipes is a network of pipes, whatever the address.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- buffer(far):
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// buffered is an end of a pipe whose writes, as those to a socket, wait for no reader:
// both ends of a TLS handshake that fails have something to say.
type buffered struct {
	net.Conn
	out  chan []byte
	done chan struct{}
	once sync.Once
}

func buffer(c net.Conn) *buffered {
	b := &buffered{Conn: c, out: make(chan []byte, 100), done: make(chan struct{})}
	go func() {
		for {
			select {
			case part := <-b.out:
				_, _ = b.Conn.Write(part)
			case <-b.done:
				return
			}
		}
	}()
	return b
}

func (b *buffered) Write(p []byte) (int, error) {
	select {
	case b.out <- slices.Clone(p):
		return len(p), nil
	case <-b.done:
		return 0, net.ErrClosed
	}
}

func (b *buffered) Close() error {
	b.once.Do(func() { close(b.done) })
	return b.Conn.Close()
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }

// serve starts an API server that takes what the cloud authenticates, and returns its network.
func serve(t *testing.T, cloud *ekstest.Cloud, certificate tls.Certificate) *pipes {
	t.Helper()
	network := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	s := &http.Server{
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12},
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			user, err := cloud.Authenticate(r.Context(), "demo", text)
			if err != nil {
				http.Error(w, "Unauthorized", http.StatusUnauthorized)
				return
			}
			_, _ = fmt.Fprintf(w, "%s by %s with HTTP/%d", strings.Join(user.Groups, ","), r.UserAgent(), r.ProtoMajor)
		}),
	}
	go func() { _ = s.ServeTLS(network, "", "") }()
	t.Cleanup(func() { _ = s.Close() })
	return network
}

func get(t *testing.T, client *http.Client, url string) (status int, text string, err error) {
	t.Helper()
	answer, err := client.Do(request(t, http.MethodGet, url, nil))
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b), err
}

// TestLongDeployment makes requests for hours through what client-go makes of a Config,
// over TLS, each at another age of the token, and with one gap of an hour.
func TestLongDeployment(t *testing.T) {
	const host = "abc.gr7.us-east-1.eks.amazonaws.com"
	ca, certificate := certify(t, host)
	synctest.Test(t, func(t *testing.T) {
		cloud, signer := open(t, ekstest.Options{Endpoint: "https://" + host, CA: ca})
		network := serve(t, cloud, certificate)
		cluster, err := eks.Describe(t.Context(), cloud.Client(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		config := eks.Config(cluster, eks.NewTokens(signer, "demo", eks.TokenOptions{}), eks.ConfigOptions{})
		config.Dial = network.dial
		client, err := rest.HTTPClientFor(config)
		if err != nil {
			t.Fatal(err)
		}
		defer client.CloseIdleConnections()
		for i := range 200 {
			status, text, err := get(t, client, config.Host+"/api")
			if err != nil || status != http.StatusOK || text != "developer by delivery with HTTP/2" {
				t.Fatalf("request %d: status %d, %q, error %v", i, status, text, err)
			}
			time.Sleep(time.Duration(i) * time.Second)
			if i == 100 {
				time.Sleep(time.Hour)
			}
		}
	})
}

func TestConfigOverATunnel(t *testing.T) {
	const host = "abc.gr7.us-east-1.eks.amazonaws.com"
	ca, certificate := certify(t, host)
	otherCA, _ := certify(t, host)
	tests := map[string]struct {
		opts eks.ConfigOptions
		ca   []byte
		want string // part of the error
	}{
		"the near end of a tunnel":                  {opts: eks.ConfigOptions{Endpoint: "https://localhost:8443"}, ca: ca},
		"with an address that has no scheme":        {opts: eks.ConfigOptions{Endpoint: "localhost:8443"}, ca: ca},
		"the cluster itself":                        {ca: ca},
		"another authority by choice":               {opts: eks.ConfigOptions{CA: ca}, ca: otherCA},
		"another authority by force":                {ca: otherCA, want: "certificate signed by unknown authority"},
		"a name that the certificate does not have": {opts: eks.ConfigOptions{Endpoint: "https://localhost:8443", TLSServerName: "localhost"}, ca: ca, want: "not localhost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud, signer := open(t, ekstest.Options{})
				network := serve(t, cloud, certificate)
				cluster := eks.Cluster{Name: "demo", Endpoint: "https://" + host, CA: tt.ca}
				config := eks.Config(cluster, eks.NewTokens(signer, "demo", eks.TokenOptions{}), tt.opts)
				config.Dial = network.dial
				client, err := rest.HTTPClientFor(config)
				if err != nil {
					t.Fatal(err)
				}
				defer client.CloseIdleConnections()
				url := config.Host
				if !strings.Contains(url, "://") {
					url = "https://" + url
				}
				status, _, err := get(t, client, url+"/api")
				check(t, err, nil, tt.want)
				if tt.want == "" && status != http.StatusOK {
					t.Errorf("status %d", status)
				}
			})
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	cluster := eks.Cluster{Endpoint: "https://kube", CA: []byte("pem")}
	c := eks.Config(cluster, nil, eks.ConfigOptions{})
	if c.QPS != 50 || c.Burst != 300 || c.UserAgent != "delivery" || c.Timeout != 0 || c.ServerName != "" || c.WrapTransport != nil {
		t.Errorf("by default %v", c)
	}
	c = eks.Config(cluster, nil, eks.ConfigOptions{QPS: 5, Burst: 10, UserAgent: "kre", Timeout: time.Second, CA: []byte("mine"), TLSServerName: "me"})
	if c.QPS != 5 || c.Burst != 10 || c.UserAgent != "kre" || c.Timeout != time.Second || c.ServerName != "me" || string(c.CAData) != "mine" {
		t.Errorf("by choice %v", c)
	}
	if modes := types.AuthenticationModeConfigMap.Values(); len(modes) != 3 {
		t.Errorf("there are new authentication modes: %v", modes)
	}
}
