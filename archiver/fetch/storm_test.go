package fetch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
)

// TestStorm makes many requests at once while hosts fail in every way and some
// callers lose patience: every outcome keeps the contract, nothing is left
// running, and the hosts are well afterwards.
func TestStorm(t *testing.T) {
	faults := []fakenet.Fault{
		fakenet.Status(500), fakenet.Status(404), fakenet.Reset(), fakenet.Hang(), fakenet.Truncated(), fakenet.Garbage(), fakenet.Drip(time.Second),
		fakenet.Endless(), fakenet.GzipBomb(8 << 20), fakenet.RedirectLoop(), fakenet.RedirectTo("http://10.0.0.1/"), fakenet.TooManyRequests(3 * time.Second),
		fakenet.NoDNS(), fakenet.RefuseConnections(), fakenet.SilentConnections(), fakenet.ExpiredCertificate(), fakenet.HugeHead(1 << 20), fakenet.Empty(),
	}
	inWorld(t, func(o *fetch.Options) {
		o.Retries, o.RetryDelay, o.Timeout, o.PerHostInterval = 2, time.Second, 5*time.Second, 50*time.Millisecond
		o.MaxBody, o.MaxBytes, o.MaxIdle = 1<<20, 1<<20, 3
	}, func(w *world) {
		rng := rand.New(rand.NewPCG(1, 2))
		var hosts []string
		for i := range 8 {
			host := fmt.Sprintf("h%d.example", i)
			w.net.Site(host).Page("/", "well")
			hosts = append(hosts, host)
		}
		var wg sync.WaitGroup
		for range 300 {
			host, patience := hosts[rng.IntN(len(hosts))], time.Duration(rng.IntN(60000))*time.Millisecond
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				res, err := w.client.Do(ctx, fetch.Request{URL: "https://" + host + "/"})
				w.check(res, err)
			})
			if rng.IntN(3) == 0 {
				w.net.Fault(host, "", faults[rng.IntN(len(faults))].Times(1+rng.IntN(3)))
			}
			time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		}
		wg.Wait()
		w.net.Heal()
		time.Sleep(time.Minute)
		for _, host := range hosts {
			if res, err := w.get("https://" + host + "/"); err != nil || string(res.Body) != "well" {
				w.Errorf("%s afterwards: %q, %v", host, res.Body, err)
			}
		}
	})
}
