package archiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Vault encrypts what is sealed, and opens it again.
type Vault interface {
	// Seal returns a writer that writes what it is given encrypted to w. Closing
	// it ends the encrypted text and does not close w.
	Seal(w io.Writer) (io.WriteCloser, error)
	// Unseal returns what was sealed. It errors with store.ErrNotFound where the
	// key for it is not here.
	Unseal(r io.Reader) (io.Reader, error)
}

// RemoverOptions are what a [Remover] works with.
type RemoverOptions struct {
	// Archive is needed.
	Archive *store.Archive
	// Pictures is what is known of kept pictures by their looks; nil where there
	// is none.
	Pictures store.Pictures
	// Vault seals; where it is nil nothing can be sealed.
	Vault Vault
	// Compact writes the files of the store anew, so that nothing is left in them
	// of what was removed; nil where there is nothing to write.
	Compact func(ctx context.Context) error
	// Owner names the process in leases.
	Owner string
	// Batch is how many records lose their content in one commit; 0 is
	// DefaultRemovalBatch. All that people are shown of a post goes at once where it
	// is at most four times as many.
	Batch int
	// Copies lists other archives on this machine that a removal does not reach;
	// nil is none.
	Copies func() ([]Place, error)
	// Step is told before each step of a takedown; nil is nobody. A test stops
	// there.
	Step func(step string)
}

// DefaultRemovalBatch is how many records lose their content in one commit: what
// replaces them is in memory until then, and others who write wait.
const DefaultRemovalBatch = store.MaxRedacted / 4

// Remover carries out takedowns: it seals or destroys what is kept of posts,
// wherever it is. Its work is jobs, so that it goes on where it was interrupted.
type Remover struct{ o RemoverOptions }

// NewRemover returns a remover.
func NewRemover(o RemoverOptions) *Remover {
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if o.Batch <= 0 {
		o.Batch = DefaultRemovalBatch
	}
	return &Remover{o}
}

// Wish says what is to be taken down.
type Wish struct {
	// Refs are the posts; Accounts, where there are any, the names of the account
	// that published all of them: see [store.Takedown].
	Refs     []post.Ref
	Accounts []string
	// Act is store.TakedownSeal or store.TakedownDestroy.
	Act store.TakedownAct
	// KeepQuotes leaves what others publish: articles that quote a post, and
	// answers that show it with a post of somebody else.
	KeepQuotes bool
	// The rest is for the register.
	Operator, Reason, Basis string
	How                     string
	Received, Deadline      time.Time
}

// Removal is what is to be removed of one post.
type Removal struct {
	Ref    post.Ref `json:"ref"`
	Places []Place  `json:"places"`
	// Beyond are the places that are no records and no files of the archive.
	Beyond []Place `json:"beyond"`

	records  []planned
	pictures []store.Digest
	articles []string // their addresses
	own      []post.Ref
}

// planned is a record that loses fields.
type planned struct {
	record store.Record
	fields []string
}

// Sealing says of a plan that it is to be sealed: what is so already stays.
func (r *Removal) Sealing() {
	for i := range r.Places {
		if at := &r.Places[i]; at.Kind == PlaceSealed {
			at.Stays = "it is encrypted already; --destroy takes it too"
		}
	}
}

// Goes reports how many places go, and how many bytes of files.
func (r *Removal) Goes() (places int, bytes int64) {
	for i := range r.Places {
		if r.Places[i].Stays == "" {
			places++
			bytes += r.Places[i].Bytes
		}
	}
	return places, bytes
}

// planner looks for what is to be removed of one post.
type planner struct {
	a    *store.Archive
	keep bool // what others publish
	// spareSealed leaves what was sealed before: it is decided about by itself.
	spareSealed bool
	plan        *Removal
	names       []post.Ref
	known       map[store.ID]bool
	// lively are exchanges that show the post: those of captures, and of looks
	// that found it; silent are those of looks that did not.
	lively, silent map[store.ID]bool
	files          map[store.Digest]string
}

