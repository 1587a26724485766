-- An archive of four batches, as the version of stet wrote it whose format was 2.
SET check_function_bodies = false;
CREATE SCHEMA older;
CREATE FUNCTION older.now_us() RETURNS bigint
    LANGUAGE sql
    AS $$SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint$$;
CREATE FUNCTION older.take_turn(h bytea, every bigint, slots integer, hold bigint, OUT ticket bigint, OUT wait bigint, OUT paused boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
	at bigint;
	r hosts;
BEGIN
	PERFORM set_config('synchronous_commit', 'off', true);
	INSERT INTO hosts (host) VALUES (h) ON CONFLICT DO NOTHING;
	SELECT * INTO r FROM hosts WHERE host = h FOR UPDATE;
	at := now_us();
	wait := 0;
	paused := r.held > at;
	IF paused THEN
		wait := r.held - at;
		RETURN;
	END IF;
	IF slots > 0 THEN
		DELETE FROM host_slots s WHERE s.host = h AND s.until <= at;
		IF (SELECT count(*) FROM host_slots s WHERE s.host = h) >= slots THEN
			wait := least(greatest(every, 20000), 250000);
			RETURN;
		END IF;
	END IF;
	-- A turn that is further away than the interval was given by a clock that
	-- has gone back since.
	IF r.next > at AND r.next - at <= every THEN
		wait := r.next - at;
		RETURN;
	END IF;
	UPDATE hosts SET next = at + every WHERE host = h;
	INSERT INTO host_slots (host, until) VALUES (h, at + hold) RETURNING host_slots.ticket INTO ticket;
END $$;
CREATE TABLE older.batch_jobs (
    batch bytea NOT NULL,
    n integer NOT NULL,
    id bytea NOT NULL,
    kind bytea NOT NULL,
    key bytea,
    host bytea NOT NULL,
    payload bytea,
    priority integer NOT NULL,
    created bigint,
    run_at bigint,
    state smallint NOT NULL,
    attempts integer NOT NULL,
    owner bytea NOT NULL,
    token bigint NOT NULL,
    until bigint,
    error bytea NOT NULL,
    error_class bytea NOT NULL
);
CREATE TABLE older.batches (
    key bytea NOT NULL,
    first bigint DEFAULT 0 NOT NULL,
    last bigint DEFAULT 0 NOT NULL
);
CREATE TABLE older.blobs (
    digest bytea NOT NULL,
    size bigint NOT NULL,
    stored bigint NOT NULL,
    kept bigint,
    upload bigint,
    place smallint DEFAULT 0 NOT NULL
);
CREATE TABLE older.blocks (
    first bigint NOT NULL,
    count integer NOT NULL,
    raw bigint NOT NULL,
    bytes bytea NOT NULL
);
ALTER TABLE ONLY older.blocks ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE TABLE older.chunks (
    upload bigint NOT NULL,
    n integer NOT NULL,
    bytes bytea NOT NULL
);
ALTER TABLE ONLY older.chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE TABLE older.counters (
    name text NOT NULL,
    value bigint NOT NULL
);
CREATE TABLE older.cursors (
    name bytea NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE older.format (
    one boolean DEFAULT true NOT NULL,
    version integer NOT NULL,
    CONSTRAINT format_one_check CHECK (one)
);
CREATE UNLOGGED TABLE older.host_slots (
    host bytea NOT NULL,
    ticket bigint NOT NULL,
    until bigint NOT NULL
);
ALTER TABLE older.host_slots ALTER COLUMN ticket ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME older.host_slots_ticket_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE UNLOGGED TABLE older.hosts (
    host bytea NOT NULL,
    next bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL
);
CREATE TABLE older.jobs (
    id bytea NOT NULL,
    kind bytea NOT NULL,
    key bytea,
    host bytea NOT NULL,
    payload bytea,
    priority integer NOT NULL,
    created bigint,
    run_at bigint,
    state smallint NOT NULL,
    attempts integer NOT NULL,
    owner bytea NOT NULL,
    token bigint NOT NULL,
    until bigint,
    error bytea NOT NULL,
    error_class bytea NOT NULL
);
CREATE TABLE older.records (
    id bytea NOT NULL,
    seq bigint NOT NULL,
    kind smallint NOT NULL,
    leaf bytea NOT NULL
);
CREATE TABLE older.terms (
    idx smallint NOT NULL,
    value bytea NOT NULL,
    seq bigint NOT NULL,
    kind smallint NOT NULL
);
CREATE TABLE older.uploads (
    id bigint NOT NULL,
    started bigint NOT NULL
);
ALTER TABLE older.uploads ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME older.uploads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO older.batch_jobs VALUES ('\x616761696e', 0, '\x01a218f555147001bb950695c46b97ec', '\x6c6f6f6b', '\x747769747465723a31', '\x', NULL, 0, 1773480413000000, 1773480413000000, 1, 0, '\x', 0, NULL, '\x', '\x');
INSERT INTO older.batches VALUES ('\x616761696e', 4, 4);
INSERT INTO older.blocks VALUES (1, 3, 271, '\x0101d6d4563d03ef7bc40bd48000b2039d7a137752a964a20c5943b492a1c2014c211088a4dc6b0ae5ed6a7cb5e8bd2136a7c3acd213859e9ca15c9c1bf983aab338fd7933561236755d9bded56858045168afc62dc2bc37f85584a468f598ea40d21bf9fb9d730101a218f5550970009add9ae14a78a6b50101a218f55509700197adcbeb8ab121750101a218f555097002a64b5cd66885334400ac03410001ac00bd05006407040130316132313866352d35353039396164642d396165313461373861366235019eb6a1e5afccb00601010031227d0006312d393761642d6362656238616231323137350180d5e0c9adbea606010100ad0173746f72792d31706167657477322d613634622d3563643636383835333334340196ba3214006014c06ea5d5a11e4e868c3d05f8e23ae05122ce6a864108d9680b0822fb1840f95300a80d8881524c90e97e28f6b478b8c1e6210d6c3d9c0ef458ae03');
INSERT INTO older.blocks VALUES (4, 1, 137, '\x010184f0b17801c8add1e3ff7bad4c6f6213eaacd1342b504e3f33241f92c9ec628d4a01b62f800101a218f55514700094fa91968a75f4c000be010100010d0300d403060130316132313866352d35353134393466612d3931393638613735663463300180e5fdb2c8bea6060173746f72792d32706167656f6e65227d227d000a00907a5cf3ee46bb0b014b1f03c37e0a00b581fe3fc5c656003b00e211fa21d701');
INSERT INTO older.blocks VALUES (5, 2, 140, '\x01014221152a023b8294ae34ed2e000535c4a08a1b27578558b495a83d76e96e51fb9a6334b591561f030a1ab63414d51d88bd481a0448d667267b0066815acb0cf78a0bd9b6990101a218f5551b700087a0791f705adcd70101a218f5551b70019d244b02ba246f0600f4010100011504007405060130316132313866352d353531623761302d3739316637303561646364370180f59a9ce3bea60601010073746f72792d3322312d396432342d34623032626132343666303601bcc8a3e5afccb0060101003133227d000c001a70365081435ff0c0212f311d7ae06408d3634ed84f09a036c0ffa798d83a0065c474a077731d');
INSERT INTO older.blocks VALUES (7, 1, 175, '\x01018b3175b701b69cd7aca75389d6c407c8049e0fe9969c4a53a3ef4d103ac89eeaec42c206530101a218f5551b70028849416cf7ac678e00e4010100016d03007404060130316132313866352d353531622d373030322d383834392d343136636637616336373865018085b885febea606010100af0173746f72792d34706167656872656577227d000b00b67a0a6ce13a5c5272080f50c24b316d18014b1f03c37e0a00b581fe3fc5d0d8bda0');
INSERT INTO older.counters VALUES ('lease', 0);
INSERT INTO older.counters VALUES ('journal', 7);
INSERT INTO older.format VALUES (true, 2);
INSERT INTO older.jobs VALUES ('\x01a218f555147001bb950695c46b97ec', '\x6c6f6f6b', '\x747769747465723a31', '\x', NULL, 0, 1773480413000000, 1773480413000000, 1, 0, '\x', 0, NULL, '\x', '\x');
INSERT INTO older.records VALUES ('\x01a218f5550970009add9ae14a78a6b5', 1, 4, '\xef7bc40bd48000b2039d7a137752a964a20c5943b492a1c2014c211088a4dc6b');
INSERT INTO older.records VALUES ('\x01a218f55509700197adcbeb8ab12175', 2, 6, '\x0ae5ed6a7cb5e8bd2136a7c3acd213859e9ca15c9c1bf983aab338fd79335612');
INSERT INTO older.records VALUES ('\x01a218f555097002a64b5cd668853344', 3, 4, '\x36755d9bded56858045168afc62dc2bc37f85584a468f598ea40d21bf9fb9d73');
INSERT INTO older.records VALUES ('\x01a218f55514700094fa91968a75f4c0', 4, 6, '\xc8add1e3ff7bad4c6f6213eaacd1342b504e3f33241f92c9ec628d4a01b62f80');
INSERT INTO older.records VALUES ('\x01a218f5551b700087a0791f705adcd7', 5, 6, '\x3b8294ae34ed2e000535c4a08a1b27578558b495a83d76e96e51fb9a6334b591');
INSERT INTO older.records VALUES ('\x01a218f5551b70019d244b02ba246f06', 6, 4, '\x561f030a1ab63414d51d88bd481a0448d667267b0066815acb0cf78a0bd9b699');
INSERT INTO older.records VALUES ('\x01a218f5551b70028849416cf7ac678e', 7, 6, '\xb69cd7aca75389d6c407c8049e0fe9969c4a53a3ef4d103ac89eeaec42c20653');
INSERT INTO older.terms VALUES (1, '\x747769747465723a31', 1, 4);
INSERT INTO older.terms VALUES (3, '\x6e6577732e6578616d706c652f73746f72792d31', 2, 6);
INSERT INTO older.terms VALUES (1, '\x747769747465723a32', 3, 4);
INSERT INTO older.terms VALUES (3, '\x6e6577732e6578616d706c652f73746f72792d32', 4, 6);
INSERT INTO older.terms VALUES (3, '\x6e6577732e6578616d706c652f73746f72792d33', 5, 6);
INSERT INTO older.terms VALUES (1, '\x747769747465723a33', 6, 4);
INSERT INTO older.terms VALUES (3, '\x6e6577732e6578616d706c652f73746f72792d34', 7, 6);
SELECT pg_catalog.setval('older.host_slots_ticket_seq', 1, false);
SELECT pg_catalog.setval('older.uploads_id_seq', 1, false);
ALTER TABLE ONLY older.batch_jobs
    ADD CONSTRAINT batch_jobs_pkey PRIMARY KEY (batch, n);
ALTER TABLE ONLY older.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (key);
ALTER TABLE ONLY older.blobs
    ADD CONSTRAINT blobs_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY older.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (first);
ALTER TABLE ONLY older.chunks
    ADD CONSTRAINT chunks_pkey PRIMARY KEY (upload, n);
ALTER TABLE ONLY older.counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (name);
ALTER TABLE ONLY older.cursors
    ADD CONSTRAINT cursors_pkey PRIMARY KEY (name);
ALTER TABLE ONLY older.format
    ADD CONSTRAINT format_pkey PRIMARY KEY (one);
ALTER TABLE ONLY older.host_slots
    ADD CONSTRAINT host_slots_pkey PRIMARY KEY (host, ticket);
ALTER TABLE ONLY older.hosts
    ADD CONSTRAINT hosts_pkey PRIMARY KEY (host);
ALTER TABLE ONLY older.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY older.records
    ADD CONSTRAINT records_pkey PRIMARY KEY (id);
ALTER TABLE ONLY older.records
    ADD CONSTRAINT records_seq_key UNIQUE (seq);
ALTER TABLE ONLY older.terms
    ADD CONSTRAINT terms_pkey PRIMARY KEY (idx, value, seq);
ALTER TABLE ONLY older.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);
CREATE INDEX blobs_moving ON older.blobs USING btree (place) WHERE (place >= 2);
CREATE UNIQUE INDEX blobs_upload ON older.blobs USING btree (upload);
CREATE INDEX jobs_due ON older.jobs USING btree (priority, run_at, id) WHERE (state = 1);
CREATE UNIQUE INDEX jobs_key ON older.jobs USING btree (kind, key) WHERE (key IS NOT NULL);
CREATE INDEX jobs_leased ON older.jobs USING btree (until) WHERE (state = 2);
ALTER TABLE ONLY older.batch_jobs
    ADD CONSTRAINT batch_jobs_batch_fkey FOREIGN KEY (batch) REFERENCES older.batches(key);
ALTER TABLE ONLY older.blobs
    ADD CONSTRAINT blobs_upload_fkey FOREIGN KEY (upload) REFERENCES older.uploads(id);
ALTER TABLE ONLY older.chunks
    ADD CONSTRAINT chunks_upload_fkey FOREIGN KEY (upload) REFERENCES older.uploads(id) ON DELETE CASCADE;
