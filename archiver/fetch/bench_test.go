package fetch_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
)

// BenchmarkExchange makes one recorded exchange after another over a kept
// connection inside the process, the server's work included: 3 KB of JSON,
// gzipped.
func BenchmarkExchange(b *testing.B) {
	for _, scheme := range []string{"http", "https"} {
		b.Run(scheme, func(b *testing.B) {
			n := fakenet.New(fakenet.Options{})
			defer n.Close()
			url := strings.Replace(n.Site("news.example").File("/post.json", "text/json", invented(3000)), "https", scheme, 1)
			c, err := fetch.New(n.FetchOptions())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Do(context.Background(), fetch.Request{URL: url}); err != nil {
					b.Fatal(err)
				}
				n.Forget()
			}
		})
	}
}

// BenchmarkStandard is the same with net/http's own client, which records
// nothing: the yardstick.
func BenchmarkStandard(b *testing.B) {
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	url := strings.Replace(n.Site("news.example").File("/post.json", "text/json", invented(3000)), "https", "http", 1)
	o := n.FetchOptions()
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return o.Dial(ctx, network, netip.AddrPortFrom(n.Address("news.example"), 80))
	}}}
	defer c.CloseIdleConnections()
	b.ReportAllocs()
	for b.Loop() {
		resp, err := c.Get(url)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		n.Forget()
	}
}

// BenchmarkWorkers runs 64 workers against 64 hosts that answer after 50 ms: it
// can reach 1,280 exchanges a second at most.
func BenchmarkWorkers(b *testing.B) {
	n := fakenet.New(fakenet.Options{Latency: 50 * time.Millisecond})
	defer n.Close()
	c, err := fetch.New(n.FetchOptions())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	urls := make(chan string)
	var wg sync.WaitGroup
	for i := range 64 {
		n.Site(fmt.Sprintf("h%d.example", i)).File("/post.json", "text/json", invented(3000))
		wg.Go(func() {
			for url := range urls {
				if _, err := c.Do(context.Background(), fetch.Request{URL: url}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	i := 0
	b.ResetTimer()
	for b.Loop() {
		urls <- fmt.Sprintf("https://h%d.example/post.json", i%64)
		i++
	}
	close(urls)
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}

// invented is about size bytes of JSON that compresses as real answers do.
func invented(size int) []byte {
	var sb strings.Builder
	for i := 0; sb.Len() < size; i++ {
		fmt.Fprintf(&sb, `{"id_str":"%d","text":"paragraph %x","user":{"screen_name":"user%d"}},`, i*7919, i*i*31, i)
	}
	return []byte(sb.String())
}
