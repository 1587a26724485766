-- The index "link": from a page to the article versions that link it. Which
-- those are is told by the records, so that the program adds the entries (see
-- migrate.go); this is how far it has come.
INSERT INTO counters (name, value) VALUES ('linked', 0) ON CONFLICT DO NOTHING;
