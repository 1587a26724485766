package main

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestDesk uses the desk as people do, in a real browser, on the demonstration.
func TestDesk(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser and some weeks of news take half a minute")
	}
	d := openDesk(t)
	t.Run("the box", d.checkBox)
	t.Run("capture", d.checkCapture)
	t.Run("deletion", d.checkDeletion)
	t.Run("case", d.checkCase)
	t.Run("work", d.checkWork)
	t.Run("keyboard", d.checkKeyboard)
	t.Run("access", d.checkAccess)
	t.Run("paper", d.checkPaper)
	t.Run("without script", d.checkWithoutScript)
}

// checkBox pastes each kind of thing and reaches the right page.
func (d *desk) checkBox(t *testing.T) {
	deleted, story := d.world.Deleted, d.world.Articles[0]
	at := func(path string) string { return "location.pathname + location.search == " + quotedJS(path) }
	post := at("/post/" + url.PathEscape(deleted.String()))
	for text, want := range map[string]string{
		"https://twitter.com/minavarga/status/" + deleted.ID:                                  post,
		"https://x.com/i/web/status/" + deleted.ID + "?s=20":                                  post,
		"mobile.twitter.com/minavarga/status/" + deleted.ID + "/photo/1":                      post,
		"https://nitter.net/minavarga/status/" + deleted.ID + "#m":                            post,
		"https://web.archive.org/web/2026/https://twitter.com/minavarga/status/" + deleted.ID: post,
		deleted.ID:       post,
		deleted.String(): post,
		`<blockquote class="twitter-tweet"><p>Words</p><a href="https://twitter.com/minavarga/status/` + deleted.ID + `">x</a></blockquote><script async src="https://platform.twitter.com/widgets.js"></script>`: post,
		d.world.Edited.String():              at("/post/" + url.PathEscape(d.world.Edited.String())),
		"@minavarga":                         at("/account/" + url.PathEscape("twitter:minavarga")),
		"https://x.com/minavarga":            at("/account/" + url.PathEscape("twitter:minavarga")),
		story + "?utm_source=x":              "location.pathname == '/article' && document.body.innerText.includes('Mayor promises the night ferry back')",
		d.world.Lost:                         "location.pathname == '/page' && document.body.innerText.includes('Night ferry: the timetable')",
		"timetable ferry":                    "location.pathname == '/search' && document.querySelectorAll('main li h3').length > 0",
		"zeppelin":                           "document.body.innerText.includes('Never archived here') && document.body.innerText.includes('not proof that it never existed')",
		"https://twitter.com/a/status/12345": "document.body.innerText.includes('Never archived here')",
		"https://elsewhere.example/never":    "document.body.innerText.includes('Never archived here') && document.querySelector('form[action=\"/capture\"]') != null",
		"“The night ferry will run again from Monday, every night, and the fare stays at four crowns.”": "document.querySelector('h1').innerText == 'Did they really say that?' && document.querySelector('.diff del').textContent.includes('Friday') && document.querySelector('.diff ins').textContent.includes('Monday')",
	} {
		d.t = t
		d.paste(text)
		d.until("the page of "+text, want)
	}
}

func quotedJS(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }

// checkCapture captures a post from its page, and waits for it.
func (d *desk) checkCapture(t *testing.T) {
	d.t = t
	path := "/post/" + url.PathEscape(d.world.Fresh.String())
	d.open(path)
	if !strings.Contains(d.text(), "Never archived here") {
		t.Fatalf("it is there already:\n%s", d.text())
	}
	d.do(chromedp.Click(`form[action="/capture"] button`))
	d.until("the progress", "location.pathname.startsWith('/asked/')")
	d.until("the end of the capture", "document.querySelector('#result') != null && document.querySelector('h1').innerText == 'Done'")
	d.do(chromedp.Click("#result"))
	d.until("the captured post", "location.pathname == "+quotedJS(path)+" && document.body.innerText.includes('Pier four stays closed')")
	if !strings.Contains(d.text(), "Still there when last looked at") {
		t.Errorf("its state is not told:\n%s", d.text())
	}
}

// checkDeletion deletes a post at its origin, looks from the page, and sees how
// its state changes and which stories show it.
func (d *desk) checkDeletion(t *testing.T) {
	d.t = t
	path := "/post/" + url.PathEscape(d.world.Living.String())
	d.world.DeleteNow(d.world.Living)
	d.open(path)
	if !strings.Contains(d.text(), "Still there when last looked at") {
		t.Fatalf("it is gone before anybody looked:\n%s", d.text())
	}
	d.do(chromedp.Click(`form[action="/look"] button`))
	d.until("the look", "document.querySelector('#result') != null && document.querySelector('h1').innerText == 'Done'")
	d.open(path)
	d.until("the loss", "document.querySelector('.state.gone strong')?.innerText == 'Deleted by its author'")
	text := d.text()
	for _, want := range []string{"Last seen alive", "first seen gone", "Confirmed", "Mayor promises the night ferry back", "paragraph 6"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told:\n%s", want, text)
		}
	}
	d.open("/gone")
	if !strings.Contains(d.text(), "I have the timetable in my hand") {
		t.Errorf("it is not among what is gone:\n%s", d.text())
	}
	// Its raw answer is there, as text.
	d.open(path)
	d.do(chromedp.Click(".course li.gone a[href^='/exchange/']"))
	d.until("the raw answer", "document.body.innerText.includes('This Post was deleted by the Post author')")
}

