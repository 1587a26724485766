package postgres

import (
	"context"

	"stet/store"
)

var _ store.Crowd = (*Store)(nil)

// applicationName is how connections to an archive are called in the server's
// list of them, which cuts it there.
func applicationName(schema string) string {
	name := "stet " + schema
	return name[:min(len(name), 63)]
}

// Others implements [store.Crowd] by the names that connections have.
func (s *Store) Others(ctx context.Context) (int, error) {
	var own []int32
	s.own.Range(func(pid, _ any) bool {
		own = append(own, pid.(int32))
		return true
	})
	var n int
	err := s.pool.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND application_name = current_setting('application_name') AND NOT pid = ANY ($1)`, own).Scan(&n)
	return n, classify(ctx, err)
}
