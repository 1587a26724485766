package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"stet/store"
)

const (
	pageWidth, pageHeight = 1280, 1024
	// maxHeight bounds the picture: a browser cannot draw much taller ones in
	// one piece.
	maxHeight = 16_000
	// loadTime is how long a page may take to say that it is there, and
	// settleTime how long it may go on changing then.
	loadTime   = 25 * time.Second
	settleTime = 8 * time.Second
)

// job is one drawing.
type job struct {
	proxy *proxy
	d     *Drawing
	// carrier adds what the operator's own hosts ask for; nil adds nothing.
	carrier *carrier
}

func (j *job) run(tab context.Context, address string) (err error) {
	if j.carrier != nil {
		end, err := j.carrier.follow(tab)
		if err != nil {
			return err
		}
		defer end()
	}
	err = forbidDownloads(tab)
	if err == nil {
		j.d.Program, err = program(tab)
	}
	if err == nil {
		err = j.load(tab, address)
	}
	if err == nil {
		err = j.describe(tab)
	}
	if err == nil {
		err = j.picture(tab)
	}
	if err == nil {
		err = j.html(tab)
	}
	if err == nil && j.carrier != nil {
		j.d.HTML, j.d.Title, j.d.URL = []byte(j.carrier.redact(string(j.d.HTML))), j.carrier.redact(j.d.Title), j.carrier.redact(j.d.URL)
	}
	if j.proxy.full() {
		j.note("the page wanted to load more than a drawing may (browser.max_bytes)")
	}
	return err
}

func (j *job) note(sentence string) { j.d.Notes = append(j.d.Notes, sentence) }

// load goes to the page and waits until it stands still, or long enough.
func (j *job) load(tab context.Context, address string) error {
	ctx, cancel := context.WithTimeout(tab, loadTime)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Navigate(address))
	var failed *chromedp.LoadError
	switch {
	case errors.As(err, &failed):
		if u, err := url.Parse(address); err == nil {
			if refused := j.proxy.refusal(u.Hostname()); refused != nil {
				return refused
			}
		}
		return fmt.Errorf("%w: the browser says %s", store.ErrNetwork, failed.ErrorText)
	case errors.Is(err, context.DeadlineExceeded) && tab.Err() == nil:
		j.note("the page had not finished loading")
		if err := chromedp.Do(tab, chromedp.Stop()); err != nil {
			return fmt.Errorf("ending the load: %w", err)
		}
	case err != nil:
		return err
	}
	return j.settle(tab)
}

// settleJS scrolls through the page, so that what loads when it is seen loads,
// goes back to the top, and waits until pictures and letters are there.
const settleJS = `(async () => {
  const sleep = ms => new Promise(done => setTimeout(done, ms));
  const bottom = () => Math.min(document.documentElement.scrollHeight, 16000);
  for (let y = 0; y < bottom(); y += 800) { window.scrollTo(0, y); await sleep(60); }
  window.scrollTo(0, 0);
  await Promise.all([...document.images].filter(i => !i.complete).map(i => new Promise(done => { i.onload = i.onerror = done; })));
  if (document.fonts) await document.fonts.ready;
  await sleep(150);
})()`

func (j *job) settle(tab context.Context) error {
	ctx, cancel := context.WithTimeout(tab, settleTime)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](settleJS, chromedp.EvalAwaitPromise))
	switch {
	case err == nil:
	case tab.Err() != nil:
		return err
	default:
		// A page can go away under the script, or stop it: what is there is drawn.
		j.note("the page did not stand still")
	}
	return nil
}

func (j *job) describe(tab context.Context) error {
	var err error
	if j.d.URL, err = chromedp.Run(tab, chromedp.Location()); err != nil {
		return err
	}
	j.d.Title, err = chromedp.Run(tab, chromedp.Title())
	return err
}

func (j *job) picture(tab context.Context) error {
	m, err := chromedp.Call(tab, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return fmt.Errorf("measuring the page: %w", err)
	}
	height := float64(pageHeight)
	if m.CSSContentSize != nil {
		height = max(m.CSSContentSize.Height, 1)
	}
	if height > maxHeight {
		height, j.d.Cut = maxHeight, true
	}
	shot, err := chromedp.Call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng,
		CaptureBeyondViewport: new(true), FromSurface: new(true), Clip: &page.Viewport{Width: pageWidth, Height: height, Scale: 1}})
	if err != nil {
		return fmt.Errorf("taking the picture: %w", err)
	}
	j.d.Picture = shot.Data
	return nil
}
