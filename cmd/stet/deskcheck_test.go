package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// accessJS looks at a page as somebody who cannot see it, or not well, or has
// no pointer, meets it. It returns a sentence for each fault.
const accessJS = `(() => {
  const faults = [];
  const say = (what, el) => faults.push(what + (el ? ": " + el.outerHTML.slice(0, 160) : ""));
  const all = (sel) => [...document.querySelectorAll(sel)];
  const shown = (el) => el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  if (!document.documentElement.lang) say("the page has no language");
  if (!document.title.trim()) say("the page has no title");
  for (const [sel, n] of [["main", 1], ["body > header", 1], ["body > footer", 1], ["h1", 1]])
    if (all(sel).length !== n) say(all(sel).length + " of " + sel + ", want " + n);
  for (const el of all("nav, aside, search, form[role], section")) {
    const labels = all(el.tagName).filter(o => o !== el);
    if (el.tagName === "SEARCH" && labels.length === 0) continue;
    const name = el.ariaLabel || el.getAttribute("aria-labelledby");
    if (!name && el.tagName !== "SEARCH") say("a landmark without a name", el);
  }
  let level = 0;
  for (const h of all("h1, h2, h3, h4, h5, h6")) {
    const n = +h.tagName[1];
    if (n > level + 1 && !(level === 0 && n === 1)) say("a heading skips a level after " + level, h);
    if (!h.textContent.trim()) say("an empty heading", h);
    level = n;
  }
  const ids = new Map();
  for (const el of all("[id]")) ids.set(el.id, (ids.get(el.id) || 0) + 1);
  for (const [id, n] of ids) if (n > 1) say("the id " + id + " stands " + n + " times");
  for (const el of all("[aria-labelledby], [aria-describedby], label[for]"))
    for (const id of (el.getAttribute("aria-labelledby") || el.getAttribute("aria-describedby") || el.htmlFor).split(/\s+/))
      if (!document.getElementById(id)) say("it refers to nothing", el);
  for (const el of all("input:not([type=hidden]), select, textarea"))
    if (!el.labels.length && !el.ariaLabel) say("a field without a label", el);
  for (const el of all("img")) if (!el.hasAttribute("alt")) say("a picture without a description", el);
  for (const el of all("video, audio")) if (!el.ariaLabel) say("a film without a name", el);
  for (const el of all("svg")) if (el.getAttribute("aria-hidden") !== "true" && !el.querySelector("title")) say("a drawing without a name", el);
  for (const el of all("ul > *, ol > *")) if (el.tagName !== "LI") say("a list with something else in it", el);
  for (const el of all("dl > *")) if (!["DT", "DD", "DIV"].includes(el.tagName)) say("a list with something else in it", el);
  for (const el of all("table")) if (!el.caption) say("a table without a caption", el);
  for (const el of all("th")) if (!el.scope) say("a head of a table without a scope", el);
  for (const el of all("[tabindex]")) if (el.tabIndex > 0) say("an order of its own", el);
  for (const el of all("a:not([href])")) say("a link that leads nowhere", el);
  for (const el of all("button, .button, summary, select, input:not([type=hidden])")) {
    const r = el.getBoundingClientRect();
    if (shown(el) && (r.height < 24 || r.width < 24)) say("too small to hit, " + r.width + "x" + r.height, el);
  }
  // Contrast, as WCAG 2 computes it.
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 }; };
  const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1 });
  const light = (c) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b); };
  const behind = (el) => {
    const stack = [];
    for (let e = el; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a > 0) stack.push(c); if (c.a === 1) break; }
    return stack.reduceRight((under, c) => over(c, under), { r: 255, g: 255, b: 255, a: 1 });
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  while (walker.nextNode()) {
    const el = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || told.has(el) || !shown(el) || el.closest(".hidden, .skip, noscript, script, style, option, [hidden]")) continue;
    told.add(el);
    const style = getComputedStyle(el), under = behind(el), text = over(parse(style.color), under);
    const a = light(text), b = light(under), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && +style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) say("hard to read, " + ratio.toFixed(2), el);
  }
  // Where the focus is must be seen.
  for (const el of all("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!shown(el)) continue;
    el.focus({ focusVisible: true, preventScroll: true });
    const style = getComputedStyle(el);
    if (document.activeElement !== el) say("it cannot have the focus", el);
    else if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) say("the focus is not seen", el);
  }
  document.activeElement?.blur();
  if (document.documentElement.scrollWidth > innerWidth + 1) say("wider than the window: " + document.documentElement.scrollWidth + " > " + innerWidth);
  return faults;
})()`

