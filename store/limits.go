package store

import "time"

// The limits that the gate holds for every backend. They are chosen so that
// each engine in view can keep them: bbolt's keys of 32 KB, PostgreSQL's index
// rows of 2.7 KB and values of 1 GB.
const (
	// MaxTermLength is the longest value of an index entry, in bytes; longer
	// ones are cut and completed with a digest.
	MaxTermLength = 600
	// MaxFieldSize is the largest field of a record. What is larger belongs
	// into a blob.
	MaxFieldSize = 8 << 20
	// MaxFields is the most fields of a record.
	MaxFields = 32
	// MaxTerms is the most index entries of a record; an article with more
	// posts keeps the first ones in the index.
	MaxTerms = 4096
	// MaxBatchRecords is the most records of a batch.
	MaxBatchRecords = 4096
	// MaxBatchSize bounds the sum of the field values of a batch.
	MaxBatchSize = 64 << 20
	// MaxJobPayload is the largest payload of a job.
	MaxJobPayload = 64 << 10
	// InlineBodySize is the largest response body that is kept in its record;
	// a larger one goes into a blob. Measured: see store/FORMAT.md.
	InlineBodySize = 64 << 10
	// ClockSlack is how far into the future of the archive's clock a record's
	// time may lie. Records of the past are always accepted: imports are old,
	// and clocks step back.
	ClockSlack = 5 * time.Minute
)
