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

-- Takes the next start towards a host, or says how long to wait.
CREATE FUNCTION take_turn(h bytea, every bigint, slots integer, hold bigint, OUT ticket bigint, OUT wait bigint, OUT paused boolean)
LANGUAGE plpgsql AS $$
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
