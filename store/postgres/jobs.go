package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
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

// jobTx applies the transitions of one batch.
type jobTx struct {
	tx  pgx.Tx
	now time.Time // by the database's clock
	// ahead is how much the database's clock is ahead of the caller's.
	ahead time.Duration
}

// applyJobs does the transitions of a batch in order and returns the jobs of
// Enqueue as they are then.
func (s *Store) applyJobs(ctx context.Context, tx pgx.Tx, b *store.Batch) ([]store.Job, error) {
	if len(b.Finish) == 0 && len(b.Enqueue) == 0 {
		return nil, nil
	}
	t := jobTx{tx: tx}
	var err error
	if t.now, err = clock(ctx, tx); err != nil {
		return nil, err
	}
	t.ahead = t.now.Sub(s.now())
	if err := t.lock(ctx, b); err != nil {
		return nil, err
	}
	for i := range b.Finish {
		if err := t.finish(ctx, &b.Finish[i]); err != nil {
			return nil, err
		}
	}
	ids := make([]store.ID, len(b.Enqueue))
	for i := range b.Enqueue {
		if ids[i], err = t.enqueue(ctx, b.Enqueue[i]); err != nil {
			return nil, err
		}
	}
	jobs := make([]store.Job, len(ids))
	for i, id := range ids {
		if jobs[i], err = readJob(ctx, tx, `id = $1`, id[:]); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// clock reads the database's clock.
func clock(ctx context.Context, tx pgx.Tx) (time.Time, error) {
	var now int64
	err := tx.QueryRow(ctx, `SELECT now_us()`).Scan(&now)
	return time.UnixMicro(now).UTC(), err
}

// lock takes what the transitions will touch in one order for everybody, so
// that two batches cannot wait for each other: first the keys of new jobs
// (of which there may be no row yet), then the rows, by their ids.
func (t *jobTx) lock(ctx context.Context, b *store.Batch) error {
	var keys []int64
	var kinds, names, ids [][]byte
	for i := range b.Finish {
		ids = append(ids, b.Finish[i].Job[:])
	}
	for i := range b.Enqueue {
		if j := &b.Enqueue[i].Job; j.Key != "" {
			h := fnv.New64a()
			_, _ = io.WriteString(h, j.Kind+"\x00"+j.Key) // a hash never errors
			keys = append(keys, int64(h.Sum64()))
			kinds, names = append(kinds, []byte(j.Kind)), append(names, []byte(j.Key))
		}
	}
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		// Combined with the schema: archives of one database do not meet.
		_, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1::bigint # hashtextextended(current_schema(), 0))`, k)
		if err != nil {
			return err
		}
	}
	_, err := t.tx.Exec(ctx, `SELECT FROM jobs WHERE id = ANY ($1) OR (kind, key) IN (SELECT * FROM unnest($2::bytea[], $3::bytea[]))
		ORDER BY id FOR UPDATE`, ids, kinds, names)
	return err
}

func readJob(ctx context.Context, tx pgx.Tx, where string, args ...any) (store.Job, error) {
	rows, err := tx.Query(ctx, `SELECT `+jobColumns+` FROM jobs WHERE `+where, args...)
	if err != nil {
		return store.Job{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanJob)
}

func (t *jobTx) write(ctx context.Context, j *store.Job) error {
	_, err := t.tx.Exec(ctx, `UPDATE jobs SET payload = $2, priority = $3, run_at = $4, state = $5, attempts = $6, owner = $7, token = $8,
		until = $9, error = $10, error_class = $11 WHERE id = $1`, j.ID[:], []byte(j.Payload), j.Priority, micros(j.RunAt), stateNumber(j.State),
		j.Attempts, []byte(j.Lease.Owner), int64(j.Lease.Token), micros(j.Lease.Until), []byte(j.Error), []byte(j.ErrorClass))
	return err
}

func (t *jobTx) finish(ctx context.Context, f *store.Finish) error {
	j, err := readJob(ctx, t.tx, `id = $1`, f.Job[:])
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%w: job %s is not kept any more", store.ErrConflict, f.Job)
	}
	if err != nil {
		return err
	}
	after, kept, err := f.Apply(j, t.now)
	if err != nil {
		return err
	}
	if !kept {
		_, err = t.tx.Exec(ctx, `DELETE FROM jobs WHERE id = $1`, f.Job[:])
		return err
	}
	return t.write(ctx, &after)
}

func (t *jobTx) enqueue(ctx context.Context, e store.Enqueue) (store.ID, error) {
	if e.Lease.Owner != "" {
		e.Lease.Until = e.Lease.Until.Add(t.ahead)
	}
	for {
		if e.Job.Key != "" {
			kept, err := readJob(ctx, t.tx, `kind = $1 AND key = $2 FOR UPDATE`, []byte(e.Job.Kind), []byte(e.Job.Key))
			if err == nil {
				after := e.Again(kept, t.now)
				return kept.ID, t.write(ctx, &after)
			}
			if !errors.Is(err, pgx.ErrNoRows) {
				return store.ID{}, err
			}
		}
		j := e.New()
		tag, err := t.tx.Exec(ctx, `INSERT INTO jobs (`+jobColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			ON CONFLICT (kind, key) WHERE key IS NOT NULL DO NOTHING`, jobValues(&j)...)
		if err != nil {
			return store.ID{}, err
		}
		if tag.RowsAffected() == 1 {
			return j.ID, nil
		}
		// Somebody added a job of the same key in between: read that one.
	}
}

// byteStrings returns strings as bytes; nil, which means any, for none.
func byteStrings(list []string) [][]byte {
	var out [][]byte
	for _, s := range list {
		out = append(out, []byte(s))
	}
	return out
}

// leaseQuery gives the jobs out that are first in turn: see [store.Jobs]. The
// condition stands twice: rows that another transaction had locked are looked
// at again once it is done.
const leaseQuery = `
WITH clock AS MATERIALIZED (SELECT now_us() AS now),
due AS (
	SELECT id, row_number() OVER (PARTITION BY priority, host ORDER BY run_at NULLS FIRST, id) AS turn
	FROM jobs, clock
	WHERE (state = 1 AND (run_at IS NULL OR run_at <= now) OR state = 2 AND until <= now)
		AND ($1::bytea[] IS NULL OR kind = ANY ($1)) AND NOT host = ANY (coalesce($2::bytea[], '{}')) AND ($3::integer = 0 OR priority <= $3)
),
picked AS (
	SELECT id, turn FROM due JOIN jobs USING (id) ORDER BY priority, turn, run_at NULLS FIRST, id LIMIT $4
),
locked AS MATERIALIZED ( -- in the order in which batches lock jobs
	SELECT id FROM jobs WHERE id IN (SELECT id FROM picked) ORDER BY id FOR UPDATE
),
leased AS (
	UPDATE jobs j SET state = 2, attempts = attempts + 1, token = token + 1, owner = $5, until = now + $6
	FROM picked JOIN locked USING (id), clock WHERE j.id = picked.id AND (state = 1 AND (run_at IS NULL OR run_at <= now) OR state = 2 AND until <= now)
	RETURNING j.*, picked.turn
)
SELECT ` + jobColumns + `, turn, (SELECT count(*) FROM picked) FROM leased`

// Lease implements [store.Jobs].
func (s *Store) Lease(ctx context.Context, r store.LeaseRequest) ([]store.Job, error) {
	for {
		jobs, picked, err := s.lease(ctx, &r)
		// Where all that was picked went to others there may be more.
		if err != nil || len(jobs) > 0 || picked == 0 {
			return jobs, err
		}
	}
}

func (s *Store) lease(ctx context.Context, r *store.LeaseRequest) (jobs []store.Job, picked int, err error) {
	turns := map[store.ID]int{}
	err = s.retrying(ctx, func(tx pgx.Tx) error {
		// Workers take turns: two that look at once would pick the same jobs.
		if _, err := tx.Exec(ctx, `SELECT FROM counters WHERE name = 'lease' FOR UPDATE`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, leaseQuery, byteStrings(r.Kinds), byteStrings(r.SkipHosts), r.MaxPriority,
			cmp.Or(r.Limit, 1), []byte(r.Owner), r.For.Microseconds())
		if err != nil {
			return err
		}
		jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Job, error) {
			turn := 0
			j, err := scanJobAnd(row, &turn, &picked)
			turns[j.ID] = turn
			return j, err
		})
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	slices.SortFunc(jobs, func(a, b store.Job) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(turns[a.ID], turns[b.ID]), a.RunAt.Compare(b.RunAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	return jobs, picked, nil
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
