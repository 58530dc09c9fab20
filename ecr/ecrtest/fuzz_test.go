package ecrtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// FuzzAPI: whatever is asked of an operation, the answer is JSON, and an error
// has a code.
func FuzzAPI(f *testing.F) {
	for _, op := range []string{"CreateRepository", "DescribeRepositories", "DescribeImages", "ListImages", "BatchGetImage", "BatchDeleteImage", "PutImageTagMutability", "TagResource"} {
		f.Add(op, `{"repositoryName":"app","imageIds":[{"imageTag":"v1"},{"imageDigest":"x:0"},{}],"nextToken":"YQ","maxResults":2}`)
	}
	f.Add("PutImage", `{"repositoryName":"app","imageTag":"v2","imageManifest":"{\"schemaVersion\":2,\"mediaType\":\"`+ociManifest+`\",\"config\":{}}"}`)
	f.Add("PutLifecyclePolicy", `{"repositoryName":"app","lifecyclePolicyText":"{\"rules\":[{\"rulePriority\":1,\"selection\":{\"tagStatus\":\"any\",\"countType\":\"imageCountMoreThan\",\"countNumber\":1},\"action\":{\"type\":\"expire\"}}]}"}`)
	f.Add("SetRepositoryPolicy", `{"repositoryName":"app","policyText":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\"}]}"}`)
	f.Fuzz(func(t *testing.T, op, body string) {
		cloud := ecrtest.New(ecrtest.Options{})
		cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1"}})
		w := httptest.NewRecorder()
		cloud.ServeHTTP(w, api(op, body))
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		if code, failed := answer["__type"].(string); failed != (w.Code != http.StatusOK) || failed && code == "" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// FuzzRegistry: whatever is sent to the registry, it answers with a status of
// the distribution protocol, and an image in it stays whole.
func FuzzRegistry(f *testing.F) {
	f.Add("GET", "app/manifests/v1", "", "")
	f.Add("PUT", "app/manifests/v2", `{"schemaVersion":2,"config":{"digest":"x"}}`, "")
	f.Add("PUT", "app/manifests/sha256:00", `{}`, "")
	f.Add("POST", "app/blobs/uploads/?mount=a&from=b&digest=c", "foo", "")
	f.Add("PATCH", "app/blobs/uploads/1", "foo", "0-2")
	f.Add("DELETE", "app/manifests/v1", "", "")
	f.Add("GET", "a/tags/b/blobs/x", "", "bytes=0-")
	f.Fuzz(func(t *testing.T, method, path, body, part string) {
		b := newBench(t, ecrtest.Options{Mounts: true})
		digest := b.cloud.AddImage("other", ecrtest.Image{Tags: []string{"v1"}})
		r, err := http.NewRequestWithContext(t.Context(), method, "http://registry/v2/"+path, strings.NewReader(body))
		if err != nil {
			return // no client could send it
		}
		r.Header.Set("Content-Type", ociManifest)
		r.Header.Set("Content-Range", part)
		r.Header.Set("Range", part)
		r.SetBasicAuth("AWS", b.password())
		answer, err := b.cloud.RoundTrip(r)
		if err != nil || answer.StatusCode < 200 || answer.StatusCode > 499 {
			t.Fatalf("%v, %+v", err, answer)
		}
		if images := b.cloud.Images("other"); strings.HasPrefix(path, "app/") && (len(images) != 1 || images[0].Digest != digest) {
			t.Errorf("%+v", images)
		}
	})
}

// TestManyAtOnce is for the race detector.
func TestManyAtOnce(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	img := randomImage(t)
	options := b.remote()
	var wait sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wait.Go(func() {
			b.cloud.AddRepository(fmt.Sprint("many", i%3))
			errs[i] = errors.Join(
				writeTo(ref(t, fmt.Sprintf("many%d:v%d", i%3, i)), img, options),
				b.describe("app"),
			)
			if _, err := b.client.ListImages(t.Context(), &awsecr.ListImagesInput{RepositoryName: new("many0")}); err != nil && i%3 == 0 {
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if images := b.cloud.Images("many0"); len(images) != 1 || len(images[0].Tags) != 7 {
		t.Errorf("%+v", images)
	}
}
