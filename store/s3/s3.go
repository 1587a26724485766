package s3

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"stet/store"
)

// PartSize is the size of the parts of large uploads, in bytes: with the
// 10,000 parts that the interface allows it is enough for 160 GB.
const PartSize = 16 << 20

// Options say where the bucket is and who asks.
type Options struct {
	// Endpoint is the address of the storage: a URL, or a host with or without
	// port, which is asked over https.
	Endpoint string
	// Bucket is the name of the bucket; it must exist.
	Bucket string
	// Prefix is put before every key, without a slash at its end; "" is none.
	Prefix string
	// Region is that of the bucket; "" asks the storage.
	Region string
	// AccessKey and SecretKey are the credentials. Without them those of the
	// environment (AWS_ACCESS_KEY_ID …) or of the machine's role are used.
	AccessKey string
	SecretKey string
	// Renew returns the credentials again: they are asked for now and then, and
	// may have been changed; nil keeps the first ones. Now is the clock for it;
	// nil is the machine's.
	Renew func() (access, secret string, err error)
	Now   func() time.Time
	// MayBeAway opens the bucket also where the storage does not answer: what is
	// asked of it then errors with ErrUnavailable, and works once it is back.
	MayBeAway bool
	// RootCAs are the authorities that are trusted; nil are the system's.
	RootCAs *x509.CertPool
	// Retries is how often a request is made in all where the storage has trouble;
	// 0 is three times, within some seconds.
	Retries int
	// Transport replaces the HTTP transport, for tests.
	Transport http.RoundTripper
}

// Store is a bucket. It implements [store.Objects] and is safe for concurrent
// use.
type Store struct {
	client *minio.Client
	bucket string
	prefix string
	place  string
	idle   func()
}

var (
	_ store.Objects = (*Store)(nil)
	_ store.Prober  = (*Store)(nil)
)

// Open looks whether the bucket can be used. The caller closes it.
//
// It errors with ErrUsage where the address or the credentials are wrong, with
// ErrNoStore where there is no such bucket, and with ErrUnavailable where the
// storage cannot be reached.
func Open(ctx context.Context, o Options) (*Store, error) {
	host, secure, err := endpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	if o.Bucket == "" {
		return nil, fmt.Errorf("%w: the bucket is not named", store.ErrUsage)
	}
	creds := credentials.NewStaticV4(o.AccessKey, o.SecretKey, "")
	switch {
	case o.AccessKey != "" && o.Renew != nil:
		r := &renewed{renew: o.Renew, now: o.Now, last: credentials.Value{AccessKeyID: o.AccessKey, SecretAccessKey: o.SecretKey, SignerType: credentials.SignatureV4}}
		if r.now == nil {
			r.now = time.Now
		}
		creds = credentials.New(r)
	case o.AccessKey == "":
		creds = credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.IAM{}})
	}
	transport := o.Transport
	idle := func() {}
	if transport == nil {
		t := newTransport(o.RootCAs)
		transport, idle = t, t.CloseIdleConnections
	}
	client, err := minio.New(host, &minio.Options{Creds: creds, Secure: secure, Region: o.Region, Transport: transport, MaxRetries: cmp.Or(o.Retries, 3)})
	if err != nil {
		return nil, fmt.Errorf("%w: the address of the storage, %q: %w", store.ErrUsage, o.Endpoint, err)
	}
	s := &Store{client: client, bucket: o.Bucket, prefix: strings.Trim(o.Prefix, "/"), idle: idle}
	s.place = "bucket " + o.Bucket + " at " + host
	if s.prefix != "" {
		s.place += ", under " + s.prefix
		s.prefix += "/"
	}
	if err := s.look(ctx); err != nil && (!o.MayBeAway || !errors.Is(err, store.ErrUnavailable)) {
		return nil, err
	}
	return s, nil
}

// openTime is how long the storage may take to say whether the bucket is there.
const openTime = 10 * time.Second

// look looks whether the bucket is there and may be used.
func (s *Store) look(ctx context.Context) error {
	late, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	there, err := s.client.BucketExists(late, s.bucket)
	switch {
	case err != nil && late.Err() != nil && ctx.Err() == nil:
		return fmt.Errorf("%w: the %s does not answer within %v; look whether it runs, and whether it can be reached from here (storage.s3.endpoint)", store.ErrUnavailable, s.place, openTime)
	case err != nil:
		return fmt.Errorf("opening the %s: %w", s.place, opening(ctx, err))
	case !there:
		return fmt.Errorf("%w: there is no %s; create it and run the same command again", store.ErrNoStore, s.place)
	}
	return nil
}

// endpoint reads the address of a storage.
func endpoint(address string) (host string, secure bool, err error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" {
		return "", false, fmt.Errorf("%w: %q is no address of a storage; it is written https://HOST or https://HOST:PORT", store.ErrUsage, address)
	}
	return u.Host, u.Scheme == "https", nil
}

