package store

import "time"

// Import says that a file was given to the archive: its bytes are a blob, and
// what was found in it are captures that name this record.
type Import struct {
	// Time is when it was imported; it is the record's time.
	Time time.Time `json:"-"`
	// Name is that of the file, and where it was inside another one, both with
	// "!" between them. It is the person's word, as Format is the reader's.
	Name   string `json:"name"`
	Format string `json:"format"`
	// Packed says how the bytes are packed (gzip, zstd, bzip2), empty where they
	// are not. Parts are then counted in what they unpack to.
	Packed string `json:"packed,omitempty"`
	// Content holds the bytes as they are packed, Size says how many.
	Content Digest `json:"content,omitzero"`
	Size    int64  `json:"size,omitempty"`
	// Private is true where the captures are private.
	Private bool `json:"private,omitempty"`
	// Software names the version that imported.
	Software string `json:"software,omitempty"`
}

// ImportPart is where something stands in an imported file.
type ImportPart struct {
	Import ID `json:"import"`
	// Member is the file inside of it, as WACZ files have them.
	Member string `json:"member,omitempty"`
	// Offset and Length say which bytes, from the beginning of the file.
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
	// URL and Time are from where and when it was recorded, as the file says:
	// nobody else does.
	URL  string    `json:"url,omitempty"`
	Time time.Time `json:"time,omitzero"`
}

// ImportsTerm is the term of all imports.
func ImportsTerm() Term { return newTerm(IndexSubject, "imports") }

func (*Import) kind() Kind                 { return KindImport }
func (i *Import) when() time.Time          { return i.Time }
func (i *Import) encode() ([]Field, error) { return meta(i) }

func (i *Import) decode(r *Record) error {
	i.Time = r.Time
	return decodeField(r, fieldMeta, i)
}

func (i *Import) terms() []Term { return blobTerms([]Term{ImportsTerm()}, i.Content) }
