package s3_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"stet/store"
	"stet/store/s3"
)

// A stream is stored whole or not at all, and takes nothing's place unasked.
func TestUpload(t *testing.T) {
	o := options(t)
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	if err := s.Upload(ctx, "exports/a b.txt", strings.NewReader("words"), false); err != nil {
		t.Fatal(err)
	}
	if err := s.Upload(ctx, "exports/a b.txt", strings.NewReader("others"), false); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a key that is taken: %v", err)
	}
	pulled := errors.New("the plug was pulled")
	if err := s.Upload(ctx, "exports/half", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(pulled)), false); !errors.Is(err, pulled) {
		t.Errorf("a reader that fails: %v", err)
	}
	client, err := minio.New(strings.TrimPrefix(o.Endpoint, "http://"), &minio.Options{Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	read := func(key string) (string, error) {
		r, err := client.GetObject(ctx, o.Bucket, key, minio.GetObjectOptions{})
		if err != nil {
			return "", err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		return string(b), err
	}
	if got, err := read("exports/a b.txt"); err != nil || got != "words" {
		t.Errorf("stored is %q, %v", got, err)
	}
	if got, err := read("exports/half"); err == nil {
		t.Errorf("half an upload is stored: %q", got)
	}
	if err := s.Upload(ctx, "exports/a b.txt", strings.NewReader("others"), true); err != nil {
		t.Fatal(err)
	}
	if got, err := read("exports/a b.txt"); err != nil || got != "others" {
		t.Errorf("replaced is %q, %v", got, err)
	}
}