func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		DisableCompression:    true, // what is stored is compressed already
	}
}

// Close ends the idle connections. It may be called again.
func (s *Store) Close() error {
	s.idle()
	return nil
}

// Probe implements [store.Prober]: it asks for the bucket's head.
func (s *Store) Probe(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.bucket)
	if err == nil && !there {
		err = fmt.Errorf("%w: there is no such bucket", store.ErrUnavailable)
	}
	if err != nil {
		return fmt.Errorf("asking for the %s: %w", s.place, classify(ctx, err))
	}
	return nil
}

// Place implements [store.Objects].
func (s *Store) Place() string { return s.place }

// key is the name of a blob's object.
func (s *Store) key(d store.Digest) string {
	h := hex.EncodeToString(d[:])
	return s.prefix + h[:2] + "/" + h[2:]
}

// digestOf reads the name of an object; false where it is not one of ours.
func (s *Store) digestOf(key string) (d store.Digest, ok bool) {
	rest, ok := strings.CutPrefix(key, s.prefix)
	if !ok || len(rest) != 2*len(d)+1 || rest[2] != '/' {
		return d, false
	}
	b, err := hex.DecodeString(rest[:2] + rest[3:])
	if err != nil || len(b) != len(d) {
		return d, false
	}
	return store.Digest(b), true
}

// Put implements [store.Objects].
func (s *Store) Put(ctx context.Context, d store.Digest, r io.ReadSeeker, size int64) error {
	o := minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: PartSize, NumThreads: 2}
	o.SetMatchETagExcept("*")
	_, err := s.client.PutObject(ctx, s.bucket, s.key(d), r, size, o)
	if err != nil && conditional(err) {
		return s.putBeside(ctx, d, r, size, err)
	}
	return s.failed(ctx, err, "storing", d)
}

// conditional reports whether an upload failed because of its condition: the
// object is there, somebody else is uploading it, or the storage does not know
// conditions.
func conditional(err error) bool {
	switch r := minio.ToErrorResponse(err); {
	case r.StatusCode == http.StatusPreconditionFailed, r.StatusCode == http.StatusConflict, r.StatusCode == http.StatusNotImplemented:
		return true
	default:
		return r.Code == "PreconditionFailed" || r.Code == "ConditionalRequestConflict" || r.Code == "NotImplemented"
	}
}

// putBeside follows an upload that its condition stopped. Where the object is
// there with the right size there is nothing to do; else it is uploaded without
// condition: the same digest is the same bytes.
func (s *Store) putBeside(ctx context.Context, d store.Digest, r io.ReadSeeker, size int64, cause error) error {
	info, err := s.client.StatObject(ctx, s.bucket, s.key(d), minio.StatObjectOptions{})
	if err == nil && info.Size == size {
		return nil
	}
	if err != nil && !absent(err) {
		return s.failed(ctx, errors.Join(err, cause), "storing", d)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading blob %s again: %w", d, err)
	}
	_, err = s.client.PutObject(ctx, s.bucket, s.key(d), r, size,
		minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: PartSize, NumThreads: 2})
	return s.failed(ctx, err, "storing", d)
}

// Open implements [store.Objects].
func (s *Store) Open(ctx context.Context, d store.Digest) (store.BlobReader, error) {
	info, err := s.client.StatObject(ctx, s.bucket, s.key(d), minio.StatObjectOptions{})
	if err != nil {
		return nil, s.failed(ctx, err, "opening", d)
	}
	return &reader{s: s, ctx: ctx, digest: d, size: info.Size}, nil
}

// Remove implements [store.Objects].
func (s *Store) Remove(ctx context.Context, d store.Digest) error {
	err := s.client.RemoveObject(ctx, s.bucket, s.key(d), minio.RemoveObjectOptions{})
	if absent(err) {
		return nil
	}
	return s.failed(ctx, err, "removing", d)
}

// Objects implements [store.Objects].
func (s *Store) Objects(ctx context.Context, after store.Digest, limit int) ([]store.BlobInfo, error) {
	limit = cmp.Or(limit, 1000)
	o := minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true, MaxKeys: min(limit, 1000)}
	if after != (store.Digest{}) {
		o.StartAfter = s.key(after)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var list []store.BlobInfo
	for info := range s.client.ListObjectsIter(ctx, s.bucket, o) {
		if info.Err != nil {
			return nil, fmt.Errorf("listing the %s: %w", s.place, classify(ctx, info.Err))
		}
		// A storage that does not keep to the start is not believed.
		if d, ok := s.digestOf(info.Key); ok && string(d[:]) > string(after[:]) {
			list = append(list, store.BlobInfo{Digest: d, Size: info.Size, Stored: info.LastModified.UTC()})
		}
		if len(list) == limit {
			break
		}
	}
	return list, nil
}
