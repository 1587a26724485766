package main

import (
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"time"

	"stet/archiver"
)

// The pace of the display.
const (
	// progressAfter is how long work goes on before anything is shown: what is
	// quicker needs no explanation.
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// progress shows on a terminal what goes on, on one line that is rewritten. A
// nil progress shows nothing.
type progress struct {
	w    io.Writer
	stop chan struct{}
	done chan struct{}

	mu    sync.Mutex
	label string // of the target
	text  string
	shown int // columns that are on the screen
}

// newProgress starts a display on w; the caller closes it. It returns nil where
// w is no terminal.
func (a *app) newProgress() *progress {
	if !a.terminal {
		return nil
	}
	p := &progress{w: a.stderr, stop: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

func (p *progress) run() {
	defer close(p.done)
	wait := time.NewTimer(progressAfter)
	defer wait.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-wait.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
			wait.Reset(progressEvery)
		}
	}
}

// draw writes the line anew. p.mu is held.
func (p *progress) draw() {
	line := clip(joined([]string{p.label, p.text}, ": "), columns-1)
	w := displayWidth(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(p.shown-w, 0)))
	p.shown = w
}

// clip cuts a text to n columns.
func clip(s string, n int) string {
	s = strings.ReplaceAll(clean(s), "\n", " ")
	if displayWidth(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeWidth(r); used > n-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// target says which of how many targets is worked on.
func (p *progress) target(n, total int, name string) {
	if p == nil {
		return
	}
	label := name
	if total > 1 {
		label = fmt.Sprintf("%d of %d, %s", n, total, clip(name, 30))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.label, p.text = label, ""
}

// note takes news of the engine.
func (p *progress) note(n archiver.Progress) {
	if p == nil {
		return
	}
	text := ""
	switch n.Stage {
	case "article":
		text = "reading the page"
	case "post":
		text = fmt.Sprintf("%d of %s captured", n.Done, count(n.Total, "post"))
	case "look":
		text = fmt.Sprintf("%d of %s looked at", n.Done, count(n.Total, "post"))
	case "media":
		text = fmt.Sprintf("%s of %s", size(n.Bytes), path.Base(strings.SplitN(n.What, "?", 2)[0]))
	case "check":
		text = n.What
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
}

// clear takes the line from the screen, before something else is written.
func (p *progress) clear() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// close ends the display.
func (p *progress) close() {
	if p == nil {
		return
	}
	close(p.stop)
	<-p.done
	p.clear()
}
