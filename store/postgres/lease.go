package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

// The parameters of the queries below: $1 kinds and $2 skipped hosts as bytes,
// null for any and none; $3 the highest priority, 0 for any; $4 the limit; $5
// the time. That stands in them as a value, because what the server expects to
// find depends on it.
const (
	wanted = `($1::bytea[] IS NULL OR kind = ANY ($1)) AND NOT host = ANY (coalesce($2::bytea[], '{}')) AND ($3::integer = 0 OR priority <= $3)`
	// ripe is what can be leased.
	ripe = `(state = 1 AND (run_at IS NULL OR run_at <= $5::bigint) OR state = 2 AND until <= $5::bigint)`
)

// dueQuery counts what is due, up to a number. It walks the indexes in their
// order, which also clears them of what was leased since the last vacuum.
const dueQuery = `SELECT (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 1 AND run_at IS NULL LIMIT $2) AS j)
	+ (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 1 AND run_at <= $1 ORDER BY run_at LIMIT $2) AS j)
	+ (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 2 AND until <= $1 ORDER BY until LIMIT $2) AS j)`

// fewDue finds all that is due: the common case.
const fewDue = `WITH found AS (
	SELECT ctid AS at, id, priority, host, run_at FROM jobs
	WHERE (state = 1 AND run_at IS NULL OR state = 1 AND run_at <= $5 OR state = 2 AND until <= $5) AND ` + wanted + `
),`

// manyDue finds of each line, which are the waiting jobs of one priority and
// host, no more than can be leased. After a day in which the database was away
// so much may be due that sorting it for each lease would take seconds.
const manyDue = `WITH RECURSIVE line AS (
	(SELECT priority, host FROM jobs WHERE state = 1 ORDER BY priority, host LIMIT 1)
	UNION ALL
	SELECT next.priority, next.host FROM line, LATERAL (
		SELECT priority, host FROM jobs WHERE state = 1 AND (priority, host) > (line.priority, line.host) ORDER BY priority, host LIMIT 1
	) AS next
),
found AS (
	SELECT j.at, j.id, j.priority, j.host, j.run_at FROM line, LATERAL (
		(SELECT ctid AS at, id, priority, host, run_at FROM jobs
			WHERE state = 1 AND priority = line.priority AND host = line.host AND run_at IS NULL AND ` + wanted + ` ORDER BY id LIMIT $4)
		UNION ALL
		(SELECT ctid, id, priority, host, run_at FROM jobs
			WHERE state = 1 AND priority = line.priority AND host = line.host AND run_at <= $5 AND ` + wanted + ` ORDER BY run_at NULLS FIRST, id LIMIT $4)
	) AS j
	UNION ALL
	SELECT ctid, id, priority, host, run_at FROM jobs WHERE state = 2 AND until <= $5 AND ` + wanted + `
),`

// picking picks the jobs that are first in turn among what was found: see
// [store.Jobs].
const picking = `
due AS (
	SELECT at, id, priority, run_at, row_number() OVER (PARTITION BY priority, host ORDER BY run_at NULLS FIRST, id) AS turn FROM found
),
picked AS (
	SELECT at, id, turn FROM due ORDER BY priority, turn, run_at NULLS FIRST, id LIMIT $4
)`

// leasing gives them out. A row is found again by its place in the table, which costs one
// page where its id would cost a way down an index for each job. Rows that
// another transaction had locked are looked at again once it is done, or left to
// the next lease.
const leasing = picking + `,
ordered AS MATERIALIZED ( -- in the order in which batches lock jobs
	SELECT at, turn FROM picked ORDER BY id
),
leased AS (
	UPDATE jobs j SET state = 2, attempts = attempts + CASE state WHEN 1 THEN 1 ELSE 0 END, token = token + 1, owner = $6, until = (SELECT now_us()) + $7
	FROM ordered WHERE j.ctid = ordered.at AND ` + ripe + `
	RETURNING j.*, ordered.turn
)
SELECT ` + jobColumns + `, turn, tried FROM (SELECT count(*) AS tried FROM ordered) AS all_picked LEFT JOIN leased ON true`

// sorted is up to how many jobs that are due are sorted for a lease.
const sorted = 2000

// Lease implements [store.Jobs].
func (s *Store) Lease(ctx context.Context, r store.LeaseRequest) ([]store.Job, error) {
	r.Limit = cmp.Or(r.Limit, 1)
	for {
		jobs, picked, err := s.lease(ctx, &r)
		// Where all that was picked went to others there may be more.
		if err != nil || len(jobs) > 0 || picked == 0 {
			return jobs, err
		}
	}
}

// lease returns what was leased and how much was picked for it.
func (s *Store) lease(ctx context.Context, r *store.LeaseRequest) ([]store.Job, int, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	// Most looks find nothing, and then write nothing either.
	now, due, err := s.due(ctx, s.sorted+1)
	if err != nil || due == 0 {
		return nil, 0, err
	}
	query := fewDue + leasing
	if due > s.sorted {
		query = manyDue + leasing
	}
	var (
		jobs   []store.Job
		turns  map[store.ID]int
		picked int
	)
	err = s.retrying(ctx, func(tx pgx.Tx) error {
		// Workers take turns: two that look at once would pick the same jobs.
		if _, err := tx.Exec(ctx, `SELECT FROM counters WHERE name = 'lease' FOR UPDATE`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, query, byteStrings(r.Kinds), byteStrings(r.SkipHosts), r.MaxPriority, r.Limit, now, []byte(r.Owner), r.For.Microseconds())
		if err != nil {
			return err
		}
		turns = map[store.ID]int{}
		jobs, picked, err = scanLeased(rows, turns)
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

// scanLeased reads what leasing answers: the jobs with their turns, and how much
// was picked, which stands in a row without job where others got all of it.
func scanLeased(rows pgx.Rows, turns map[store.ID]int) (jobs []store.Job, picked int, err error) {
	defer rows.Close()
	columns := len(rows.FieldDescriptions())
	for rows.Next() {
		if rows.RawValues()[0] == nil {
			only := make([]any, columns)
			only[columns-1] = &picked
			if err := rows.Scan(only...); err != nil {
				return nil, 0, err
			}
			continue
		}
		turn := 0
		j, err := scanJobAnd(rows, &turn, &picked)
		if err != nil {
			return nil, 0, err
		}
		turns[j.ID] = turn
		jobs = append(jobs, j)
	}
	return jobs, picked, rows.Err()
}

// due returns the time by the database's clock and how much is due at it: at
// most a number of each, and then not all of it.
func (s *Store) due(ctx context.Context, most int) (now int64, due int, err error) {
	if err := s.pool.QueryRow(ctx, `SELECT now_us()`).Scan(&now); err != nil {
		return 0, 0, classify(ctx, err)
	}
	err = s.pool.QueryRow(ctx, dueQuery, now, most).Scan(&due)
	return now, due, classify(ctx, err)
}
