-- Large blobs may lie in an object storage. place: 0 in chunks, 1 in objects;
-- 2 on its way to objects, 3 about to be removed from there: both cannot be
-- seen.
ALTER TABLE blobs ALTER upload DROP NOT NULL, ADD place smallint NOT NULL DEFAULT 0;
CREATE INDEX blobs_moving ON blobs (place) WHERE place >= 2;

-- Whose turn it is to ask a host, for all workers together. What is lost of it
-- when the server crashes costs nothing.
CREATE UNLOGGED TABLE hosts (
	host bytea PRIMARY KEY,
	next bigint NOT NULL DEFAULT 0, -- the earliest start of the next request
	held bigint NOT NULL DEFAULT 0  -- the end of a pause that the host asked for
);
CREATE UNLOGGED TABLE host_slots (
	host   bytea NOT NULL,
	ticket bigint GENERATED ALWAYS AS IDENTITY,
	until  bigint NOT NULL,         -- when a worker that died holds it no longer
	PRIMARY KEY (host, ticket)
);
