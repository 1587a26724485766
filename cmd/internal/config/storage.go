package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"stet/store"
)

// Storage says where the archive is kept. The zero value is one file in the
// folder of the archive.
type Storage struct {
	// Postgres is the address of a database, Schema that of the archive in it.
	// Without an address the archive is a file of bbolt.
	Postgres, PostgresFile string
	Schema                 string
	// PostgresRead is the address of a server that follows that database, from
	// which a service with the role web reads.
	PostgresRead, PostgresReadFile string
	// Files is a folder, on a file system that all machines share, for large
	// files beside a database; S3 is a bucket for them. Without either they
	// are kept in the database.
	Files string
	S3    S3
}

// S3 is a bucket of an S3-compatible storage.
type S3 struct {
	Endpoint, Bucket, Prefix, Region string
	AccessKey, AccessKeyFile         string
	SecretKey, SecretKeyFile         string
}

func storageKeys() []Key {
	return []Key{
		secret(value("storage.postgres", func(c *Config) *string { return &c.Storage.Postgres }, parsePostgres, asIs)),
		value("storage.postgres_file", func(c *Config) *string { return &c.Storage.PostgresFile }, parsePath, asIs),
		secret(value("storage.postgres_read", func(c *Config) *string { return &c.Storage.PostgresRead }, parsePostgres, asIs)),
		value("storage.postgres_read_file", func(c *Config) *string { return &c.Storage.PostgresReadFile }, parsePath, asIs),
		value("storage.schema", func(c *Config) *string { return &c.Storage.Schema }, parseSchema, asIs),
		value("storage.files", func(c *Config) *string { return &c.Storage.Files }, parsePath, asIs),
		value("storage.s3.endpoint", func(c *Config) *string { return &c.Storage.S3.Endpoint }, parseLine, asIs),
		value("storage.s3.bucket", func(c *Config) *string { return &c.Storage.S3.Bucket }, parseLine, asIs),
		value("storage.s3.prefix", func(c *Config) *string { return &c.Storage.S3.Prefix }, parseLine, asIs),
		value("storage.s3.region", func(c *Config) *string { return &c.Storage.S3.Region }, parseLine, asIs),
		secret(value("storage.s3.access_key", func(c *Config) *string { return &c.Storage.S3.AccessKey }, parseSecret, asIs)),
		value("storage.s3.access_key_file", func(c *Config) *string { return &c.Storage.S3.AccessKeyFile }, parsePath, asIs),
		secret(value("storage.s3.secret_key", func(c *Config) *string { return &c.Storage.S3.SecretKey }, parseSecret, asIs)),
		value("storage.s3.secret_key_file", func(c *Config) *string { return &c.Storage.S3.SecretKeyFile }, parsePath, asIs),
	}
}

// parsePostgres takes the address of a database; "bolt" says that there is
// none.
func parsePostgres(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || s == "bolt" {
		return "", nil
	}
	if u, err := url.Parse(s); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		return s, nil
	}
	if strings.Contains(s, "=") && !strings.Contains(s, "://") {
		return s, nil // words of the form key=value
	}
	// The value is a secret: it is not repeated.
	return "", fmt.Errorf("the value is no address of a database; it is written postgres://USER@HOST/DATABASE, or bolt for none")
}

// parseSchema takes a name that needs no quotes in SQL.
func parseSchema(s string) (string, error) {
	if !regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`).MatchString(s) {
		return "", errValue(s, "a name of small letters, digits and _")
	}
	return s, nil
}

// check errors where the keys do not fit each other.
func (s *Storage) check() error {
	large := s.Files != "" || s.S3.Bucket != ""
	switch {
	case s.Postgres == "" && large:
		return fmt.Errorf("%w: storage.files and storage.s3 keep the large files of an archive in PostgreSQL; set storage.postgres too, or take them out", store.ErrUsage)
	case s.Postgres == "" && s.PostgresRead != "":
		return fmt.Errorf("%w: storage.postgres_read is of a server that follows the one of storage.postgres; set that too, or take it out", store.ErrUsage)
	case s.Files != "" && s.S3.Bucket != "":
		return fmt.Errorf("%w: storage.files and storage.s3 are both set; take one out", store.ErrUsage)
	case (s.S3.Bucket == "") != (s.S3.Endpoint == ""):
		return fmt.Errorf("%w: storage.s3.endpoint and storage.s3.bucket belong together; only one of them is set", store.ErrUsage)
	case (s.S3.AccessKey == "") != (s.S3.SecretKey == ""):
		return fmt.Errorf("%w: storage.s3.access_key and storage.s3.secret_key belong together; only one of them is set", store.ErrUsage)
	}
	return nil
}

// ParseRole takes what a service does.
func ParseRole(s string) (string, error) {
	switch s {
	case "all", "worker", "web":
		return s, nil
	}
	return "", errValue(s, "all, worker or web")
}
