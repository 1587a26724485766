//go:build unix

package archiver_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/page"
	"stet/extract"
	"stet/extract/sites"
	"stet/store"
	"stet/store/bolt"
)

// BenchmarkLinks captures an article with 100 linked pages of 25 hosts, and lets
// wget fetch the same pages, through the same proxy into the same fake internet
// that answers after 20 ms. Neither pauses between requests. What stet does
// beside fetching (reading the pages, recording, committing to disk) is in its
// time.
func BenchmarkLinks(b *testing.B) {
	wget, err := exec.LookPath("wget")
	if err != nil {
		b.Skip("wget is not on this machine, and there is nothing to compare with")
	}
	net := fakenet.New(fakenet.Options{Now: time.Now, Latency: 20 * time.Millisecond})
	b.Cleanup(func() { _ = net.Close() })
	var all []string
	for n := range 100 {
		body := sheet(fmt.Sprintf("Pier %d", n), fmt.Sprintf("The pier of the %dth harbour is long, and the ferry late.", n)) +
			strings.Repeat("<div class=\"teaser\"><a href=\"/more\">More of it</a></div>\n", 500)
		all = append(all, net.Site(fmt.Sprintf("harbour%d.example", n%25)).Page(fmt.Sprintf("/%d", n), body))
	}
	story := net.Site("news.example").Page("/a", linking(all...))
	env, err := net.Env(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	ours, theirs := time.Hour, time.Hour
	for b.Loop() {
		ours = min(ours, captureOnce(b, net, env, story, len(all)))
		theirs = min(theirs, wgetOnce(b, wget, env, all))
	}
	b.ReportMetric(float64(ours.Milliseconds()), "stet-ms")
	b.ReportMetric(float64(theirs.Milliseconds()), "wget-ms")
	if ours > theirs {
		b.Errorf("stet took %v, wget %v", ours, theirs)
	}
}

func value(env []string, name string) string {
	for _, v := range env {
		if s, ok := strings.CutPrefix(v, name+"="); ok {
			return s
		}
	}
	return ""
}

// captureOnce captures the story into a new archive on disk.
func captureOnce(b *testing.B, net *fakenet.Net, env []string, story string, pages int) time.Duration {
	b.Helper()
	disk, err := bolt.Open(b.Context(), b.TempDir(), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = disk.Close() }()
	archive := store.NewArchive(store.Parts{Backend: disk, Blobs: disk, Now: time.Now, Random: rand.Reader})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(net.CAPEM())
	client, err := fetch.New(fetch.Options{Proxy: value(env, "HTTPS_PROXY"), RootCAs: roots, Getenv: func(string) string { return "" }, PerHostInterval: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	finder := extract.NewFinder(sites.All())
	engine := archiver.New(archiver.Options{Archive: archive, Client: client, Finder: finder,
		Pages: page.New(page.Options{Client: client, Finder: finder, Readable: readableText(finder)})})
	start := time.Now()
	res := engine.CapturePage(b.Context(), story, archiver.CaptureOptions{Links: archiver.LinksArticle})
	took := time.Since(start)
	if !res.OK || len(res.Links) != pages+1 {
		b.Fatalf("%d links, %s", len(res.Links), res.Error)
	}
	return took
}

// wgetOnce fetches the pages into a new folder.
func wgetOnce(b *testing.B, wget string, env, all []string) time.Duration {
	b.Helper()
	dir := b.TempDir()
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, []byte(strings.Join(all, "\n")), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), wget, "--quiet", "--ca-certificate="+value(env, "SSL_CERT_FILE"), "--force-directories", "--directory-prefix="+dir, "--input-file="+list)
	cmd.Env = append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	var told bytes.Buffer
	cmd.Stderr = &told
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("wget: %v: %s", err, told.String())
	}
	return time.Since(start)
}
