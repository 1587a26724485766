-- The lines in which jobs wait, each in its order, for when much is due.
CREATE INDEX IF NOT EXISTS jobs_line ON jobs (priority, host, run_at NULLS FIRST, id) WHERE state = 1;
-- Every job is changed many times: what it left behind is cleared away long
-- before it is a fifth of the table, which is the server's usual measure.
ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.02);
