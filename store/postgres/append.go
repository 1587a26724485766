package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"stet/store"
	"stet/store/codec"
)

// prepared is what a batch costs in computing, done before its transaction.
type prepared struct {
	batch  *store.Batch
	blocks []codec.Block
	raw    []int64 // bytes of the fields, by block
	size   int64   // of all
	blobs  [][]byte
	leaves [][]byte
}

func (s *Store) prepareBatch(b *store.Batch) (*prepared, error) {
	p := &prepared{batch: b}
	var err error
	if p.blocks, err = s.codec.Encode(b.Records); err != nil {
		return nil, err
	}
	rest := b.Records
	for i := range p.blocks {
		size := int64(0)
		for _, r := range rest[:p.blocks[i].Count] {
			for _, f := range r.Fields {
				size += int64(len(f.Value))
			}
		}
		p.raw, p.size = append(p.raw, size), p.size+size
		rest = rest[p.blocks[i].Count:]
	}
	for i := range b.Records {
		leaf := b.Records[i].Leaf()
		p.leaves = append(p.leaves, leaf[:])
		for _, t := range b.Records[i].Terms {
			if t.Index == store.IndexBlob {
				p.blobs = append(p.blobs, []byte(t.Value))
			}
		}
	}
	return p, nil
}

// addition is a batch on its way into the database.
type addition struct {
	*prepared
	ctx     context.Context //nolint:containedctx // that of Append, whose work another goroutine does
	receipt store.Receipt
	err     error
	done    chan struct{}
}

// line is where additions wait for a transaction. Those that wait at the same
// time share one, because every transaction waits for the row of the counter,
// and for the disk.
type line struct {
	mu      sync.Mutex
	waiting []*addition
	leaders int
}

const (
	// maxLeaders is how many transactions of one process add at a time: while
	// one is being committed the next takes what can be taken before.
	maxLeaders = 2
	// maxShare and maxShareSize bound what shares a transaction.
	maxShare     = 256
	maxShareSize = 16 << 20
)

// Append implements [store.Records].
func (s *Store) Append(ctx context.Context, b store.Batch) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	p, err := s.prepareBatch(&b)
	if err != nil {
		return store.Receipt{}, err
	}
	a := &addition{prepared: p, ctx: ctx, done: make(chan struct{})}
	s.line.mu.Lock()
	s.line.waiting = append(s.line.waiting, a)
	if s.line.leaders < maxLeaders {
		s.line.leaders++
		go s.lead()
	}
	s.line.mu.Unlock()
	select {
	case <-a.done:
	case <-ctx.Done():
		if s.leave(a) {
			return store.Receipt{}, ctx.Err()
		}
		<-a.done
	}
	return a.receipt, a.err
}

// leave takes an addition out of the line; false where it is under way already.
func (s *Store) leave(a *addition) bool {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	i := slices.Index(s.line.waiting, a)
	if i < 0 {
		return false
	}
	s.line.waiting = slices.Delete(s.line.waiting, i, i+1)
	return true
}

// lead adds what waits until nothing does.
func (s *Store) lead() {
	for {
		share := s.next()
		if share == nil {
			return
		}
		s.addAll(share)
		for _, a := range share {
			close(a.done)
		}
	}
}

// next takes what shares the next transaction out of the line; nil ends the
// leader.
func (s *Store) next() []*addition {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	n, size := 0, int64(0)
	for n < len(s.line.waiting) && n < maxShare {
		if size += s.line.waiting[n].size; n > 0 && size > maxShareSize {
			break
		}
		n++
	}
	if n == 0 {
		s.line.leaders--
		return nil
	}
	share := slices.Clone(s.line.waiting[:n])
	s.line.waiting = slices.Delete(s.line.waiting, 0, n)
	return share
}

// addAll adds a share in one transaction; where one of it is in the way, each in
// a transaction of its own.
func (s *Store) addAll(share []*addition) {
	if len(share) > 1 && s.add(context.WithoutCancel(share[0].ctx), share) == nil {
		return
	}
	for _, a := range share {
		if a.err = s.add(a.ctx, []*addition{a}); a.err != nil {
			a.receipt = store.Receipt{}
		}
	}
}

// add adds a share in one transaction: all of it, or nothing with an error.
func (s *Store) add(ctx context.Context, share []*addition) error {
	return s.retrying(ctx, func(tx pgx.Tx) error {
		for _, a := range share {
			a.receipt = store.Receipt{}
		}
		return s.addIn(ctx, tx, share)
	})
}

func (s *Store) addIn(ctx context.Context, tx pgx.Tx, share []*addition) error {
	if err := takeKeys(ctx, tx, share); err != nil {
		return err
	}
	share = slices.DeleteFunc(slices.Clone(share), func(a *addition) bool { return a.receipt.Repeated })
	if len(share) == 0 {
		return nil
	}
	if err := lockBlobs(ctx, tx, share); err != nil {
		return err
	}
	if err := s.applyJobs(ctx, tx, share); err != nil {
		return err
	}
	n := 0
	for _, a := range share {
		n += len(a.batch.Records)
	}
	if n > 0 {
		// From here on every other writer waits.
		var last uint64
		row := tx.QueryRow(ctx, `UPDATE counters SET value = value + $1 WHERE name = 'journal' RETURNING value`, n)
		if err := row.Scan(&last); err != nil {
			return err
		}
		first := last - uint64(n) + 1
		for _, a := range share {
			if k := uint64(len(a.batch.Records)); k > 0 {
				a.receipt.First, a.receipt.Last = first, first+k-1
				first += k
			}
		}
	}
	return insert(ctx, tx, share)
}

