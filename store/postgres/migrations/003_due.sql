-- What is due is found by its time, among however many wait.
CREATE INDEX IF NOT EXISTS jobs_run_at ON jobs (run_at) WHERE state = 1;
DROP INDEX jobs_due;
