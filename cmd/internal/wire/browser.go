package wire

import (
	"context"
	"fmt"

	"stet/archiver"
	"stet/archiver/browser"
	"stet/archiver/fetch"
	"stet/cmd/internal/config"
	"stet/extract/sites"
	"stet/store"
)

// BrowserState says what the drawing of pages is set up for, in words, and
// whether something is missing for it.
func BrowserState(c *config.Config) (words string, missing bool) {
	if c.Browser.Draw == "off" {
		return "pages are not drawn (browser.draw is off)", false
	}
	path, err := browser.Find(c.Browser.Path)
	switch {
	case err != nil:
		return err.Error(), true
	case path == "":
		return "browser.draw is " + c.Browser.Draw + ", but this machine has no Chromium: install one (on Debian the package chromium) or set browser.path; everything else works without", true
	}
	return "browser.draw is " + c.Browser.Draw + ", by " + path, false
}

// drawings returns the worker that lets pages be drawn, nil where none are.
func (a *Archive) drawings(c *config.Config, o Options, client *fetch.Client) (*browser.Worker, error) {
	if c.Browser.Draw == "off" {
		return nil, nil
	}
	path, err := browser.Find(c.Browser.Path)
	if err != nil || path == "" {
		return nil, err
	}
	b := c.Browser
	return browser.NewWorker(browser.WorkerOptions{Archive: a.Archive, Engine: a.Engine, Posts: b.Posts(), Pages: b.Pages(),
		Address: sites.DrawURL, Software: "stet/" + o.Version,
		Browser: browser.New(browser.Options{Path: path, Dial: client.Dial, Carries: client.Carries, Most: b.Most, Timeout: b.Timeout, MaxBytes: b.MaxBytes,
			MaxMemory: b.MaxMemory, NoSandbox: !b.Sandbox, TrustKey: o.BrowserTrust})}), nil
}

// draw runs the job of a drawing.
func (a *Archive) draw(ctx context.Context, j store.Job) error {
	if a.Drawings != nil {
		return a.Drawings.Handle(ctx, j)
	}
	err := fmt.Errorf("%w: there is no Chromium to draw with, or browser.draw is off", store.ErrUsage)
	b := a.Archive.Begin()
	a.Engine.Finish(b, j, err)
	if _, failed := b.Commit(context.WithoutCancel(ctx)); failed != nil {
		return fmt.Errorf("%w; keeping the outcome: %w", err, failed)
	}
	return err
}

var _ browser.Engine = (*archiver.Engine)(nil)
