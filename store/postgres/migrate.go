package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations returns the statements of each step, in order: migrations()[i]
// brings the format from i to i+1. Only forward; none is changed once it was
// released. A format that [fillers] names begins with the statements, and is
// reached when its filler is done; what [besideIndexes] names is there before.
func migrations() ([]string, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	steps := make([]string, len(names))
	for i, name := range names {
		b, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps[i] = string(b)
	}
	return steps, nil
}

// prepare creates the archive or brings it to the present format, and throws
// away the uploads of processes that ended.
func (s *Store) prepare(ctx context.Context, o *Options) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	if o.ReadOnly {
		return s.inTx(ctx, func(tx pgx.Tx) error { return present(ctx, tx, len(steps)) })
	}
	if err := s.migrate(ctx, o, steps); err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `DELETE FROM uploads u WHERE started < now_us() - $1
		AND NOT EXISTS (SELECT FROM blobs b WHERE b.upload = u.id)`, keepFor.Microseconds())
	return classify(ctx, err)
}

// filler does a part of a migration that statements cannot do, in one
// transaction, and reports whether it is done.
type filler func(s *Store, ctx context.Context, tx pgx.Tx) (done bool, err error)

// fillers are the fillers by the format that they lead to.
func fillers() map[int]filler { return map[int]filler{4: (*Store).indexLinks} }

