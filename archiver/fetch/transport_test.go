package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	//lint:ignore SA1019 the library that v1.1 is asked through
	//nolint:staticcheck // archived upstream, and part of the project's brief
	"github.com/dghubble/go-twitter/twitter"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

// bearer adds the token that go-twitter's oauth2 client would add.
type bearer struct{ next http.RoundTripper }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer bearer")
	return b.next.RoundTrip(r)
}

func TestTransportUnderGoTwitter(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		x := w.net.X()
		x.Add(fakenet.Post{ID: "1229700000000000001", Text: "Bridges & tunnels", Author: fakenet.Person{Name: "Ada", Handle: "ada"}})
		var kept []store.Exchange
		client := twitter.NewClient(&http.Client{Transport: bearer{w.client.Transport(fetch.TransportOptions{
			Purpose: "post", Record: func(_ context.Context, ex store.Exchange) { kept = append(kept, ex) }})}})
		tweets, resp, err := client.Statuses.Lookup([]int64{20, 21, 1229700000000000001}, &twitter.StatusLookupParams{TweetMode: "extended"})
		if err != nil || resp.StatusCode != 200 || len(tweets) != 2 || tweets[1].FullText != "Bridges &amp; tunnels" || tweets[1].User.ScreenName != "ada" {
			w.Fatalf("%+v, %v", tweets, err)
		}
		ex := kept[0]
		if ex.Purpose != "post" || !ex.Private || !strings.Contains(string(ex.RequestHead), "Authorization: REDACTED") || len(ex.Body.Inline) == 0 ||
			ex.URL != "https://api.twitter.com/1.1/statuses/lookup.json?id=20%2C21%2C1229700000000000001&tweet_mode=extended" {
			w.Errorf("exchange %s %s", ex.URL, ex.RequestHead)
		}
		x.SetState("1229700000000000001", fakenet.Protected)
		_, resp, err = client.Statuses.Show(1229700000000000001, nil)
		var apiErr twitter.APIError
		if !errors.As(err, &apiErr) || apiErr.Errors[0].Code != 179 || resp.StatusCode != 403 || len(kept) != 2 || kept[1].Status != 403 {
			w.Errorf("%v, %d exchanges", err, len(kept))
		}
		// 429 is an answer; what comes next is refused without asking.
		w.net.Fault("api.twitter.com", "", fakenet.TooManyRequests(time.Hour))
		_, resp, err = client.Statuses.Show(20, nil)
		if resp == nil || resp.StatusCode != 429 {
			w.Errorf("429: %v", err)
		}
		_, _, err = client.Statuses.Show(20, nil)
		if !errors.Is(err, store.ErrRateLimited) || len(kept) != 3 {
			w.Errorf("after 429: %v, %d exchanges", err, len(kept))
		}
	})
}

func TestTransport(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.MaxBody = 1 << 20 }, func(w *world) {
		var kept []store.Exchange
		client := &http.Client{Transport: w.client.Transport(fetch.TransportOptions{
			SecretParams: []string{"key"}, Record: func(_ context.Context, ex store.Exchange) { kept = append(kept, ex) }})}
		text := strings.Repeat("hello ", 1000)
		w.net.Site("news.example").Page("/long", text)
		w.net.Site("news.example").Redirect("/moved", "/long")

		resp, err := client.Get("https://news.example/moved?key=swordfish")
		if err != nil {
			w.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if string(body) != text || resp.Header.Get("Content-Encoding") != "" || !resp.Uncompressed || resp.ContentLength != int64(len(text)) || resp.Request.URL.Path != "/long" {
			w.Errorf("decoded: %d bytes, %v", len(body), resp.Header)
		}
		if len(kept) != 2 || kept[0].Status != 301 || bytes.Contains(everything(w, kept[0]), []byte("swordfish")) {
			w.Errorf("%d exchanges", len(kept))
		}
		req, _ := http.NewRequest("GET", "https://news.example/long", nil)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err = client.Do(req)
		if err != nil || resp.Header.Get("Content-Encoding") != "gzip" || resp.Uncompressed {
			w.Fatalf("raw: %v, %v", resp.Header, err)
		}
		if body, _ = io.ReadAll(resp.Body); !bytes.Equal(body, kept[2].Body.Inline) {
			w.Errorf("raw: %d bytes, recorded %d", len(body), len(kept[2].Body.Inline))
		}
		for _, tt := range []struct {
			url   string
			fault fakenet.Fault
			class error
		}{
			{"http://127.0.0.1/", fakenet.Empty(), store.ErrRefused},
			{"https://news.example/", fakenet.Endless(), store.ErrTooLarge},
			{"https://news.example/", fakenet.GzipBomb(256 << 20), store.ErrTooLarge},
			{"https://news.example/", fakenet.Hang(), store.ErrNetwork},
			{"https://news.example/", fakenet.Reset(), store.ErrNetwork},
		} {
			kept = nil
			remove := w.net.Fault("news.example", "", tt.fault)
			_, err := client.Get(tt.url)
			remove()
			if !errors.Is(err, tt.class) || len(kept) != 1 || kept[0].ErrorClass == "" {
				w.Errorf("%s: %v, %d exchanges", tt.url, err, len(kept))
			}
		}
		req, _ = http.NewRequest("GET", "https://news.example/", nil)
		req.Host = "other.example"
		if _, err := client.Do(req); !errors.Is(err, store.ErrInvalid) {
			w.Errorf("other host: %v", err)
		}
	})
}
