package postgres

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

const jobColumns = `id, kind, key, host, payload, priority, created, run_at, state, attempts, owner, token, until, error, error_class`

// jobStates are the states as numbers: the index plus one. They are only ever
// appended.
func jobStates() []store.JobState {
	return []store.JobState{store.JobWaiting, store.JobLeased, store.JobDead}
}

func stateNumber(s store.JobState) int16 { return int16(slices.Index(jobStates(), s) + 1) }

// micros is a time as it is stored: null for none.
func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

func fromMicros(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return time.UnixMicro(*us).UTC()
}

// orNull is the bytes of a string, null where it is empty.
func orNull(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// jobValues are the values of jobColumns.
func jobValues(j *store.Job) []any {
	return []any{j.ID[:], []byte(j.Kind), orNull(j.Key), []byte(j.Host), []byte(j.Payload), j.Priority, micros(j.Created), micros(j.RunAt),
		stateNumber(j.State), j.Attempts, []byte(j.Lease.Owner), int64(j.Lease.Token), micros(j.Lease.Until), []byte(j.Error), []byte(j.ErrorClass)}
}

func scanJob(row pgx.CollectableRow) (store.Job, error) { return scanJobAnd(row) }

// scanJobAnd reads jobColumns and what follows them.
func scanJobAnd(row pgx.CollectableRow, more ...any) (store.Job, error) {
	var (
		j                                                 store.Job
		id, kind, key, host, payload, owner, sentence, cl []byte
		created, runAt, until                             *int64
		state                                             int16
		token                                             int64
	)
	to := []any{&id, &kind, &key, &host, &payload, &j.Priority, &created, &runAt, &state, &j.Attempts, &owner, &token, &until, &sentence, &cl}
	if err := row.Scan(append(to, more...)...); err != nil {
		return store.Job{}, err
	}
	if len(id) != len(j.ID) || state < 1 || int(state) > len(jobStates()) {
		return store.Job{}, fmt.Errorf("%w: job %x has the state %d", store.ErrCorrupt, id, state)
	}
	j.ID, j.Kind, j.Key, j.Host, j.Payload = store.ID(id), string(kind), string(key), string(host), payload
	j.Created, j.RunAt, j.State = fromMicros(created), fromMicros(runAt), jobStates()[state-1]
	j.Lease = store.Lease{Owner: string(owner), Token: uint64(token), Until: fromMicros(until)}
	j.Error, j.ErrorClass = string(sentence), string(cl)
	return j, nil
}

// jobTx applies the transitions of a share of batches in memory and then writes
// what they come to.
type jobTx struct {
	tx  pgx.Tx
	now time.Time // by the database's clock
	// ahead is how much the database's clock is ahead of the caller's.
	ahead time.Duration

	jobs map[store.ID]*keptJob
	keys map[jobKey]*keptJob
}

// jobKey is what is unique among the jobs that have one.
type jobKey struct{ kind, key string }

// keptJob is a job as the transaction leaves it.
type keptJob struct {
	store.Job
	fresh, changed, gone bool
}

// applyJobs does the transitions of the batches in order and tells in their
// receipts the jobs of Enqueue as each left them.
func (s *Store) applyJobs(ctx context.Context, tx pgx.Tx, share []*addition) error {
	none := true
	for _, a := range share {
		none = none && len(a.batch.Finish) == 0 && len(a.batch.Enqueue) == 0
	}
	if none {
		return nil
	}
	t := jobTx{tx: tx, jobs: map[store.ID]*keptJob{}, keys: map[jobKey]*keptJob{}}
	var err error
	if t.now, err = clock(ctx, tx); err != nil {
		return err
	}
	t.ahead = t.now.Sub(s.now())
	if err := t.lock(ctx, share); err != nil {
		return err
	}
	for _, a := range share {
		if err := t.apply(a); err != nil {
			return err
		}
	}
	return t.write(ctx)
}

// clock reads the database's clock.
func clock(ctx context.Context, tx pgx.Tx) (time.Time, error) {
	var now int64
	err := tx.QueryRow(ctx, `SELECT now_us()`).Scan(&now)
	return time.UnixMicro(now).UTC(), err
}

// lockedKeys is for up to how many keys of new jobs a transaction takes locks:
// the server has room for some thousands, which all that use it share. With more
// it relies on the index of the keys, and is tried again where another
// transaction adds one of them at the same time.
const lockedKeys = 256

// lock takes what the transitions will touch in one order for everybody, so
// that two transactions cannot wait for each other: first the keys of new jobs
// (of which there may be no row yet), then the rows, by their ids; and reads
// them.
func (t *jobTx) lock(ctx context.Context, share []*addition) error {
	var keys []int64
	var kinds, names, ids [][]byte
	for _, a := range share {
		for i := range a.batch.Finish {
			ids = append(ids, a.batch.Finish[i].Job[:])
		}
		for i := range a.batch.Enqueue {
			if j := &a.batch.Enqueue[i].Job; j.Key != "" {
				h := fnv.New64a()
				_, _ = io.WriteString(h, j.Kind+"\x00"+j.Key) // a hash never errors
				keys = append(keys, int64(h.Sum64()))
				kinds, names = append(kinds, []byte(j.Kind)), append(names, []byte(j.Key))
			}
		}
	}
	slices.Sort(keys)
	if keys = slices.Compact(keys); len(keys) > 0 && len(keys) <= lockedKeys {
		// Combined with the schema: archives of one database do not meet. The
		// order of unnest is that of the array.
		_, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock(k # hashtextextended(current_schema(), 0)) FROM unnest($1::bigint[]) AS k`, keys)
		if err != nil {
			return err
		}
	}
	rows, err := t.tx.Query(ctx, `SELECT `+jobColumns+` FROM jobs WHERE id = ANY ($1) OR (kind, key) IN (SELECT * FROM unnest($2::bytea[], $3::bytea[]))
		ORDER BY id FOR UPDATE`, ids, kinds, names)
	if err != nil {
		return err
	}
	jobs, err := pgx.CollectRows(rows, scanJob)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		t.keep(&keptJob{Job: j})
	}
	return nil
}

func (t *jobTx) keep(k *keptJob) {
	t.jobs[k.ID] = k
	if k.Key != "" {
		t.keys[jobKey{k.Kind, k.Key}] = k
	}
}

// apply does the transitions of one batch.
func (t *jobTx) apply(a *addition) error {
	for i := range a.batch.Finish {
		if err := t.finish(&a.batch.Finish[i]); err != nil {
			return err
		}
	}
	left := make([]*keptJob, len(a.batch.Enqueue))
	for i := range a.batch.Enqueue {
		left[i] = t.enqueue(a.batch.Enqueue[i])
	}
	for _, k := range left {
		j := k.Job
		j.Payload = bytes.Clone(j.Payload)
		a.receipt.Jobs = append(a.receipt.Jobs, j)
	}
	return nil
}

func (t *jobTx) finish(f *store.Finish) error {
	k := t.jobs[f.Job]
	if k == nil || k.gone {
		return fmt.Errorf("%w: job %s is not kept any more", store.ErrConflict, f.Job)
	}
	after, kept, err := f.Apply(k.Job, t.now)
	if err != nil {
		return err
	}
	if kept {
		k.Job, k.changed = after, true
		return nil
	}
	k.gone = true
	if t.keys[jobKey{k.Kind, k.Key}] == k {
		delete(t.keys, jobKey{k.Kind, k.Key})
	}
	return nil
}

func (t *jobTx) enqueue(e store.Enqueue) *keptJob {
	if e.Lease.Owner != "" {
		e.Lease.Until = e.Lease.Until.Add(t.ahead)
	}
	if e.Job.Key != "" {
		if k := t.keys[jobKey{e.Job.Kind, e.Job.Key}]; k != nil {
			k.Job, k.changed = e.Again(k.Job, t.now), true
			return k
		}
	}
	k := &keptJob{Job: e.New(), fresh: true}
	t.keep(k)
	return k
}

// write writes what the transitions came to: first what goes, because a new job
// may have the key of one that does.
func (t *jobTx) write(ctx context.Context) error {
	var q pgx.Batch
	var gone [][]byte
	ids := slices.SortedFunc(maps.Keys(t.jobs), func(a, b store.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		if k := t.jobs[id]; k.gone && !k.fresh {
			gone = append(gone, id[:])
		}
	}
	if len(gone) > 0 {
		q.Queue(`DELETE FROM jobs WHERE id = ANY ($1)`, gone)
	}
	var fresh []*store.Job
	for _, id := range ids {
		switch k := t.jobs[id]; {
		case k.gone:
		case k.fresh:
			fresh = append(fresh, &k.Job)
		case k.changed:
			j := &k.Job
			q.Queue(`UPDATE jobs SET payload = $2, priority = $3, run_at = $4, state = $5, attempts = $6, owner = $7, token = $8,
				until = $9, error = $10, error_class = $11 WHERE id = $1`, j.ID[:], []byte(j.Payload), j.Priority, micros(j.RunAt), stateNumber(j.State),
				j.Attempts, []byte(j.Lease.Owner), int64(j.Lease.Token), micros(j.Lease.Until), []byte(j.Error), []byte(j.ErrorClass))
		}
	}
	queueJobs(&q, fresh)
	if q.Len() == 0 {
		return nil
	}
	return t.tx.SendBatch(ctx, &q).Close()
}

// queueJobs inserts new jobs.
func queueJobs(q *pgx.Batch, jobs []*store.Job) {
	if len(jobs) == 0 {
		return
	}
	var (
		ids, kinds, keys, hosts, payloads, owners, errs, classes [][]byte
		priorities, attempts                                     []int
		created, runAt, until                                    []*int64
		states                                                   []int16
		tokens                                                   []int64
	)
	for _, j := range jobs {
		ids, kinds, keys, hosts = append(ids, j.ID[:]), append(kinds, []byte(j.Kind)), append(keys, orNull(j.Key)), append(hosts, []byte(j.Host))
		payloads, priorities, created = append(payloads, []byte(j.Payload)), append(priorities, j.Priority), append(created, micros(j.Created))
		runAt, states, attempts = append(runAt, micros(j.RunAt)), append(states, stateNumber(j.State)), append(attempts, j.Attempts)
		owners, tokens, until = append(owners, []byte(j.Lease.Owner)), append(tokens, int64(j.Lease.Token)), append(until, micros(j.Lease.Until))
		errs, classes = append(errs, []byte(j.Error)), append(classes, []byte(j.ErrorClass))
	}
	q.Queue(`INSERT INTO jobs (`+jobColumns+`) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::integer[],
		$7::bigint[], $8::bigint[], $9::smallint[], $10::integer[], $11::bytea[], $12::bigint[], $13::bigint[], $14::bytea[], $15::bytea[])`,
		ids, kinds, keys, hosts, payloads, priorities, created, runAt, states, attempts, owners, tokens, until, errs, classes)
}

// byteStrings returns strings as bytes; nil, which means any, for none.
func byteStrings(list []string) [][]byte {
	var out [][]byte
	for _, s := range list {
		out = append(out, []byte(s))
	}
	return out
}

// Extend implements [store.Jobs].
func (s *Store) Extend(ctx context.Context, job store.ID, token uint64, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE jobs SET until = now_us() + $3 WHERE id = $1 AND state = 2 AND token = $2`,
		job[:], int64(token), until.Sub(s.now()).Microseconds())
	if err != nil {
		return classify(ctx, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: job %s is not leased with token %d any more", store.ErrConflict, job, token)
	}
	return nil
}

// Job implements [store.Jobs].
func (s *Store) Job(ctx context.Context, id store.ID) (store.Job, error) {
	rows, err := s.query(ctx, `SELECT `+jobColumns+` FROM jobs WHERE id = $1`, id[:])
	if err != nil {
		return store.Job{}, err
	}
	j, err := pgx.CollectExactlyOneRow(rows, scanJob)
	return j, orNotFound(ctx, err, "job %s", id)
}

// query begins to read, unless ctx has ended.
func (s *Store) query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, sql, args...)
	return rows, classify(ctx, err)
}

// ListJobs implements [store.Jobs].
func (s *Store) ListJobs(ctx context.Context, f store.JobFilter) ([]store.Job, error) {
	var states []int16
	for _, st := range f.States {
		states = append(states, stateNumber(st))
	}
	rows, err := s.query(ctx, `SELECT `+jobColumns+` FROM jobs WHERE id > $1 AND ($2::smallint[] IS NULL OR state = ANY ($2))
		AND ($3::bytea[] IS NULL OR kind = ANY ($3)) ORDER BY id LIMIT $4`, f.After[:], states, byteStrings(f.Kinds), cmp.Or(f.Limit, 100))
	if err != nil {
		return nil, err
	}
	jobs, err := pgx.CollectRows(rows, scanJob)
	return jobs, classify(ctx, err)
}

// CountJobs implements [store.Jobs].
func (s *Store) CountJobs(ctx context.Context, now time.Time) (store.JobCounts, error) {
	rows, err := s.query(ctx, `SELECT kind, state, count(*), count(*) FILTER (WHERE run_at IS NULL OR run_at <= $1),
		bool_or(run_at IS NULL), min(run_at) FROM jobs GROUP BY kind, state`, now.UnixMicro())
	if err != nil {
		return store.JobCounts{}, err
	}
	counts := store.JobCounts{ByKind: map[string]map[store.JobState]int{}}
	var (
		kind   []byte
		state  int16
		n, due int
		atOnce bool
		next   *int64
		first  = true
	)
	_, err = pgx.ForEachRow(rows, []any{&kind, &state, &n, &due, &atOnce, &next}, func() error {
		if state < 1 || int(state) > len(jobStates()) {
			return fmt.Errorf("%w: a job has the state %d", store.ErrCorrupt, state)
		}
		st := jobStates()[state-1]
		if counts.ByKind[string(kind)] == nil {
			counts.ByKind[string(kind)] = map[store.JobState]int{}
		}
		counts.ByKind[string(kind)][st] = n
		if st != store.JobWaiting {
			return nil
		}
		counts.Due += due
		at := fromMicros(next)
		if atOnce {
			at = time.Time{}
		}
		if first || at.Before(counts.NextAt) {
			counts.NextAt, first = at, false
		}
		return nil
	})
	return counts, classify(ctx, err)
}
