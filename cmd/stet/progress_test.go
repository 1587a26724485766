package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
)

// screen is a terminal that may be written and read at the same time.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// shown returns what stands on the last line.
func (s *screen) shown() string {
	line := []rune{}
	at := 0
	for _, r := range s.String() {
		if r == '\r' {
			at = 0
			continue
		}
		if at < len(line) {
			line[at] = r
		} else {
			line = append(line, r)
		}
		at++
	}
	return strings.TrimRight(string(line), " ")
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{}
		a := &app{terminal: true, stderr: s}
		p := a.newProgress()
		p.target(1, 1, "https://news.example/story")
		p.note(archiver.Progress{Stage: "article"})
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		if s.String() != "" {
			t.Errorf("shown within a second: %q", s)
		}
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		if got, want := s.shown(), "https://news.example/story: reading the page"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		p.target(2, 3, strings.Repeat("long ", 30))
		p.note(archiver.Progress{Stage: "media", What: "https://media.example/clip.mp4?tag=1", Bytes: 3_400_000})
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if got, want := s.shown(), "2 of 3, long long long long long long…: 3.4 MB of clip.mp4"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		p.note(archiver.Progress{Stage: "post", Done: 1, Total: 4})
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if got := s.shown(); !strings.HasSuffix(got, ": 1 of 4 posts captured") {
			t.Errorf("got %q", got)
		}
		p.clear()
		if got := s.shown(); got != "" {
			t.Errorf("left on the screen: %q", got)
		}
		p.close()
	})
}

func TestNoProgressWithoutTerminal(t *testing.T) {
	p := (&app{stderr: &screen{}}).newProgress()
	if p != nil {
		t.Fatal("there is a display")
	}
	p.target(1, 1, "x") // nothing happens
	p.note(archiver.Progress{Stage: "article"})
	p.clear()
	p.close()
}
