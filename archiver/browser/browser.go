package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"stet/archiver/fetch"
	"stet/store"
)

// Options configure a [Browser]. Path and Dial are needed.
type Options struct {
	// Path is the Chromium: see [Find].
	Path string
	// Dial connects to host:port through the guard: [fetch.Client.Dial].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Carries returns what a request to a host of the operator's own carries:
	// [fetch.Client.Carries]; nil is nothing.
	Carries func(u *url.URL) *fetch.Carried
	// Dir is where profiles are made; empty is the system's temporary folder.
	Dir string
	// Most is how many browsers run at a time; 0 is 1.
	Most int
	// Timeout bounds one drawing; 0 is [DefaultTimeout].
	Timeout time.Duration
	// MaxBytes bounds what one page may load; 0 is [DefaultMaxBytes].
	MaxBytes int64
	// MaxMemory bounds what the processes of one browser hold, where the
	// system tells it; 0 is [DefaultMaxMemory].
	MaxMemory int64
	// NoSandbox lets the browser run without its own sandbox: as root it does
	// not start otherwise.
	NoSandbox bool
	// TrustKey is the base64 SHA-256 of the public key of one more authority;
	// the tests' internet has its own.
	TrustKey string
}

// The defaults of [Options].
const (
	DefaultTimeout         = 60 * time.Second
	DefaultMaxBytes  int64 = 100 << 20
	DefaultMaxMemory int64 = 1500 << 20
)

// Drawing is how a page looked.
type Drawing struct {
	// URL is the address at which the page ended, Title its title.
	URL   string
	Title string
	// Picture is a PNG of the whole page, at most 1280 by 16,000 pixels; Cut
	// is true where the page goes on below.
	Picture []byte
	Cut     bool
	// HTML is the page as it stood, without scripts, with everything that it
	// shows inside.
	HTML []byte
	// Program names the browser and its version.
	Program string
	// Notes are sentences about what is missing.
	Notes []string
}

// Browser draws pages. It is safe for concurrent use, and holds nothing while
// it does not draw.
type Browser struct {
	o     Options
	slots chan struct{}
}

// New returns a browser. It starts nothing.
func New(o Options) *Browser {
	o.Timeout = max(o.Timeout, 0)
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = DefaultMaxMemory
	}
	return &Browser{o: o, slots: make(chan struct{}, max(o.Most, 1))}
}

// The reasons for which a drawing ends early.
var (
	errTime   = errors.New("the page took longer than the time for a drawing (browser.timeout)")
	errMemory = errors.New("the page took more memory than a drawing may (browser.max_memory)")
)

// Draw loads a page and returns how it looked. Where a part of the page does
// not come, or goes on loading, what is there is drawn, and Notes say so. It
// errors with store.ErrNetwork where the page cannot be loaded, with
// store.ErrTooLarge where it takes more than it may, with store.ErrUsage where
// the browser does not start, and with ctx's error.
//
// With access, the requests of the page to hosts of the operator's own carry
// what those ask for; what they answered does not hold it.
func (b *Browser) Draw(ctx context.Context, address string, access bool) (*Drawing, error) {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-b.slots }()
	ctx, cancel := context.WithTimeoutCause(ctx, b.o.Timeout, errTime)
	defer cancel()
	d, err := b.draw(ctx, address, access)
	if err != nil {
		return nil, fmt.Errorf("drawing %s: %w", address, err)
	}
	return d, nil
}

func (b *Browser) draw(ctx context.Context, address string, access bool) (_ *Drawing, err error) {
	profile, err := os.MkdirTemp(b.o.Dir, "stet-browser-")
	if err != nil {
		return nil, fmt.Errorf("making a profile: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(profile)) }()
	p, err := startProxy(b.o.Dial, b.o.MaxBytes)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	group := &processes{}
	allocator, end := chromedp.NewExecAllocator(ctx, b.flags(profile, p.address(), group)...)
	defer end()
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}), chromedp.WithLogf(func(string, ...any) {}))
	defer closeTab()
	if err := chromedp.Do(tab); err != nil {
		return nil, fmt.Errorf("%w: %s does not start: %w", store.ErrUsage, b.o.Path, b.why(ctx, err))
	}
	stop := group.watch(b.o.MaxMemory, func() { fail(errMemory) })
	defer stop()
	j := &job{proxy: p, d: &Drawing{}}
	if access && b.o.Carries != nil {
		j.carrier = &carrier{carries: b.o.Carries}
	}
	if err := j.run(tab, address); err != nil {
		return nil, b.why(ctx, err)
	}
	return j.d, nil
}

// why returns the reason for which ctx ended, where it did, with its class.
func (b *Browser) why(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errMemory):
		return fmt.Errorf("%w: %w", store.ErrTooLarge, cause)
	case errors.Is(cause, errTime):
		return fmt.Errorf("%w: %w", store.ErrNetwork, cause)
	case cause != nil:
		return cause
	}
	return err
}

// flags are those of the browser: nothing of its own goes out, and nothing goes
// past the proxy.
func (b *Browser) flags(profile, proxy string, group *processes) []chromedp.ExecAllocatorOption {
	flags := chromedp.DefaultExecAllocatorOptions[:]
	flags = append(flags[:len(flags):len(flags)],
		chromedp.ExecPath(b.o.Path), chromedp.UserDataDir(profile), chromedp.WindowSize(pageWidth, pageHeight),
		chromedp.NoInheritEnv, chromedp.Env("PATH="+os.Getenv("PATH"), "HOME="+profile, "TMPDIR="+profile, "LANG=C.UTF-8"),
		chromedp.ProxyServer("http://"+proxy),
		// Also loopback addresses go to the proxy, which refuses them.
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		// Names are resolved behind the proxy only.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		// Frames are read together with the page that they are in.
		chromedp.Flag("disable-site-isolation-trials", true),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,IsolateOrigins,site-per-process,DialMediaRouteProvider"),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true), chromedp.Flag("deny-permission-prompts", true), chromedp.Flag("disable-notifications", true),
		chromedp.Flag("js-flags", "--max-old-space-size=512"),
		chromedp.Flag("no-sandbox", b.o.NoSandbox),
		chromedp.DisableGPU,
		chromedp.ModifyCmdFunc(group.own),
	)
	if b.o.TrustKey != "" {
		flags = append(flags, chromedp.Flag("ignore-certificate-errors-spki-list", b.o.TrustKey))
	}
	return flags
}

// forbidDownloads keeps pages from writing files.
func forbidDownloads(ctx context.Context) error {
	_, err := chromedp.CallBrowser(ctx, cdpbrowser.SetDownloadBehavior,
		cdpbrowser.SetDownloadBehaviorParams{Behavior: cdpbrowser.SetDownloadBehaviorBehaviorDeny})
	return err
}

// program names the browser.
func program(ctx context.Context) (string, error) {
	v, err := chromedp.CallBrowser(ctx, cdpbrowser.GetVersion, cdp.Empty{})
	return v.Product, err
}
