package fetch_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

// world is a fake internet with a client in it.
type world struct {
	*testing.T
	net    *fakenet.Net
	client *fetch.Client
}

// inWorld runs a test in a bubble in which time passes only while everybody
// waits, and which fails where a goroutine is left over. change may alter the
// client's options.
func inWorld(t *testing.T, change func(*fetch.Options), test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := fakenet.New(fakenet.Options{})
		o := net.FetchOptions()
		o.Retries = -1
		if change != nil {
			change(&o)
		}
		client, err := fetch.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		defer client.Close()
		net.Site("news.example").Page("/", "<p>hello")
		test(&world{T: t, net: net, client: client})
	})
}

// get makes a request and checks what must hold of every answer.
func (w *world) get(url string) (*fetch.Response, error) {
	w.Helper()
	return w.do(fetch.Request{URL: url})
}

func (w *world) do(r fetch.Request) (*fetch.Response, error) {
	w.Helper()
	res, err := w.client.Do(context.Background(), r)
	w.check(res, err)
	return res, err
}

// check holds an answer against the contract of store.Exchange.
func (w *world) check(res *fetch.Response, err error) {
	w.Helper()
	for i := range res.Exchanges {
		ex := &res.Exchanges[i]
		if ex.Started.IsZero() || ex.Method == "" || ex.URL == "" || ex.Took < 0 {
			w.Errorf("exchange %d: started %v, %q %q, took %v", i, ex.Started, ex.Method, ex.URL, ex.Took)
		}
		if (ex.Error == "") != (ex.ErrorClass == "") {
			w.Errorf("exchange %d: error %q, class %q", i, ex.Error, ex.ErrorClass)
		}
		if (ex.Status != 0) != (len(ex.ResponseHead) > 0) {
			w.Errorf("exchange %d: status %d with a head of %d bytes", i, ex.Status, len(ex.ResponseHead))
		}
		b := ex.Body
		if b.Blob.IsZero() && b.Digest != emptyOr(b.Inline) || int64(len(b.Inline)) != b.Size && b.Blob.IsZero() {
			w.Errorf("exchange %d: body %d bytes, digest %v, inline %d", i, b.Size, b.Digest, len(b.Inline))
		}
	}
	if err == nil {
		return
	}
	if c := store.ClassOf(err).Name; c == "internal" {
		w.Errorf("error without a class: %v", err)
	}
	var limited *fetch.RateLimitError
	if n := len(res.Exchanges); n > 0 && !errors.As(err, &limited) && res.Exchanges[n-1].Error == "" && !between(&res.Exchanges[n-1], err) {
		w.Errorf("the error is not recorded: %v", err)
	}
}

// between reports whether an error came between two exchanges: on the way to
// where an answer redirected, or when the caller's time was over before a
// refused or failed request was made again.
func between(last *store.Exchange, err error) bool {
	ended := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	return last.Status/100 == 3 || ended && (last.Status == http.StatusTooManyRequests || last.Status >= 500)
}

func emptyOr(b []byte) store.Digest {
	if len(b) == 0 {
		return store.Digest{}
	}
	return store.DigestOf(b)
}

// wantClass fails unless err is of the class.
func (w *world) wantClass(err error, class error) {
	w.Helper()
	if !errors.Is(err, class) {
		w.Errorf("error %v, want the class %q", err, class)
	}
}
