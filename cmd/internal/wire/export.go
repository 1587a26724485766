package wire

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/export"
	"stet/store"
	"stet/store/s3"
	"stet/store/view"
	"stet/store/wacz"
)

// Exporting completes the options of an export with what it reads, how that is
// weighed, and who signs: the domain whose certificate is configured, or the
// archive's key.
func (a *Archive) Exporting(ctx context.Context, c *config.Config, with Options, o *export.Options, sign bool) error {
	o.Archive, o.Private = a.Archive, archiver.IsPrivate
	o.View = func(at *store.Archive) *view.Reader { return a.Reader.At(at) }
	o.Temp = func() (export.File, error) { return newTemp(a.Dir) }
	if o.Format != export.WACZ || !sign {
		return nil
	}
	if c.Export.CertFile != "" {
		with = with.withDefaults()
		signer, err := a.domainSigner(c, with)
		o.Sign, o.Now = signer, with.Now
		return err
	}
	log, err := a.Heads.Log()
	if err != nil {
		return err
	}
	key, err := log.Key(ctx)
	if err != nil {
		return err
	}
	packages, err := key.Packages()
	if err != nil {
		return err
	}
	o.Sign = wacz.KeySigner{Key: packages}
	return nil
}

// temp is a temporary file that is removed when it is closed, or, where the
// system can, at once.
type temp struct {
	*os.File
	name string
}

// newTemp makes a temporary file in a folder, or, where that cannot be written,
// in the system's.
func newTemp(dir string) (*temp, error) {
	f, err := os.CreateTemp(dir, ".export-*")
	if err != nil {
		f, err = os.CreateTemp("", "stet-export-*")
	}
	if err != nil {
		return nil, err
	}
	t := &temp{File: f, name: f.Name()}
	if os.Remove(t.name) == nil {
		t.name = ""
	}
	return t, nil
}

// Close removes the file.
func (t *temp) Close() error {
	err := t.File.Close()
	if t.name != "" {
		err = errors.Join(err, os.Remove(t.name))
	}
	return err
}

// Uploads returns what stores streams in a bucket, and what ends that. Where
// storage.s3 is not set, the variables that other programs read say where the
// storage is and who asks: AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID
// and AWS_SECRET_ACCESS_KEY.
func Uploads(ctx context.Context, c *config.Config, o Options, bucket string, replace bool) (put func(context.Context, string, io.Reader) error, done func() error, err error) {
	roots, err := authorities(c, o.Getenv)
	if err != nil {
		return nil, nil, err
	}
	at := s3.Options{Endpoint: c.Storage.S3.Endpoint, Bucket: bucket, Region: c.Storage.S3.Region, AccessKey: c.Storage.S3.AccessKey,
		SecretKey: c.Storage.S3.SecretKey, RootCAs: roots}
	if at.Endpoint == "" {
		at.Endpoint = cmp.Or(o.Getenv("AWS_ENDPOINT_URL_S3"), o.Getenv("AWS_ENDPOINT_URL"), "https://s3.amazonaws.com")
		at.Region = cmp.Or(o.Getenv("AWS_REGION"), o.Getenv("AWS_DEFAULT_REGION"))
	}
	s, err := s3.Open(ctx, at)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, key string, r io.Reader) error { return s.Upload(ctx, key, r, replace) }, s.Close, nil
}
