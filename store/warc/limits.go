package warc

// Limits bound what a file of a stranger can make a reader do. Zero values mean
// the defaults.
type Limits struct {
	// Head is the longest head of a record, in bytes, and Fields the most
	// fields of it.
	Head, Fields int
	// Block is the longest block, in bytes.
	Block int64
	// Records is the most records of a file.
	Records int64
	// Total is the most bytes that a file may hold when it is decompressed,
	// and Ratio how many times as much as before that may be, past the first
	// megabytes.
	Total int64
	Ratio int64

	// free is how much may be decompressed before the ratio counts.
	free int64
}

// The defaults of [Limits].
const (
	// DefaultHead is what no known writer comes near: the longest addresses
	// have a few kilobytes.
	DefaultHead   = 256 << 10
	DefaultFields = 1000
	// DefaultBlock is larger than any file that a capture keeps.
	DefaultBlock   = 64 << 30
	DefaultRecords = 1 << 32
	DefaultTotal   = 16 << 40
	// DefaultRatio is above what text compresses to: the format of gzip ends
	// at about 1,030, which only a bomb reaches.
	DefaultRatio = 400
)

// ratioFree is how much may be decompressed before the ratio counts: short
// files of zeros are no bombs.
const ratioFree = 64 << 20

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.Head <= 0 {
		l.Head = DefaultHead
	}
	if l.Fields <= 0 {
		l.Fields = DefaultFields
	}
	set(&l.Block, DefaultBlock)
	set(&l.Records, DefaultRecords)
	set(&l.Total, DefaultTotal)
	set(&l.Ratio, DefaultRatio)
	set(&l.free, ratioFree)
	return l
}
