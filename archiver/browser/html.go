package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	// maxPart and maxParts bound what is put into the one file: one picture or
	// style sheet, and all together, in bytes.
	maxPart  = 8 << 20
	maxParts = 40 << 20
	// maxFrames and maxFrameDepth bound the frames that are read.
	maxFrames     = 100
	maxFrameDepth = 5
	// frameMark is the attribute that names the frame of an element.
	frameMark = "data-stet-frame"
)

// serializeJS writes the document as it stands: with what scripts have put into
// it, style rules that exist only in memory, and what components keep in shadow
// trees.
const serializeJS = `(() => {
  const rules = sheet => { try { return [...sheet.cssRules].map(r => r.cssText).join("\n") } catch { return "" } };
  for (const style of document.querySelectorAll("style"))
    if (style.sheet && !style.textContent.trim()) style.textContent = rules(style.sheet);
  const adopt = (root, into) => { for (const sheet of root.adoptedStyleSheets || []) {
    const style = document.createElement("style"); style.textContent = rules(sheet); into.append(style); } };
  adopt(document, document.head || document.documentElement);
  const roots = [];
  const walk = root => { for (const e of root.querySelectorAll("*")) {
    if (e.shadowRoot) { adopt(e.shadowRoot, e.shadowRoot); roots.push(e.shadowRoot); walk(e.shadowRoot); }
    if (e.localName === "img" && e.currentSrc) { e.setAttribute("src", e.currentSrc); e.removeAttribute("srcset"); e.removeAttribute("sizes"); }
    if (e.localName === "canvas") { try { const i = document.createElement("img"); i.src = e.toDataURL(); i.width = e.clientWidth; i.height = e.clientHeight; e.replaceWith(i); } catch {} }
  } };
  walk(document);
  const root = document.documentElement;
  if (!root) return "";
  const attributes = [...root.attributes].map(a => " " + a.name + '="' + a.value.replace(/&/g, "&amp;").replace(/"/g, "&quot;") + '"').join("");
  return "<!DOCTYPE html><html" + attributes + ">" + (root.getHTML ? root.getHTML({shadowRoots: roots}) : root.innerHTML) + "</html>";
})()`

// html makes one file of the page.
func (j *job) html(tab context.Context) error {
	tree, err := chromedp.Call(tab, page.GetResourceTree, cdp.Empty{})
	if err != nil {
		return fmt.Errorf("listing what the page is made of: %w", err)
	}
	if tree.FrameTree == nil {
		j.note("the page could not be kept as a file")
		return nil
	}
	r := &reader{parts: map[string]part{}, left: maxParts}
	r.list(tree.FrameTree)
	f := r.frame(tab, tree.FrameTree, 0)
	if f == "" {
		j.note("the page could not be kept as a file")
		return nil
	}
	j.d.HTML = []byte(f)
	if r.missing > 0 {
		j.note(fmt.Sprintf("%d pictures, styles or fonts are not in the file", r.missing))
	}
	return tab.Err()
}

// part is something that the page loaded.
type part struct {
	frame cdp.FrameID
	mime  string
	size  float64
	// body is set once it was read.
	body []byte
	read bool
}

// reader reads what a page is made of from the browser.
type reader struct {
	parts   map[string]part
	frames  int
	left    int
	missing int
}

// list notes what all frames have loaded.
func (r *reader) list(t *page.FrameResourceTree) {
	for _, x := range t.Resources {
		if !x.Failed && !x.Canceled {
			r.parts[x.URL] = part{frame: t.Frame.ID, mime: x.MimeType, size: x.ContentSize}
		}
	}
	for _, c := range t.ChildFrames {
		r.list(c)
	}
}

// get returns something that the page loaded. It returns false where that is
// not there, or would make the file too large.
func (r *reader) get(ctx context.Context, address string) (body []byte, mime string, ok bool) {
	p, ok := r.parts[address]
	if ok && !p.read {
		p.read = true
		if p.size <= maxPart {
			res, err := chromedp.Call(ctx, page.GetResourceContent, page.GetResourceContentParams{FrameID: p.frame, URL: address})
			if err == nil {
				p.body = res.Content
			}
		}
		r.parts[address] = p
	}
	if !ok || p.body == nil || len(p.body) > maxPart || len(p.body) > r.left {
		r.missing++
		return nil, "", false
	}
	r.left -= len(p.body)
	return p.body, p.mime, true
}

// frame returns the document of a frame, with its own frames inside; "" where
// the browser does not give it.
func (r *reader) frame(ctx context.Context, t *page.FrameResourceTree, depth int) string {
	if r.frames++; r.frames > maxFrames || depth > maxFrameDepth {
		return ""
	}
	var inner []string
	for i, c := range t.ChildFrames {
		inner = append(inner, r.frame(ctx, c, depth+1))
		r.mark(ctx, c.Frame.ID, fmt.Sprint(i))
	}
	world, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: t.Frame.ID, WorldName: "stet"})
	if err != nil {
		return ""
	}
	res, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: serializeJS, ContextID: world.ExecutionContextID,
		ReturnByValue: new(true), Timeout: 5000})
	if err != nil || res.ExceptionDetails != nil || res.Result == nil {
		return ""
	}
	text, ok := stringOf(res.Result)
	if !ok || text == "" {
		return ""
	}
	get := func(address string) ([]byte, string, bool) { return r.get(ctx, address) }
	return (&file{base: t.Frame.URL, get: get, frames: inner}).make(text)
}

// mark names the element of a frame, where the browser tells it.
func (r *reader) mark(ctx context.Context, id cdp.FrameID, name string) {
	owner, err := chromedp.Call(ctx, dom.GetFrameOwner, dom.GetFrameOwnerParams{FrameID: id})
	if err != nil {
		return // the frame has gone
	}
	nodes, err := chromedp.Call(ctx, dom.PushNodesByBackendIDsToFrontend, dom.PushNodesByBackendIDsToFrontendParams{BackendNodeIDs: []cdp.BackendNodeID{owner.BackendNodeID}})
	if err != nil || len(nodes.NodeIDs) == 0 {
		return
	}
	// Where it fails, the frame is left out of the file.
	_, _ = chromedp.Call(ctx, dom.SetAttributeValue, dom.SetAttributeValueParams{NodeID: nodes.NodeIDs[0], Name: frameMark, Value: name})
}