// Plan lists what is kept of a post. What others publish of it stays where keep
// is set. It errors with ErrRefused where the post is held.
func (r *Remover) Plan(ctx context.Context, ref post.Ref, keep bool) (*Removal, error) {
	p := &planner{a: r.o.Archive, keep: keep, plan: &Removal{Ref: ref}, names: []post.Ref{ref}, known: map[store.ID]bool{},
		lively: map[store.ID]bool{}, silent: map[store.ID]bool{}, files: map[store.Digest]string{}}
	subject := store.Subject{Refs: p.names}
	h, err := p.a.History(ctx, ref)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if h != nil {
		subject = store.SubjectOf(h)
		p.names = append([]post.Ref{h.Ref}, h.Aliases...)
		if !slices.Contains(p.names, ref) {
			p.names = append(p.names, ref)
		}
	}
	hold, err := p.a.HoldOf(ctx, subject)
	if err != nil {
		return nil, err
	}
	if hold != nil {
		return nil, fmt.Errorf("%w: %s is held since %s (%s): nothing of it may be removed before `stet hold --release`",
			store.ErrRefused, ref, hold.Time.UTC().Format(time.DateOnly), hold.Reason)
	}
	p.plan.own = p.names
	if err := p.find(ctx, h); err != nil {
		return nil, fmt.Errorf("looking for what is kept of %s: %w", ref, err)
	}
	if err := p.settleFiles(ctx); err != nil {
		return nil, err
	}
	p.plan.Beyond, err = r.beyond(ctx, p)
	return p.plan, err
}

