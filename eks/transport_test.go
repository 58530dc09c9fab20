package eks_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

func admit(t *testing.T, cloud *ekstest.Cloud, cluster string) {
	t.Helper()
	_, err := cloud.Client().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{
		ClusterName: &cluster, PrincipalArn: new(developer), KubernetesGroups: []string{"developer"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// server is an API server in memory, as far as authentication goes: it answers with the
// name of its user and what it was sent.
type server struct {
	cloud   *ekstest.Cloud
	refuses int // so many requests, whatever their token
	seen    []string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.seen = append(s.seen, text)
	user, err := s.cloud.Authenticate(r.Context(), "demo", text)
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r}
	if err != nil || s.refuses > 0 {
		s.refuses--
		answer.StatusCode = http.StatusUnauthorized
	}
	answer.Body = io.NopCloser(strings.NewReader(user.Name + " " + string(body)))
	return answer, nil
}

// connect is what client-go makes of a Config whose network is s.
func connect(t *testing.T, s *server, signer eks.Presigner) http.RoundTripper {
	t.Helper()
	tokens := eks.NewTokens(signer, "demo", eks.TokenOptions{})
	config := eks.Config(eks.Cluster{Endpoint: "https://kube.example.com"}, tokens, eks.ConfigOptions{Transport: s})
	if config.BearerToken != "" || config.BearerTokenFile != "" {
		t.Fatal("the configuration has a fixed token")
	}
	rt, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRequestsAfterARefusal(t *testing.T) {
	const home = "https://kube.example.com/api"
	tests := map[string]struct {
		body    func() io.Reader
		refuses int
		fails   error // of signing, from the second on
		status  int
		sent    int
		fresh   bool // a second token was made
		want    string
	}{
		"a token that is taken is used once":           {status: 200, sent: 1},
		"one that is not is replaced, once":            {refuses: 1, status: 200, sent: 2, fresh: true},
		"a second refusal stands":                      {refuses: 9, status: 401, sent: 2, fresh: true},
		"a body is sent again from its beginning":      {refuses: 1, body: func() io.Reader { return strings.NewReader("all of it") }, status: 200, sent: 2, fresh: true},
		"one that cannot be had again is not":          {refuses: 1, body: func() io.Reader { return io.MultiReader(strings.NewReader("all of it")) }, status: 401, sent: 1},
		"credentials that are over meanwhile say that": {refuses: 1, fails: errors.New("expired"), sent: 1, want: "the API server has refused the last one (401): token of cluster demo: sign a request: the AWS credentials are expired"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud, signer := open(t, ekstest.Options{})
				s := &server{cloud: cloud}
				rt := connect(t, s, signer)
				if _, err := rt.RoundTrip(request(t, http.MethodGet, home, nil)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second) // a token of the same second is the same
				signer.fail(tt.fails)
				s.seen, s.refuses = nil, tt.refuses
				var body io.Reader
				if tt.body != nil {
					body = tt.body()
				}
				answer, err := rt.RoundTrip(request(t, http.MethodPost, home, body))
				if len(s.seen) != tt.sent || tt.sent == 2 && (s.seen[0] != s.seen[1]) != tt.fresh {
					t.Errorf("%d requests", len(s.seen))
				}
				if tt.want != "" {
					check(t, err, eks.ErrCredentials, tt.want)
					return
				}
				if err != nil || answer.StatusCode != tt.status {
					t.Fatalf("answer %v, error %v", answer, err)
				}
				text, _ := io.ReadAll(answer.Body)
				if whole := tt.body == nil || bytes.HasSuffix(text, []byte(" all of it")); answer.StatusCode == 200 && !whole {
					t.Errorf("the server got %q", text)
				}
			})
		})
	}
}

func TestTokensGoNowhereElse(t *testing.T) {
	cloud, signer := open(t, ekstest.Options{})
	tests := map[string]struct {
		url, authorization string
		want               bool // it has a token of ours
	}{
		"the API server":             {url: "https://kube.example.com/api", want: true},
		"in capital letters":         {url: "https://KUBE.example.com/api", want: true},
		"the same host in the clear": {url: "http://kube.example.com/api"},
		"another port":               {url: "https://kube.example.com:8443/api"},
		"another host":               {url: "https://elsewhere.example.com/api"},
		"a request with its own one": {url: "https://kube.example.com/api", authorization: "Basic eDp5"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &server{cloud: cloud}
			rt := connect(t, s, signer)
			r := request(t, http.MethodGet, tt.url, nil)
			if tt.authorization != "" {
				r.Header.Set("Authorization", tt.authorization)
			}
			before := r.Header.Clone()
			if _, err := rt.RoundTrip(r); err != nil {
				t.Fatal(err)
			}
			if got := strings.HasPrefix(s.seen[0], "k8s-aws-v1."); got != tt.want {
				t.Errorf("sent with a token: %t", got)
			}
			if len(before) != len(r.Header) {
				t.Error("the request of the caller was changed")
			}
		})
	}
}

func TestRequestsWithoutCredentials(t *testing.T) {
	s := &server{}
	rt := connect(t, s, &signer{fails: errors.New("no credentials")})
	body := &closing{Reader: strings.NewReader("x")}
	_, err := rt.RoundTrip(request(t, http.MethodPost, "https://kube.example.com", body))
	check(t, err, eks.ErrCredentials, "no credentials")
	if !body.closed || len(s.seen) != 0 {
		t.Errorf("the body is closed: %t; %d requests", body.closed, len(s.seen))
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}
