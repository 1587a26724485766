package ingest_test

import (
	"bufio"
	"cmp"
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"stet/archiver/ingest"
	"stet/extract"
	"stet/extract/twitter"
	"stet/store"
	"stet/store/bolt"
	"stet/store/warc"
)

// inventor invents statuses in the shape of those that twarc collects: members,
// lengths and the share of answers, repetitions and pictures follow real
// collections.
type inventor struct{ r *rand.Rand }

func (v inventor) words(n int) string {
	parts := [...]string{"ba", "con", "de", "el", "fir", "gan", "ho", "in", "ja", "ker", "lo", "mi", "nor", "os", "pre", "qui", "ra", "sta", "ter", "un", "ver", "wil"}
	var b strings.Builder
	for b.Len() < n {
		for range 1 + v.r.IntN(3) {
			b.WriteString(parts[v.r.IntN(len(parts))])
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

func (v inventor) user() string {
	id := v.r.IntN(200_000)
	return fmt.Sprintf(`{"id":%d,"id_str":"%d","name":"Invented Person %d","screen_name":"person%d","location":%q,"description":%q,"url":null,`+
		`"entities":{"description":{"urls":[]}},"protected":false,"followers_count":%d,"friends_count":%d,"listed_count":12,`+
		`"created_at":"Mon Mar 01 12:00:00 +0000 2010","favourites_count":%d,"utc_offset":null,"time_zone":null,"geo_enabled":true,"verified":false,`+
		`"statuses_count":%d,"lang":null,"contributors_enabled":false,"is_translator":false,"is_translation_enabled":false,`+
		`"profile_background_color":"C0DEED","profile_background_image_url":"http://abs.twimg.com/images/themes/theme1/bg.png",`+
		`"profile_background_image_url_https":"https://abs.twimg.com/images/themes/theme1/bg.png","profile_background_tile":false,`+
		`"profile_image_url":"http://pbs.twimg.com/profile_images/%d/face_normal.jpg","profile_image_url_https":"https://pbs.twimg.com/profile_images/%d/face_normal.jpg",`+
		`"profile_link_color":"1DA1F2","profile_sidebar_border_color":"C0DEED","profile_sidebar_fill_color":"DDEEF6","profile_text_color":"333333",`+
		`"profile_use_background_image":true,"has_extended_profile":false,"default_profile":true,"default_profile_image":false,`+
		`"following":null,"follow_request_sent":null,"notifications":null,"translator_type":"none"}`,
		id, id, id, id, v.words(12), v.words(100), v.r.IntN(5000), v.r.IntN(900), v.r.IntN(20000), v.r.IntN(90000), id*77, id*77)
}

func (v inventor) status(id int64, more string) string {
	media := ""
	if v.r.IntN(4) == 0 {
		media = fmt.Sprintf(`,"media":[{"id":%d,"id_str":"%d","indices":[100,123],"media_url":"http://pbs.twimg.com/media/E%d.jpg","media_url_https":"https://pbs.twimg.com/media/E%d.jpg",`+
			`"url":"https://t.co/p%d","display_url":"pic.twitter.com/p%d","expanded_url":"https://twitter.com/person/status/%d/photo/1","type":"photo",`+
			`"sizes":{"thumb":{"w":150,"h":150,"resize":"crop"},"large":{"w":1200,"h":900,"resize":"fit"}}}]`, id+1, id+1, id, id, id, id, id)
	}
	return fmt.Sprintf(`{"created_at":"Tue Nov 08 09:00:00 +0000 2022","id":%d,"id_str":"%d","full_text":%q,"truncated":false,"display_text_range":[0,120],`+
		`"entities":{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[]%s},"extended_entities":{"media":[]},"source":"<a href=\"https://example.com\" rel=\"nofollow\">Client</a>",`+
		`"in_reply_to_status_id":null,"in_reply_to_status_id_str":null,"in_reply_to_user_id":null,"in_reply_to_user_id_str":null,"in_reply_to_screen_name":null,`+
		`"user":%s,"geo":null,"coordinates":null,"place":null,"contributors":null,"is_quote_status":false,"retweet_count":%d,"favorite_count":%d,`+
		`"favorited":false,"retweeted":false,"possibly_sensitive":false,"lang":"en"%s}`,
		id, id, v.words(60+v.r.IntN(160)), media, v.user(), v.r.IntN(300), v.r.IntN(900), more)
}

// collection writes a file of n lines.
func collection(b *testing.B, n int) (name string, size int64) {
	b.Helper()
	name = filepath.Join(b.TempDir(), "collection.jsonl")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	v := inventor{rand.New(rand.NewPCG(1, 2))}
	for i := range int64(n) {
		if _, err := w.WriteString(v.status(1_590_000_000_000_000_000+i*1_000_003, "") + "\n"); err != nil {
			b.Fatal(err)
		}
	}
	info, err := f.Stat()
	if err = cmp.Or(w.Flush(), err, f.Close()); err != nil {
		b.Fatal(err)
	}
	return name, info.Size()
}

// recordings writes a web archive of n answers of X's interface, as those who
// record what twarc asks have them: each with its digests, packed by itself.
func recordings(b *testing.B, n int) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "recordings.warc.gz")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	w := warc.NewWriter(out, 0)
	v := inventor{rand.New(rand.NewPCG(1, 2))}
	at := time.Date(2022, 11, 9, 0, 0, 0, 0, time.UTC)
	for i := range int64(n) {
		id := 1_590_000_000_000_000_000 + i*1_000_003
		body := []byte(v.status(id, ""))
		name := store.DigestOf(fmt.Append(nil, id))
		if _, err := w.Write(&warc.Record{Type: warc.TypeResponse, ID: warc.DigestID(name, "response"), Date: at.Add(time.Duration(i) * time.Millisecond),
			TargetURI: fmt.Sprint("https://api.twitter.com/1.1/statuses/show.json?id=", id), ContentType: warc.MediaResponse,
			Head: []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"), Held: body, PayloadDigest: store.DigestOf(body)}); err != nil {
			b.Fatal(err)
		}
	}
	if err = cmp.Or(out.Flush(), f.Close()); err != nil {
		b.Fatal(err)
	}
	return name
}

// BenchmarkImport imports a collection of twarc into an archive on a disk,
// every commit durable.
func BenchmarkImport(b *testing.B) {
	n := benchLines(b)
	name, _ := collection(b, n)
	importing(b, name, n)
}

// BenchmarkImportWARC is the same with a web archive.
func BenchmarkImportWARC(b *testing.B) {
	n := benchLines(b)
	importing(b, recordings(b, n), n)
}

func benchLines(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("STET_BENCH_LINES"), "20000"))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// importing imports a file of n posts.
func importing(b *testing.B, name string, n int) {
	b.Helper()
	for b.Loop() {
		disk, err := bolt.Open(b.Context(), b.TempDir(), bolt.Options{})
		if err != nil {
			b.Fatal(err)
		}
		kept := 0
		most := watchMemory(b)
		start, busy := time.Now(), processor()
		err = ingest.File(b.Context(), ingest.Options{
			Archive: store.NewArchive(store.Parts{Backend: disk, Blobs: disk, Now: time.Now, Random: crand.Reader}),
			Finder:  extract.NewFinder([]extract.Site{twitter.Site{}}),
			Report: func(i ingest.Item) error {
				if i.Outcome == ingest.Kept {
					kept++
				}
				return nil
			},
			Request: func(context.Context, string) error { return nil },
		}, name)
		took := time.Since(start)
		if err != nil || kept != n {
			b.Fatalf("%d of %d were kept: %v", kept, n, err)
		}
		b.ReportMetric(float64(n)/took.Seconds(), "posts/s")
		b.ReportMetric(float64((processor()-busy).Microseconds())/float64(n), "cpu-µs/post")
		b.ReportMetric(most(), "anon-MB")
		if err := disk.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// processor is the processor time that the process used, 0 where the system
// does not tell.
func processor() time.Duration {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	user, err := strconv.Atoi(f[11])
	if err != nil {
		return 0
	}
	system, err := strconv.Atoi(f[12])
	if err != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond // ticks of Linux
}

// watchMemory returns a function that ends the watch and tells the most
// anonymous memory that the process had, in MB.
func watchMemory(b *testing.B) func() float64 {
	b.Helper()
	stop, told := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				told <- most
				return
			case <-tick.C:
				most = max(most, anonymous())
			}
		}
	}()
	return func() float64 { close(stop); return <-told }
}

// anonymous is the anonymous memory of the process in MB, 0 where the system
// does not tell.
func anonymous() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		return 0
	}
	return float64(kb) / 1024
}