// find walks over everything that is found by the post's names.
func (p *planner) find(ctx context.Context, h *store.History) error {
	var records []store.Record
	for _, name := range p.names {
		more, err := p.a.ListAll(ctx, store.RefTerm(name), store.MaxHistory,
			store.KindExchange, store.KindCapture, store.KindDerivation, store.KindArticle, store.KindDrawing, store.KindLook)
		if err != nil {
			return err
		}
		records = append(records, more...)
	}
	if h != nil {
		for i := range h.Resolutions { // what a web archive answered, too, shows it
			for _, id := range h.Resolutions[i].Content.Exchanges {
				p.lively[id] = true
			}
		}
	}
	contents := make([]store.Content, len(records))
	for i := range records {
		c, err := store.DecodeAny(&records[i])
		if err != nil {
			return err
		}
		contents[i] = c
		p.witness(c)
	}
	for i := range records {
		if err := p.record(ctx, &records[i], contents[i]); err != nil {
			return err
		}
	}
	if h == nil {
		return nil
	}
	for i := range h.Resolutions { // an embed without id that shows it
		r, err := p.a.Get(ctx, h.Resolutions[i].Content.Article)
		if err != nil {
			return err
		}
		if err := p.article(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}

// witness notes which exchanges show the post.
func (p *planner) witness(c store.Content) {
	switch c := c.(type) {
	case *store.Capture:
		if slices.Contains(p.names, c.Ref) {
			for _, id := range c.Exchanges {
				p.lively[id] = true
			}
			for i := range c.Media { // the downloads of its files show nobody else's post
				p.lively[c.Media[i].Exchange] = true
			}
		}
	case *store.Look:
		switch {
		case c.Exchange.IsZero():
		case c.Result.Gone() || c.Result.Hidden() || c.Result == post.Unknown:
			p.silent[c.Exchange] = true
		default:
			p.lively[c.Exchange] = true
		}
	}
}

func (p *planner) record(ctx context.Context, r *store.Record, c store.Content) error {
	switch c := c.(type) {
	case *store.Exchange:
		return p.exchange(ctx, r, c)
	case *store.Capture:
		return p.capture(ctx, r, c)
	case *store.Derivation:
		switch {
		case r.Lacks("post") || slices.Contains(p.names, c.Ref):
			return p.add(ctx, r, Place{Kind: PlaceReading, What: "what " + c.Parser + " read"})
		case slices.Contains(p.names, c.Post.Reposted):
			return p.add(ctx, r, p.others(Place{Kind: PlaceRepost, What: "a post that repeats it", Others: []post.Ref{c.Ref}}))
		}
	case *store.ArticleVersion:
		for i := range c.Mentions {
			m := &c.Mentions[i]
			if slices.Contains(p.names, m.Ref) && (!m.Quoted.IsZero() || m.Fragment != "") {
				return p.article(ctx, r)
			}
		}
	case *store.Drawing:
		return p.drawing(ctx, r, c)
	}
	return nil
}

// others marks a place that is somebody else's.
func (p *planner) others(at Place) Place {
	if p.keep {
		at.Stays = "somebody else published it"
	}
	return at
}

// add plans that a record loses its content, and looks for sealed copies of it.
func (p *planner) add(ctx context.Context, r *store.Record, at Place) error {
	if p.known[r.ID] {
		return nil
	}
	p.known[r.ID] = true
	fields := store.ContentFields(r)
	at.Name = r.ID.String()
	for _, f := range fields {
		at.Bytes += int64(len(r.Field(f)))
	}
	if len(fields) > 0 {
		p.plan.Places = append(p.plan.Places, at)
		if at.Stays == "" {
			p.plan.records = append(p.plan.records, planned{*r, fields})
		}
	}
	if at.Stays != "" || p.spareSealed {
		return nil
	}
	acts, err := p.a.RedactionsOf(ctx, r.ID)
	if err != nil {
		return err
	}
	for i := range acts {
		if err := p.sealed(ctx, &acts[i]); err != nil {
			return err
		}
	}
	return nil
}

// sealed plans that the sealed copy of a redaction goes.
func (p *planner) sealed(ctx context.Context, act *store.Item[store.Redaction]) error {
	if len(act.Content.Sealed) == 0 || p.known[act.ID] {
		return nil
	}
	p.known[act.ID] = true
	r, err := p.a.Get(ctx, act.ID)
	if err != nil {
		return err
	}
	p.plan.Places = append(p.plan.Places, Place{Kind: PlaceSealed, Name: act.ID.String(), What: "the sealed copy of " + act.Content.Time.UTC().Format(time.DateOnly)})
	p.plan.records = append(p.plan.records, planned{r, store.ContentFields(&r)})
	return nil
}

func (p *planner) capture(ctx context.Context, r *store.Record, c *store.Capture) error {
	if !r.Lacks("meta") && !slices.Contains(p.names, c.Ref) {
		return nil
	}
	if err := p.add(ctx, r, Place{Kind: PlaceCapture, What: "captured from the source " + string(c.Source)}); err != nil {
		return err
	}
	for _, m := range c.Media {
		if !m.Digest.IsZero() {
			p.files[m.Digest] = m.Type
			p.plan.pictures = append(p.plan.pictures, m.Digest)
		}
		if err := p.exchangeByID(ctx, m.Exchange); err != nil {
			return err
		}
	}
	for _, id := range c.Exchanges {
		if err := p.exchangeByID(ctx, id); err != nil {
			return err
		}
	}
	return p.imported(ctx, c)
}

// exchangeByID plans an exchange that a capture names.
func (p *planner) exchangeByID(ctx context.Context, id store.ID) error {
	if id.IsZero() || p.known[id] {
		return nil
	}
	r, err := p.a.Get(ctx, id)
	if err != nil {
		return err
	}
	x, err := store.Decode[store.Exchange](&r)
	if err != nil {
		return err
	}
	p.lively[id] = true
	return p.exchange(ctx, &r, x)
}

func (p *planner) exchange(ctx context.Context, r *store.Record, x *store.Exchange) error {
	if p.silent[r.ID] && !p.lively[r.ID] {
		return nil // it says that the post is not there, and has no word of it
	}
	at := Place{Kind: PlaceAnswer, What: x.URL}
	for _, ref := range x.Refs {
		if !slices.Contains(p.names, ref) {
			at.Others = append(at.Others, ref)
		}
	}
	if !p.lively[r.ID] { // of a post that quotes or answers it
		at = p.others(at)
	}
	if err := p.add(ctx, r, at); err != nil || at.Stays != "" {
		return err
	}
	if !x.Body.Blob.IsZero() {
		p.files[x.Body.Blob] = x.Body.Type
	}
	if x.Body.SameAs.IsZero() {
		return nil
	}
	p.lively[x.Body.SameAs] = true
	return p.exchangeByID(ctx, x.Body.SameAs)
}

func (p *planner) imported(ctx context.Context, c *store.Capture) error {
	if c.Part.Import.IsZero() || p.known[c.Part.Import] {
		return nil
	}
	r, err := p.a.Get(ctx, c.Part.Import)
	if err != nil {
		return err
	}
	i, err := store.Decode[store.Import](&r)
	if err != nil {
		return err
	}
	if !i.Content.IsZero() {
		p.files[i.Content] = i.Format
	}
	return p.add(ctx, &r, Place{Kind: PlaceImport, What: "the whole file " + i.Name + ", whatever else it holds"})
}

func (p *planner) drawing(ctx context.Context, r *store.Record, d *store.Drawing) error {
	for _, digest := range []store.Digest{d.Picture, d.Page} {
		if !digest.IsZero() {
			p.files[digest] = "drawing"
		}
	}
	return p.add(ctx, r, Place{Kind: PlaceDrawing, What: "how " + d.URL + " looked"})
}

// article plans a version of an article that quotes the post, the answer that it
// was read from, and how it looked.
func (p *planner) article(ctx context.Context, r *store.Record) error {
	if p.known[r.ID] || r.Lacks("meta") {
		return nil
	}
	v, err := store.Decode[store.ArticleVersion](r)
	if err != nil {
		return err
	}
	at := p.others(Place{Kind: PlaceArticle, What: v.URL})
	if err := p.add(ctx, r, at); err != nil || at.Stays != "" {
		return err
	}
	p.plan.articles = append(p.plan.articles, v.URL)
	if err := p.before(ctx, r, v); err != nil {
		return err
	}
	if !v.Content.IsZero() {
		p.files[v.Content] = "article"
	}
	if err := p.exchangeByID(ctx, v.Exchange); err != nil || v.URL == "" {
		return err
	}
	drawings, err := p.a.ListAll(ctx, store.URLTerm(v.URL), store.MaxHistory, store.KindDrawing)
	if err != nil {
		return err
	}
	for i := range drawings {
		d, err := store.Decode[store.Drawing](&drawings[i])
		if err != nil {
			return err
		}
		if err := p.drawing(ctx, &drawings[i], d); err != nil {
			return err
		}
	}
	return nil
}

// before plans the sealed copy of what a version of an article took the place of,
// where another post that it quotes was taken down: it quotes this one too.
func (p *planner) before(ctx context.Context, r *store.Record, v *store.ArticleVersion) error {
	if !slices.Contains(v.Warnings, wordsRemoved) {
		return nil
	}
	for i := range v.Mentions {
		ref := v.Mentions[i].Ref
		if ref.IsZero() || slices.Contains(p.names, ref) {
			continue
		}
		records, err := p.a.ListAll(ctx, store.RefTerm(ref), store.MaxHistory, store.KindRedaction)
		if err != nil {
			return err
		}
		for j := range records {
			act, err := store.Decode[store.Redaction](&records[j])
			if err == nil && slices.Contains(act.Left, r.ID) {
				err = p.sealed(ctx, &store.Item[store.Redaction]{Seq: records[j].Seq, ID: records[j].ID, Content: act})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// settleFiles decides which files go: those that no other record refers to.
func (p *planner) settleFiles(ctx context.Context) error {
	digests := make([]store.Digest, 0, len(p.files))
	for d := range p.files {
		digests = append(digests, d)
	}
	slices.SortFunc(digests, func(a, b store.Digest) int { return slices.Compare(a[:], b[:]) })
	for _, d := range digests {
		info, err := p.a.Blobs().Stat(ctx, d)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		at := Place{Kind: PlaceFile, Name: d.String(), What: p.files[d], Bytes: info.Size}
		users, err := p.a.ListAll(ctx, store.BlobTerm(d), store.MaxHistory)
		if err != nil {
			return err
		}
		for i := range users {
			if slices.ContainsFunc(p.plan.records, func(x planned) bool { return x.record.ID == users[i].ID }) {
				continue
			}
			at.Stays = fmt.Sprintf("the %s %s has it too", users[i].Kind, users[i].ID)
			if c, err := store.DecodeAny(&users[i]); err == nil {
				if capture, ok := c.(*store.Capture); ok && !capture.Ref.IsZero() {
					at.Stays, at.Others = fmt.Sprintf("%s shows it too", capture.Ref), append(at.Others, capture.Ref)
				}
			}
		}
		p.plan.Places = append(p.plan.Places, at)
	}
	return nil
}