// migrate creates the archive or brings it to the present format, in
// transactions that are short enough for others to work meanwhile.
func (s *Store) migrate(ctx context.Context, o *Options, steps []string) error {
	if err := s.buildBeside(ctx, o, len(steps)); err != nil {
		return err
	}
	for done := false; !done; {
		err := s.inTx(ctx, func(tx pgx.Tx) (err error) {
			done, err = s.migrateIn(ctx, tx, o, steps)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// migrateIn does a part of it and reports whether nothing is left.
func (s *Store) migrateIn(ctx context.Context, tx pgx.Tx, o *Options, steps []string) (bool, error) {
	// One process at a time; the others wait, however long it takes, and find
	// the work done.
	if _, err := tx.Exec(ctx, `SELECT set_config('lock_timeout', '0', true)`); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "stet format of "+o.Schema); err != nil {
		return false, err
	}
	exists, err := begun(ctx, tx)
	if err != nil {
		return false, err
	}
	if !exists {
		if o.MustExist {
			return false, fmt.Errorf("%w: the schema holds no archive; `stet capture` makes one, or name another with storage.schema", store.ErrNoStore)
		}
		if err := mayCreate(ctx, tx); err != nil {
			return false, err
		}
		create := `CREATE TABLE format (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL); INSERT INTO format (version) VALUES (0)`
		// Where the schema is there, making it if it is not would ask for a right
		// that the role may not have.
		var there bool
		if err := tx.QueryRow(ctx, `SELECT to_regnamespace(current_setting('search_path')) IS NOT NULL`).Scan(&there); err != nil {
			return false, err
		}
		if !there {
			create = `CREATE SCHEMA IF NOT EXISTS ` + pgx.Identifier{o.Schema}.Sanitize() + `; ` + create
		}
		if _, err := tx.Exec(ctx, create); err != nil {
			return false, err
		}
	}
	return s.bring(ctx, tx, steps)
}

// begun reports whether there is an archive, of whatever format. It reads a
// table, because a name alone is looked up in what the connection remembers,
// where what another process has made meanwhile is missing.
func begun(ctx context.Context, tx pgx.Tx) (exists bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('format'))`).Scan(&exists)
	return exists, err
}

// mayCreate errors where the role may not make an archive: docs/operating.md
// says what it needs.
func mayCreate(ctx context.Context, tx pgx.Tx) error {
	var may bool
	var role, database, schema string
	err := tx.QueryRow(ctx, `SELECT CASE WHEN to_regnamespace(s) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
		ELSE has_schema_privilege(to_regnamespace(s), 'CREATE') END, current_user, current_database(), s FROM current_setting('search_path') AS s`).Scan(&may, &role, &database, &schema)
	if err == nil && !may {
		return fmt.Errorf("%w: the role %s may not make an archive in the database %s; an administrator of the database can let it: CREATE SCHEMA %s AUTHORIZATION %s",
			store.ErrUsage, role, database, schema, role)
	}
	return err
}

// present errors where there is no archive of the present format, which may not
// be brought to it here.
func present(ctx context.Context, tx pgx.Tx, steps int) error {
	exists, err := begun(ctx, tx)
	if err != nil {
		return err
	}
	if !exists {
		if err := mayCreate(ctx, tx); err != nil {
			return err
		}
		return fmt.Errorf("%w: the schema holds no archive; `stet capture` makes one, or name another with storage.schema", store.ErrNoStore)
	}
	var version int
	if err := tx.QueryRow(ctx, `SELECT version FROM format`).Scan(&version); err != nil {
		return err
	}
	switch {
	case version > steps:
		return newer(version, steps)
	case version < steps:
		return fmt.Errorf("%w: it has the older format %d; any command that writes, such as `stet serve`, brings it to the present one", store.ErrVersion, version)
	}
	return nil
}

func newer(version, steps int) error {
	return fmt.Errorf("%w: it has format %d, this stet reads up to %d; install a newer stet and run the same command again (`stet version` names the one that is installed)",
		store.ErrVersion, version, steps)
}

// bring does the steps that are missing, up to a part of one that has a filler,
// and reports whether none is left.
func (s *Store) bring(ctx context.Context, tx pgx.Tx, steps []string) (bool, error) {
	var version int
	if err := tx.QueryRow(ctx, `SELECT version FROM format FOR UPDATE`).Scan(&version); err != nil {
		return false, err
	}
	if version > len(steps) {
		return false, newer(version, len(steps))
	}
	have := version
	for part := false; version < len(steps) && !part; {
		fill := fillers()[version+1]
		// The statements of a step with a filler can be run again.
		_, err := tx.Exec(ctx, steps[version])
		if err == nil && fill != nil {
			var done bool
			done, err = fill(s, ctx, tx)
			part = !done
		}
		if err != nil {
			return false, fmt.Errorf("bringing it to format %d: %w", version+1, err)
		}
		if !part {
			version++
		}
	}
	if version == have {
		return version == len(steps), nil
	}
	_, err := tx.Exec(ctx, `UPDATE format SET version = $1`, version)
	return version == len(steps), err
}

// filledAtOnce is how many records one transaction of [Store.indexLinks] looks
// at.
const filledAtOnce = 500

// indexLinks adds the entries of [store.IndexLink], which formats before 4 may
// lack, for the next article versions. How far it has come is the counter
// "linked", which is gone when it is done. Blocks that cannot be read are left
// out: [Store.Check] tells of them, and the rest can be worked with.
func (s *Store) indexLinks(ctx context.Context, tx pgx.Tx) (bool, error) {
	var at int64
	if err := tx.QueryRow(ctx, `SELECT value FROM counters WHERE name = 'linked'`).Scan(&at); err != nil {
		return false, err
	}
	rows, err := tx.Query(ctx, `SELECT seq FROM records WHERE kind = $1 AND seq > $2 ORDER BY seq LIMIT $3`, int16(store.KindArticle.Number()), at, filledAtOnce)
	if err != nil {
		return false, err
	}
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return false, err
	}
	if len(seqs) == 0 {
		_, err := tx.Exec(ctx, `DELETE FROM counters WHERE name = 'linked'`)
		return true, err
	}
	if err := s.indexLinksOf(ctx, tx, seqs); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE counters SET value = $1 WHERE name = 'linked'`, seqs[len(seqs)-1])
	return false, err
}

// indexLinksOf adds the entries of some article versions.
func (s *Store) indexLinksOf(ctx context.Context, tx pgx.Tx, seqs []int64) error {
	rows, err := tx.Query(ctx, `SELECT DISTINCT ON (first) first, bytes FROM unnest($1::bigint[]) AS s(seq),
		LATERAL (SELECT first, bytes FROM blocks WHERE first <= s.seq ORDER BY first DESC LIMIT 1) AS b`, seqs)
	if err != nil {
		return err
	}
	var (
		first  uint64
		sealed []byte
		values [][]byte
		at     []int64
	)
	if _, err := pgx.ForEachRow(rows, []any{&first, &sealed}, func() error {
		records, err := s.codec.Decode(sealed, first)
		if err != nil {
			return nil //nolint:nilerr // see indexLinks
		}
		for i := range records {
			for _, link := range linksOf(&records[i]) {
				values, at = append(values, []byte(link.Value)), append(at, number(records[i].Seq))
			}
		}
		return nil
	}); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO terms (idx, value, seq, kind) SELECT $1, value, seq, $2 FROM unnest($3::bytea[], $4::bigint[]) AS n(value, seq) ON CONFLICT DO NOTHING`,
		int16(store.IndexLink.Number()), int16(store.KindArticle.Number()), values, at)
	return err
}

// linksOf returns the entries of an article version by the pages that it links.
func linksOf(r *store.Record) []store.Term {
	if r.Kind != store.KindArticle {
		return nil
	}
	terms := r.Terms // a record that content was taken out of has them stored
	if content, err := store.DecodeAny(r); err == nil && content != nil && len(terms) == 0 {
		terms = store.TermsOf(content)
	}
	return slices.DeleteFunc(slices.Clone(terms), func(t store.Term) bool { return t.Index != store.IndexLink })
}
