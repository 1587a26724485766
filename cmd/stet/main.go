package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/term"

	"stet/cmd/internal/config"
)

func main() { os.Exit(realMain()) }

// realMain runs the program in the real world and returns its exit code.
func realMain() int {
	ctx, stop := interruptible(os.Stderr)
	defer stop()
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // the default folders then name what is missing
	}
	a := &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, files: localFiles{},
		place: config.Place{Getenv: os.Getenv, Environ: os.Environ, OS: runtime.GOOS, Home: home},
		now:   time.Now, random: rand.Reader, zone: time.Local,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
		keyboard: term.IsTerminal(int(os.Stdin.Fd())),
	}
	if wide, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		a.columns = wide
	}
	return a.run(ctx, os.Args[1:])
}

// interruptible returns a context that ends at the first Ctrl-C (or SIGTERM).
// The second one ends the process at once, as the system does by itself.
func interruptible(stderr *os.File) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-signals:
			signal.Stop(signals)
			fmt.Fprintln(stderr, "\nstet: stopping; what is done is kept. Press Ctrl-C again to end at once.")
			cancel()
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		<-ended
		cancel()
	}
}
