// Package s3test holds an Amazon S3 in memory, as far as this module uses it.
//
//	store := s3test.New(s3test.Options{Region: "us-east-1", Account: "123456789012"})
//	store.AddBucket("automation-templates")
//	http.Serve(listener, store)
//
// A [Store] speaks the service's wire protocol, with the name of the bucket in the
// path or in the host, and decodes the chunks in which the SDKs send what they sum up
// on the way. Buckets may keep versions; preconditions, checksums of SHA-256 and the
// expected owner are checked.
//
// The lifecycle of a bucket and its block of public access are kept as they are given,
// and not carried out. It has no multipart uploads, access control or encryption, and
// it checks no signatures.
package s3test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Options say whose a Store is.
type Options struct {
	Region  string // such as "us-east-1"
	Account string // that all buckets belong to; a call may expect it
}

// Store is an S3. It is safe for concurrent use.
type Store struct {
	opts Options

	mu      sync.Mutex
	buckets map[string]*bucket
	serial  int
}

type bucket struct {
	name      string
	created   time.Time
	versioned bool
	objects   map[string][]*version // newest first
	settings  map[string][]byte     // by the operation that reads them
}

// version is an object, or a delete marker, at some time.
type version struct {
	key, id, etag string
	body          []byte
	header        http.Header // what comes back as it was given
	modified      time.Time
	marker        bool
}

// New returns a Store without buckets.
func New(opts Options) *Store {
	return &Store{opts: opts, buckets: make(map[string]*bucket)}
}

// Error is an answer that is not a success.
type Error struct {
	Status  int
	Code    string // "NoSuchBucket"
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (Service: S3, Status Code: %d)", e.Message, e.Status)
}

func noBucket() *Error {
	return &Error{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"}
}

// AddBucket makes a bucket without versions, unless it is there.
func (s *Store) AddBucket(name string) { _ = s.Create(name, false) }

// Create makes a bucket. It fails where there is one of that name.
func (s *Store) Create(name string, versioned bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil {
		return &Error{http.StatusConflict, "BucketAlreadyOwnedByYou", name + " already exists"}
	}
	s.buckets[name] = &bucket{name: name, created: time.Now(), versioned: versioned, objects: make(map[string][]*version), settings: make(map[string][]byte)}
	return nil
}

// Remove deletes a bucket. One that has objects, or versions of them, is refused;
// one that is not there is no error.
func (s *Store) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil && len(b.objects) > 0 {
		return &Error{http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty"}
	}
	delete(s.buckets, name)
	return nil
}

// Buckets are the names of the buckets, sorted.
func (s *Store) Buckets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.buckets))
}

// Objects is how many versions and delete markers a bucket holds.
func (s *Store) Objects(name string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		for _, versions := range b.objects {
			n += len(versions)
		}
	}
	return n
}

// Put stores an object, as PutObject does. It fails where there is no such bucket.
func (s *Store) Put(bucketName, key string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return noBucket()
	}
	s.put(b, key, body, nil)
	return nil
}

// Read returns the object that a URL of S3 points to, and whether there is one.
func (s *Store) Read(address string) ([]byte, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, false
	}
	name, key := locate(u.Host, u.Path)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	if b == nil {
		return nil, false
	}
	v := b.latest(key)
	if v == nil {
		return nil, false
	}
	return v.body, true
}

// put stores what becomes the newest version of key, and the only one of a bucket
// that keeps none.
func (s *Store) put(b *bucket, key string, body []byte, header http.Header) *version {
	v := &version{key: key, etag: etag(body), body: body, header: header, modified: time.Now()}
	s.add(b, v)
	return v
}

func (s *Store) add(b *bucket, v *version) {
	s.serial++
	v.id = "null"
	if !b.versioned {
		b.objects[v.key] = []*version{v}
		return
	}
	v.id = fmt.Sprintf("v%031d", s.serial)
	b.objects[v.key] = append([]*version{v}, b.objects[v.key]...)
}

// latest is the newest version of key; nil where it is not there, or deleted.
func (b *bucket) latest(key string) *version {
	if versions := b.objects[key]; len(versions) > 0 && !versions[0].marker {
		return versions[0]
	}
	return nil
}

// find is the version of key that has an id, or the latest where the id is "".
func (b *bucket) find(key, id string) *version {
	if id == "" {
		return b.latest(key)
	}
	for _, v := range b.objects[key] {
		if v.id == id {
			return v
		}
	}
	return nil
}

// remove deletes a version of key for good; without an id it hides the object behind
// a delete marker, where the bucket keeps versions. It returns the marker it made.
func (s *Store) remove(b *bucket, key, id string) *version {
	if id == "" && b.versioned {
		v := &version{key: key, marker: true, modified: time.Now()}
		s.add(b, v)
		return v
	}
	b.objects[key] = slices.DeleteFunc(b.objects[key], func(v *version) bool { return id == "" || v.id == id })
	if len(b.objects[key]) == 0 {
		delete(b.objects, key)
	}
	return nil
}