// controls are the roles whose nodes need a name.
func controls() []string {
	return []string{"link", "button", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "img", "image", "Video", "Audio", "DisclosureTriangle", "navigation", "complementary", "region"}
}

// namelessIn lists the nodes of the accessibility tree that need a name and have
// none.
func (d *desk) namelessIn() []string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.tab, 30*time.Second)
	defer cancel()
	tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		d.t.Fatal(err)
	}
	word := func(v *accessibility.Value) string {
		var s string
		if v != nil {
			_ = json.Unmarshal(v.Value, &s) // a name that is none is empty
		}
		return s
	}
	var out []string
	for _, n := range tree.Nodes {
		if role := word(n.Role); !n.Ignored && slices.Contains(controls(), role) && strings.TrimSpace(word(n.Name)) == "" {
			out = append(out, role)
		}
	}
	if len(tree.Nodes) < 20 {
		out = append(out, "the tree itself")
	}
	return out
}

// checkAccess looks at every page, at both widths and in both schemes.
func (d *desk) checkAccess(t *testing.T) {
	for name, path := range d.pages() {
		for _, size := range []struct {
			width int64
			dark  string
		}{{1280, "light"}, {390, "dark"}} {
			d.look(size.width, size.dark)
			d.open(path)
			for _, fault := range ask[[]string](d, accessJS) {
				t.Errorf("%s at %d, %s: %s", name, size.width, size.dark, fault)
			}
		}
		for _, role := range d.namelessIn() {
			t.Errorf("%s: %s has no name", name, role)
		}
	}
	d.look(1280, "light")
}

// checkKeyboard goes through pages with the Tab key alone: everything that can
// be used is reached, in the order of the page, and the first stop leads past
// the head.
func (d *desk) checkKeyboard(t *testing.T) {
	pages := d.pages()
	for _, name := range []string{"home", "post-deleted", "case", "queue"} {
		d.open(pages[name])
		ask[bool](d, `(() => { document.activeElement?.blur(); window.scrollTo(0, 0); window.seen = [];
			window.wanted = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].filter(e => e.checkVisibility());
			document.addEventListener("focusin", e => window.seen.push(e.target)); document.querySelector("[autofocus]")?.blur();
			getSelection().setPosition(document.body, 0); return true })()`)
		n := ask[int](d, "window.wanted.length")
		for range n + 2 {
			d.do(chromedp.KeyEvent(kb.Tab))
			if ask[bool](d, "window.wanted.every(e => window.seen.includes(e))") {
				break
			}
		}
		if missed := ask[[]string](d, "window.wanted.filter(e => !window.seen.includes(e)).map(e => e.outerHTML.slice(0, 120))"); len(missed) > 0 {
			t.Errorf("%s: the Tab key does not reach %d of %d: %s", name, len(missed), n, missed)
		}
		if first := ask[string](d, "window.seen[0]?.className ?? ''"); name != "home" && first != "skip" {
			t.Errorf("%s: the first stop is %q", name, first)
		}
	}
	// Looking up needs no pointer.
	d.open("/")
	d.do(chromedp.Focus("#box"), chromedp.KeyEvent("@minavarga"+kb.Enter))
	d.until("the account by keyboard", "location.pathname.startsWith('/account/')")
}
