package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"stet/store"
)

// Codes of errors: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	codeUniqueViolation   = "23505"
	codeReadOnly          = "25006"
	codeIdleInTransaction = "25P03"
	codeNotPrepared       = "26000"
	codePrepared          = "42P05"
	codeNoDatabase        = "3D000"
	codeNotSerializable   = "40001"
	codeDeadlock          = "40P01"
	codePermission        = "42501"
	codeDiskFull          = "53100"
	codeLockTimeout       = "55P03"
	classConnection       = "08"
	classAuthorization    = "28"
	classResources        = "53"
	classOperator         = "57"
	classSystem           = "58"
	classDataCorrupted    = "XX"
	codeInternalCorrupted = "XX000"
)

// classify wraps an error of the driver in the class that it means. Errors that
// have a class keep it.
func classify(ctx context.Context, err error) error {
	if err == nil || store.ClassOf(err).Name != "internal" {
		return err
	}
	// The driver reports a context that ended as trouble with the connection.
	if cerr := ctx.Err(); cerr != nil {
		return fmt.Errorf("%w: %w", cerr, err)
	}
	if class := classOf(err); class != nil {
		return fmt.Errorf("%w: %w", class, err)
	}
	return err
}

func classOf(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return classOfCode(server.Code)
	}
	var dial *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &dial) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) {
		return store.ErrUnavailable
	}
	return nil
}

// opening gives an error of opening the class that it has there: what a server
// refuses then is a matter of the configuration.
func opening(err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		if why := untrusted(err); why != "" {
			return fmt.Errorf("%w: %w; %s (storage.postgres)", store.ErrUsage, err, why)
		}
		if errors.Is(err, store.ErrUnavailable) {
			err = fmt.Errorf("%w; look whether it runs, and whether it can be reached from here (storage.postgres)", err)
		}
		return err
	}
	switch {
	case server.Code == codePrepared, server.Code == codeNotPrepared:
		return fmt.Errorf("%w (%w)", errPooler, err) // it was not noticed, because others use it
	case server.Code == codeNoDatabase:
		return fmt.Errorf("%w: %s; create it (createdb) and run the same command again", store.ErrNoStore, server.Message)
	case server.Code == codePermission, strings.HasPrefix(server.Code, classAuthorization):
		return fmt.Errorf("%w: the database refuses: %s; look at storage.postgres", store.ErrUsage, server.Message)
	case server.Code == codeReadOnly:
		return fmt.Errorf("%w: %s", store.ErrReadOnly, server.Message)
	}
	return err
}

// untrusted says what to do where no connection that is trusted can be made;
// empty where that is not the reason.
func untrusted(err error) string {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return "name the authority that signed the server's certificate with sslrootcert=FILE, and the host as the certificate does"
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return "set the server up for TLS, or write sslmode=disable where nobody can listen on the way"
	}
	return ""
}

func classOfCode(code string) error {
	switch code {
	case codeUniqueViolation:
		return store.ErrConflict
	case codeReadOnly, codeNoDatabase, codePermission:
		// Once the archive was open, all of this passes: another server was
		// made the main one, or a password is being changed.
		return store.ErrUnavailable
	case codeDiskFull:
		return store.ErrFull
	case codeNotSerializable, codeDeadlock:
		return store.ErrBusy
	case codeIdleInTransaction, codeLockTimeout:
		return store.ErrUnavailable
	case codeInternalCorrupted:
		return nil
	}
	// Too many connections, too little memory, an operator who ends it, a time
	// that was set for statements, a disk that cannot be read: trouble of the
	// server, and never of what was asked of it.
	switch code[:min(2, len(code))] {
	case classConnection, classAuthorization, classResources, classOperator, classSystem:
		return store.ErrUnavailable
	case classDataCorrupted:
		return store.ErrCorrupt
	}
	return nil
}

// contended reports whether the server broke a transaction off because of
// others: one of them may have added a job with the same key, which the next try
// finds.
func contended(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && (server.Code == codeNotSerializable || server.Code == codeDeadlock ||
		server.Code == codeUniqueViolation && server.ConstraintName == "jobs_key")
}

// orNotFound turns "no row" into ErrNotFound.
func orNotFound(ctx context.Context, err error, format string, args ...any) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), store.ErrNotFound)
	}
	return classify(ctx, err)
}
