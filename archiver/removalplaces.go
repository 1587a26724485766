package archiver

import (
	"context"
	"slices"

	"stet/extract/post"
	"stet/store"
)

// The kinds of places that hold something of a post.
const (
	PlaceCapture = "capture"
	PlaceReading = "reading"
	PlaceAnswer  = "answer"
	PlaceRepost  = "repost"
	PlaceArticle = "article"
	PlaceDrawing = "drawing"
	PlaceImport  = "import"
	PlaceFile    = "file"
	PlaceSealed  = "sealed"
	// What is no record and no file of the archive.
	PlaceIndex        = "index"
	PlacePictureIndex = "picture-index"
	PlaceFreePages    = "free-pages"
	PlaceCopy         = "moved-aside"
	PlaceNote         = "note"
	PlaceAlerts       = "alerts"
	PlaceCaches       = "caches"
	PlaceBackups      = "backups"
)

// Place is one place that holds words, pictures or digests of a post.
type Place struct {
	Kind string `json:"kind"`
	// Name is the record's id or the file's digest.
	Name string `json:"name"`
	// What says what it is, as a person would.
	What  string `json:"what,omitempty"`
	Bytes int64  `json:"bytes,omitempty"`
	// Others are other posts that it holds something of.
	Others []post.Ref `json:"others,omitempty"`
	// Stays says why it is left, empty where it goes.
	Stays string `json:"stays,omitempty"`
}

// beyond lists the places that are no records and no files, those that are not
// reached last.
func (r *Remover) beyond(ctx context.Context, p *planner) ([]Place, error) {
	places := []Place{{Kind: PlaceIndex, What: "the index of words, here and on other machines"}}
	for _, d := range p.plan.pictures {
		if !slices.ContainsFunc(places, func(at Place) bool { return at.Name == d.String() }) {
			places = append(places, Place{Kind: PlacePictureIndex, Name: d.String(), What: "what is known of a picture by its looks, here and on other machines"})
		}
	}
	places = append(places, Place{Kind: PlaceFreePages, What: "free pages of the database, which is written anew where something is destroyed"})
	notes, err := p.notes(ctx)
	if err != nil {
		return nil, err
	}
	places = append(places, notes...)
	if r.o.Copies != nil {
		copies, err := r.o.Copies()
		if err != nil {
			return nil, err
		}
		places = append(places, copies...)
	}
	const beyond = "the archive does not reach them"
	return append(places,
		Place{Kind: PlaceAlerts, What: "alerts that were sent before: mails, messages, webhooks", Stays: beyond},
		Place{Kind: PlaceCaches, What: "what browsers and proxies keep of public pages", Stays: "it ends by itself within a minute"},
		Place{Kind: PlaceBackups, What: "backups, exports and bundles that were made before, and web archives", Stays: beyond}), nil
}

// notes lists what people wrote in cases beside the post.
func (p *planner) notes(ctx context.Context) ([]Place, error) {
	var places []Place
	for _, name := range p.names {
		records, err := p.a.ListAll(ctx, store.RefTerm(name), store.MaxHistory, store.KindCase)
		if err != nil {
			return nil, err
		}
		for i := range records {
			c, err := store.Decode[store.Case](&records[i])
			if err != nil {
				return nil, err
			}
			if c.Text != "" {
				places = append(places, Place{Kind: PlaceNote, Name: records[i].ID.String(), What: "what somebody wrote of it in a case", Bytes: int64(len(c.Text)),
					Stays: "people wrote it; `stet case` changes it"})
			}
		}
	}
	return places, nil
}
