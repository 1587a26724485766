-- The clock of leases. A function, so that a test can set it.
CREATE FUNCTION now_us() RETURNS bigint LANGUAGE sql VOLATILE AS
	'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint';

-- journal: the highest number. lease: the row that workers take turns at.
CREATE TABLE counters (
	name  text PRIMARY KEY,
	value bigint NOT NULL
);
INSERT INTO counters VALUES ('journal', 0), ('lease', 0);

-- Blocks of records, as store/codec writes them.
CREATE TABLE blocks (
	first bigint PRIMARY KEY,  -- number of the first record
	count integer NOT NULL,    -- of records
	raw   bigint NOT NULL,     -- bytes of their fields
	bytes bytea NOT NULL
);
ALTER TABLE blocks ALTER bytes SET STORAGE EXTERNAL; -- compressed already

CREATE TABLE records (
	id   bytea PRIMARY KEY,
	seq  bigint NOT NULL UNIQUE,
	kind smallint NOT NULL,
	leaf bytea NOT NULL
);

CREATE TABLE terms (
	idx   smallint NOT NULL,
	value bytea NOT NULL,
	seq   bigint NOT NULL,
	kind  smallint NOT NULL,
	PRIMARY KEY (idx, value, seq)
);

-- The receipts of batches with a key.
CREATE TABLE batches (
	key   bytea PRIMARY KEY,
	first bigint NOT NULL DEFAULT 0,
	last  bigint NOT NULL DEFAULT 0
);

CREATE TABLE jobs (
	id          bytea PRIMARY KEY,
	kind        bytea NOT NULL,
	key         bytea,             -- null: not compared
	host        bytea NOT NULL,
	payload     bytea,
	priority    integer NOT NULL,
	created     bigint,
	run_at      bigint,            -- null: at once
	state       smallint NOT NULL, -- 1 waiting, 2 leased, 3 dead
	attempts    integer NOT NULL,
	owner       bytea NOT NULL,
	token       bigint NOT NULL,
	until       bigint,
	error       bytea NOT NULL,
	error_class bytea NOT NULL
);
CREATE UNIQUE INDEX jobs_key ON jobs (kind, key) WHERE key IS NOT NULL;
CREATE INDEX jobs_due ON jobs (priority, run_at, id) WHERE state = 1;
CREATE INDEX jobs_leased ON jobs (until) WHERE state = 2;

-- The jobs of such receipts, as the commit left them.
CREATE TABLE batch_jobs (
	batch bytea NOT NULL REFERENCES batches (key),
	n     integer NOT NULL,
	LIKE jobs,
	PRIMARY KEY (batch, n)
);

CREATE TABLE cursors (
	name bytea PRIMARY KEY,
	at   bigint NOT NULL
);

-- A blob is an upload that was committed under its digest.
CREATE TABLE uploads (
	id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	started bigint NOT NULL
);
CREATE TABLE blobs (
	digest bytea PRIMARY KEY,
	size   bigint NOT NULL,
	stored bigint NOT NULL,
	kept   bigint,             -- last commit since which no record referred to it
	upload bigint NOT NULL REFERENCES uploads (id)
);
CREATE UNIQUE INDEX blobs_upload ON blobs (upload);
CREATE TABLE chunks (
	upload bigint NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
	n      integer NOT NULL,
	bytes  bytea NOT NULL,
	PRIMARY KEY (upload, n)
);
ALTER TABLE chunks ALTER bytes SET STORAGE EXTERNAL; -- media are compressed already
