package search

import (
	"encoding/binary"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"stet/extract/post"
	"stet/store"
)

const (
	// rowSize is the size of a row, rowsPerBlock how many share a value of the
	// bucket rows, which fills a page of bbolt.
	rowSize      = 18
	rowsPerBlock = 224
)

// row is what hits are filtered, sorted and counted by. There is one for each
// document.
type row struct {
	// posted is when it was published, in seconds since 1970, at least 1; where
	// that is not known (unstated) when it was captured. gone is when it was
	// first missed, 0 where it was not.
	posted, gone uint32
	// author and platform are numbers of the dictionaries, 0 for none.
	author   uint32
	platform uint16
	// status is a place in statusNames plus one, 0 where it is not known.
	status uint8
	// kind is a place in store.HitKinds plus one; 0 says that there is no
	// document any more.
	kind uint8
	// source is a place in sourceNames plus one.
	source               uint8
	incomplete, unstated bool
	// media are those of mediaNames, a bit each; of pages it is the rank of the
	// reading.
	media uint8
}

func (r *row) put(b []byte) {
	binary.LittleEndian.PutUint32(b, r.posted)
	binary.LittleEndian.PutUint32(b[4:], r.gone)
	binary.LittleEndian.PutUint32(b[8:], r.author)
	binary.LittleEndian.PutUint16(b[12:], r.platform)
	b[14], b[15] = r.status, r.media
	b[16] = r.kind | r.source<<3
	b[17] = 0
	if r.incomplete {
		b[17] |= 1
	}
	if r.unstated {
		b[17] |= 2
	}
}

func readRow(b []byte) row {
	return row{
		posted: binary.LittleEndian.Uint32(b), gone: binary.LittleEndian.Uint32(b[4:]), author: binary.LittleEndian.Uint32(b[8:]),
		platform: binary.LittleEndian.Uint16(b[12:]), status: b[14], media: b[15], kind: b[16] & 7, source: b[16] >> 3,
		incomplete: b[17]&1 != 0, unstated: b[17]&2 != 0,
	}
}

// rows reads rows, one after the other best.
type rows struct {
	c     *bbolt.Cursor
	block []byte
	of    uint32 // number of the block plus one
	// end is one more than the last document that was ever added.
	end uint32
}

func newRows(tx *bbolt.Tx) rows {
	b := tx.Bucket([]byte(bucketRows))
	return rows{c: b.Cursor(), end: nextDoc(b)}
}

// nextDoc returns the number after the last document that was ever added.
func nextDoc(b *bbolt.Bucket) uint32 {
	k, v := b.Cursor().Last()
	if len(k) != 4 {
		return 1
	}
	return binary.BigEndian.Uint32(k)*rowsPerBlock + uint32(len(v)/rowSize)
}

// raw returns the bytes of a row, nil where there is none.
func (r *rows) raw(doc uint32) []byte {
	if n := doc/rowsPerBlock + 1; n != r.of {
		r.load(n)
	}
	at := int(doc%rowsPerBlock) * rowSize
	if at+rowSize > len(r.block) || rowKind(r.block[at:]) == 0 {
		return nil
	}
	return r.block[at : at+rowSize]
}

// load makes the block before that of a number the present one. Most often it is
// that after the present one.
func (r *rows) load(of uint32) {
	var k, v []byte
	if r.of > 0 && of == r.of+1 && r.block != nil {
		k, v = r.c.Next()
	}
	if len(k) != 4 || binary.BigEndian.Uint32(k) != of-1 {
		k, v = r.c.Seek(numberKey(of - 1))
	}
	if r.of, r.block = of, nil; len(k) == 4 && binary.BigEndian.Uint32(k) == of-1 {
		r.block = v
	}
}

// rowKind and rowPosted read one thing of a row.
func rowKind(b []byte) uint8    { return b[16] & 7 }
func rowPosted(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// kindNumber returns the number of a kind.
func kindNumber(k store.HitKind) uint8 { return uint8(slices.Index(store.HitKinds(), k) + 1) }

// The numbers of kinds.
const (
	kindPost    = 1
	kindArticle = 2
	kindPage    = 3
)

// statusNames lists the statuses: those of posts, then those of pages which are
// called otherwise. The list is stored by position and only grows.
func statusNames() []string {
	var list []string
	for _, s := range post.Statuses() {
		list = append(list, string(s))
	}
	return append(list, string(store.PageAlive), string(store.PageRedirected), string(store.PageDrifted), string(store.PageGone),
		string(store.PageSoftGone), string(store.PageWalled))
}

// sourceNames lists the sources. The list is stored by position and only grows.
func sourceNames() []string {
	return []string{string(post.SourceAPI), string(post.SourcePublic), string(post.SourceEmbed), string(post.SourceArchive), string(post.SourceArticle), string(post.SourceImport)}
}

// mediaNames lists the kinds of media by their bits.
func mediaNames() []string { return []string{"photo", "video", "gif", "audio", "file", "other"} }

func mediaBit(kind string) uint8 {
	if i := slices.Index(mediaNames(), kind); i >= 0 {
		return 1 << i
	}
	return 1 << (len(mediaNames()) - 1)
}

// number returns the place of a name in a list plus one, 0 where it is not
// there.
func number(names []string, name string) uint8 { return uint8(slices.Index(names, name) + 1) }

// nameOf is the opposite of number.
func nameOf(names []string, n uint8) string {
	if n == 0 || int(n) > len(names) {
		return ""
	}
	return names[n-1]
}

// seconds is a time as it is kept: seconds since 1970, at least 1, at most those
// of 2106; 0 where there is none.
func seconds(t time.Time) uint32 {
	if t.IsZero() {
		return 0
	}
	return uint32(min(max(t.Unix(), 1), 1<<32-1))
}
