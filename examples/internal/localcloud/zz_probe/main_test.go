package zz

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go/logging"

	"github.com/mettel-automation/delivery/examples/internal/localcloud"
)

type tr struct{ rt http.RoundTripper }

func (t tr) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err != nil {
				fmt.Println("WROTE", i.Err)
			}
		},
		PutIdleConn: func(err error) {
			if err != nil {
				fmt.Println("IDLE", err)
			}
		},
	}
	resp, err := t.rt.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		fmt.Println("RT", err)
	}
	return resp, err
}

func TestProbe(t *testing.T) {
	cloud := localcloud.New(localcloud.Options{Speed: 1000})
	srv := httptest.NewServer(cloud)
	defer srv.Close()
	cfg := cloud.Config()
	cfg.HTTPClient = &http.Client{Transport: tr{awshttp.NewBuildableClient().GetTransport()}}
	cfg.BaseEndpoint = aws.String(srv.URL)
	n := 0
	cfg.Logger = logging.LoggerFunc(func(c logging.Classification, f string, v ...any) { n++; fmt.Printf("LOG "+f+"\n", v...) })
	cfg.Retryer = nil
	var wg sync.WaitGroup
	start := time.Now()
	for g := range 4 {
		wg.Go(func() {
			api := cloudformation.NewFromConfig(cfg)
			for i := range 200 {
				body := "# " + strings.Repeat("x", (i%50)*1000) + "\nResources: {T: {Type: 'AWS::SNS::Topic'}}\n"
				at := time.Now()
				_, err := api.CreateStack(context.Background(), &cloudformation.CreateStackInput{StackName: aws.String(fmt.Sprintf("s-%d-%d", g, i)), TemplateBody: &body})
				if err != nil {
					fmt.Println(err)
				}
				if d := time.Since(at); d > time.Second {
					fmt.Println("SLOW", d)
				}
			}
		})
	}
	wg.Wait()
	fmt.Println(n, time.Since(start))
}
