-- Divides the large tables of an archive in PostgreSQL, for those who expect
-- hundreds of millions of posts: docs/operating.md says when that is worth it.
-- It is run once, with psql, on an archive that holds nothing yet, in its
-- schema: SET search_path = stet; \i partitions.sql
-- The numbers below may be changed; more parts of "blocks" are added before the
-- journal reaches them, and what comes earlier goes into blocks_rest.
DO $$
DECLARE
	parts CONSTANT integer := 64;       -- of records, terms and chunks
	span  CONSTANT bigint := 100000000; -- numbers of the journal in a part of blocks
	spans CONSTANT integer := 10;
	t text;
BEGIN
	IF EXISTS (SELECT FROM records) OR EXISTS (SELECT FROM chunks) THEN
		RAISE EXCEPTION 'the archive holds records: divide one that is new, and move this one into it with stet migrate';
	END IF;
	DROP TABLE blocks, records, terms, chunks;

	CREATE TABLE blocks (
		first bigint PRIMARY KEY, count integer NOT NULL, raw bigint NOT NULL, bytes bytea NOT NULL
	) PARTITION BY RANGE (first);
	ALTER TABLE blocks ALTER bytes SET STORAGE EXTERNAL;
	FOR i IN 0 .. spans - 1 LOOP
		EXECUTE format('CREATE TABLE blocks_%s PARTITION OF blocks FOR VALUES FROM (%s) TO (%s)', i, i * span, (i + 1) * span);
	END LOOP;
	CREATE TABLE blocks_rest PARTITION OF blocks DEFAULT;

	-- A number is given once, by the journal's counter: its index need not be
	-- unique, which it could not be across parts.
	CREATE TABLE records (
		id bytea PRIMARY KEY, seq bigint NOT NULL, kind smallint NOT NULL, leaf bytea NOT NULL
	) PARTITION BY HASH (id);
	CREATE INDEX records_seq ON records (seq);
	CREATE TABLE terms (
		idx smallint NOT NULL, value bytea NOT NULL, seq bigint NOT NULL, kind smallint NOT NULL, PRIMARY KEY (idx, value, seq)
	) PARTITION BY HASH (value);
	CREATE TABLE chunks (
		upload bigint NOT NULL REFERENCES uploads (id) ON DELETE CASCADE, n integer NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (upload, n)
	) PARTITION BY HASH (upload);
	ALTER TABLE chunks ALTER bytes SET STORAGE EXTERNAL;
	FOREACH t IN ARRAY ARRAY['records', 'terms', 'chunks'] LOOP
		FOR i IN 0 .. parts - 1 LOOP
			EXECUTE format('CREATE TABLE %1$s_%2$s PARTITION OF %1$s FOR VALUES WITH (MODULUS %3$s, REMAINDER %2$s)', t, i, parts);
		END LOOP;
	END LOOP;
END $$;