// takeKeys takes the keys of the batches, in one order for everybody, and reads
// the receipts of those that were used before.
func takeKeys(ctx context.Context, tx pgx.Tx, share []*addition) error {
	var keyed []*addition
	for _, a := range share {
		if a.batch.Key != "" {
			keyed = append(keyed, a)
		}
	}
	slices.SortStableFunc(keyed, func(a, b *addition) int { return bytes.Compare([]byte(a.batch.Key), []byte(b.batch.Key)) })
	for i, a := range keyed {
		if i > 0 && keyed[i-1].batch.Key == a.batch.Key {
			return fmt.Errorf("%w: two batches of one transaction have the key %q", store.ErrConflict, a.batch.Key)
		}
		tag, err := tx.Exec(ctx, `INSERT INTO batches (key) VALUES ($1) ON CONFLICT DO NOTHING`, []byte(a.batch.Key))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			if err := readReceipt(ctx, tx, a.batch.Key, &a.receipt); err != nil {
				return err
			}
		}
	}
	return nil
}

// lockBlobs makes sure that the blobs are stored and will be until the
// transaction ends, and ends the time for which their commit keeps them.
func lockBlobs(ctx context.Context, tx pgx.Tx, share []*addition) error {
	var digests [][]byte
	for _, a := range share {
		digests = append(digests, a.blobs...)
	}
	if len(digests) == 0 {
		return nil
	}
	slices.SortFunc(digests, bytes.Compare)
	digests = slices.CompactFunc(digests, bytes.Equal)
	rows, err := tx.Query(ctx, `SELECT digest FROM blobs WHERE digest = ANY ($1) AND place < 2 ORDER BY digest FOR UPDATE`, digests)
	if err != nil {
		return err
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	for _, d := range digests {
		if !slices.ContainsFunc(stored, func(s []byte) bool { return bytes.Equal(s, d) }) {
			return fmt.Errorf("%w: a record refers to the blob %x, which is not stored", store.ErrInvalid, d)
		}
	}
	_, err = tx.Exec(ctx, `UPDATE blobs SET kept = NULL WHERE digest = ANY ($1) AND kept IS NOT NULL`, digests)
	return err
}

// insert writes the records under their numbers, and the receipts.
func insert(ctx context.Context, tx pgx.Tx, share []*addition) error {
	var q pgx.Batch
	queueRecords(&q, share)
	queueTerms(&q, share)
	for _, a := range share {
		key := []byte(a.batch.Key)
		if len(key) == 0 {
			continue
		}
		q.Queue(`UPDATE batches SET first = $2, last = $3 WHERE key = $1`, key, number(a.receipt.First), number(a.receipt.Last))
		for n := range a.receipt.Jobs {
			q.Queue(`INSERT INTO batch_jobs (batch, n, `+jobColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
				append([]any{key, n}, jobValues(&a.receipt.Jobs[n])...)...)
		}
	}
	if q.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, &q).Close()
}

func queueRecords(q *pgx.Batch, share []*addition) {
	var (
		firsts, counts, raw []int64
		blocks              [][]byte
		ids, leaves         [][]byte
		seqs                []int64
		kinds               []int16
	)
	for _, a := range share {
		seq := a.receipt.First
		for i := range a.blocks {
			firsts, counts, raw = append(firsts, number(seq)), append(counts, int64(a.blocks[i].Count)), append(raw, a.raw[i])
			blocks = append(blocks, a.blocks[i].Seal(seq))
			seq += uint64(a.blocks[i].Count)
		}
		leaves = append(leaves, a.leaves...)
		for i := range a.batch.Records {
			r := &a.batch.Records[i]
			ids, seqs, kinds = append(ids, r.ID[:]), append(seqs, number(a.receipt.First)+int64(i)), append(kinds, int16(r.Kind.Number()))
		}
	}
	if len(ids) == 0 {
		return
	}
	q.Queue(`INSERT INTO blocks (first, count, raw, bytes)
		SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bytea[])`, firsts, counts, raw, blocks)
	q.Queue(`INSERT INTO records (id, seq, kind, leaf)
		SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::smallint[], $4::bytea[])`, ids, seqs, kinds, leaves)
}

func queueTerms(q *pgx.Batch, share []*addition) {
	var (
		indexes, kinds []int16
		values         [][]byte
		seqs           []int64
	)
	for _, a := range share {
		for i := range a.batch.Records {
			r := &a.batch.Records[i]
			for _, t := range r.Terms {
				indexes, values = append(indexes, int16(t.Index.Number())), append(values, []byte(t.Value))
				seqs, kinds = append(seqs, number(a.receipt.First)+int64(i)), append(kinds, int16(r.Kind.Number()))
			}
		}
	}
	if len(indexes) == 0 {
		return
	}
	q.Queue(`INSERT INTO terms (idx, value, seq, kind)
		SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bigint[], $4::smallint[])`, indexes, values, seqs, kinds)
}

// readReceipt reads what an earlier batch with the key got.
func readReceipt(ctx context.Context, tx pgx.Tx, key string, receipt *store.Receipt) error {
	receipt.Repeated = true
	row := tx.QueryRow(ctx, `SELECT first, last FROM batches WHERE key = $1`, []byte(key))
	if err := row.Scan(&receipt.First, &receipt.Last); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT `+jobColumns+` FROM batch_jobs WHERE batch = $1 ORDER BY n`, []byte(key))
	if err != nil {
		return err
	}
	receipt.Jobs, err = pgx.CollectRows(rows, scanJob)
	return err
}
