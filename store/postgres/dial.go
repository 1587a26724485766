package postgres

import (
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// connectTime is how long a server may take to accept a connection where
	// the address does not say (connect_timeout), before the next one that it
	// names is tried.
	connectTime = 10 * time.Second
	// deadTime is for how long a server may be gone from the network until its
	// connections count as broken. The system's own limit is a quarter of an hour.
	deadTime = 30 * time.Second
)

// connecting sets how servers are reached, and when one is left for another.
func connecting(config *pgconn.Config, readOnly bool) {
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTime
	}
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: deadTime / 3, Interval: deadTime / 6, Count: 4}, Control: giveUp}
	config.DialFunc = dialer.DialContext
	usual := config.OnPgError
	config.OnPgError = func(c *pgconn.PgConn, err *pgconn.PgError) bool {
		// A server that became a standby while it was connected: the address
		// may lead to the one that took its place.
		return usual(c, err) && (readOnly || err.Code != codeReadOnly)
	}
}
