package s3_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"stet/store"
	"stet/store/s3"
	"stet/store/servertest"
	"stet/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

func options(t testing.TB) s3.Options {
	server := servertest.S3(t)
	return s3.Options{Endpoint: server.Endpoint, Bucket: server.Bucket(t), AccessKey: server.AccessKey, SecretKey: server.SecretKey}
}

func TestObjects(t *testing.T) {
	for _, prefix := range []string{"", "newsroom/blobs"} {
		t.Run("under "+prefix, func(t *testing.T) {
			storetest.RunObjects(t, func(t *testing.T) store.Objects {
				o := options(t)
				o.Prefix = prefix
				s, err := s3.Open(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}

func TestOpenErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*s3.Options)
		want   error
	}{
		{"no bucket", func(o *s3.Options) { o.Bucket = "" }, store.ErrUsage},
		{"a bucket that does not exist", func(o *s3.Options) { o.Bucket = "elsewhere" }, store.ErrNoStore},
		{"a wrong secret", func(o *s3.Options) { o.SecretKey = "wrong" }, store.ErrUsage},
		{"an unknown key", func(o *s3.Options) { o.AccessKey = "nobody" }, store.ErrUsage},
		{"an address with a path", func(o *s3.Options) { o.Endpoint += "/bucket" }, store.ErrUsage},
		{"an address that is none", func(o *s3.Options) { o.Endpoint = "ftp://127.0.0.1" }, store.ErrUsage},
		{"https where http is spoken", func(o *s3.Options) { o.Endpoint = "https" + strings.TrimPrefix(o.Endpoint, "http") }, store.ErrUsage},
		{"nobody there", func(o *s3.Options) { o.Endpoint = "http://127.0.0.1:1" }, store.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t)
			tt.change(&o)
			s, err := s3.Open(t.Context(), o)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want: %v", err, tt.want)
			}
			if s != nil {
				t.Error("a store was returned")
			}
		})
	}
}