// checkCase opens a case from a post's page, notes, and is told news.
func (d *desk) checkCase(t *testing.T) {
	d.t = t
	d.open("/post/" + url.PathEscape(d.world.Misquoted.String()))
	d.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('#case-name').closest('details').open = true"),
		chromedp.SendKeys("#case-name", "Fares"), chromedp.SendKeys("#case-text", "what was printed"), chromedp.Click(`form[action="/case"] button`))
	d.until("the case", "location.pathname.startsWith('/case/') && document.querySelector('h1').innerText == 'Fares'")
	d.do(chromedp.SendKeys("#note", "Ask the harbour office."), chromedp.Evaluate[chromedp.Void]("document.querySelector('#note').form.requestSubmit()"))
	d.until("the note", "document.body.innerText.includes('Ask the harbour office.') && document.querySelector('#note')?.value == ''")
	// The case of the demonstration has news since the visit in it.
	d.open(d.pages()["case"])
	d.do(chromedp.Evaluate[chromedp.Void]("location = [...document.querySelectorAll('nav a')].find(a => a.innerText == 'Cases').href"))
	d.until("the cases", "location.pathname == '/cases'")
	d.do(chromedp.Evaluate[chromedp.Void]("[...document.querySelectorAll('h3 a')].find(a => a.innerText.startsWith('The night ferry')).click()"))
	d.until("the news", "document.querySelector('.state strong')?.innerText.endsWith('changed since you were here')")
	text := d.text()
	for _, want := range []string{"It is deleted by its author.", "Its words were changed.", "It was changed."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is no news:\n%s", want, text)
		}
	}
	d.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('input[value=visit]').form.requestSubmit()"))
	d.until("the visit", "document.querySelector('.state strong')?.innerText == 'Nothing changed since you were here'")
}

// checkWork pauses a feed, lets it go on, and asks for a job.
func (d *desk) checkWork(t *testing.T) {
	d.t = t
	d.open("/feeds")
	click := func(label string) {
		d.do(chromedp.Evaluate[chromedp.Void]("[...document.querySelectorAll('button')].find(b => b.innerText == " + quotedJS(label) + ").click()"))
	}
	click("Pause")
	d.until("the pause", "[...document.querySelectorAll('button')].some(b => b.innerText == 'Resume')")
	click("Resume")
	d.until("the reading", "[...document.querySelectorAll('button')].some(b => b.innerText == 'Pause')")
	click("Read now")
	d.until("the feed again", "location.pathname == '/feeds' && document.readyState == 'complete'")
	d.open("/queue")
	d.do(chromedp.SendKeys("#target", "not an address"), chromedp.Click(`form[action="/capture"] button`))
	d.until("the refusal", "document.body.innerText.includes('is no address')")
}

// checkPaper prints pages: what is printed fills its sheets, and a look that is
// folded away on the screen is on paper.
func (d *desk) checkPaper(t *testing.T) {
	d.t = t
	for name, most := range map[string]int{"post-deleted": 4, "case": 2} {
		d.open(d.pages()[name])
		ctx, cancel := context.WithTimeout(d.tab, 30*time.Second)
		printed, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(regexp.MustCompile(`/Type /Page\b`).FindAll(printed.Data, -1)); n == 0 || n > most {
			t.Errorf("%s takes %d sheets, want at most %d", name, n, most)
		}
	}
	d.open(d.pages()["post-deleted"])
	as := func(medium string) {
		ctx, cancel := context.WithTimeout(d.tab, 30*time.Second)
		defer cancel()
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium}); err != nil {
			t.Fatal(err)
		}
	}
	as("print")
	defer as("")
	if got := ask[int](d, "[...document.querySelectorAll('.course details li')].filter(e => e.checkVisibility() && e.getBoundingClientRect().height > 0).length"); got == 0 {
		t.Error("the looks that are folded are not printed")
	}
	if got := ask[int](d, "[...document.querySelectorAll('main form, main button, footer')].filter(e => e.checkVisibility()).length"); got != 0 {
		t.Errorf("%d forms and buttons are printed", got)
	}
}

// checkWithoutScript reads a post with scripts off: nothing is missing.
func (d *desk) checkWithoutScript(t *testing.T) {
	d.t = t
	body := ask[string](d, "fetch('/post/"+url.PathEscape(d.world.Deleted.String())+"').then(r => r.text())")
	for _, want := range []string{"Deleted by its author", "The night ferry will run again", "raw answer", "How we know", "Chicago", "schema.org"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q needs a script", want)
		}
	}
	if len(body) > 40<<10 {
		t.Errorf("the page of a post has %d bytes", len(body))
	}
}
