-- Chaos plans as their authors wrote them.
CREATE TABLE fault_plans (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    text     TEXT NOT NULL,
    saved_ns INTEGER NOT NULL,
    actor    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Their runs: each with the text that it ran by and its whole schedule, so that it can be done again.
CREATE TABLE chaos_runs (
    id         TEXT PRIMARY KEY,
    started_ns INTEGER NOT NULL,
    is_open    INTEGER NOT NULL,
    run        TEXT NOT NULL CHECK (json_valid(run)),
    plan_text  TEXT NOT NULL,
    schedule   BLOB NOT NULL
) STRICT;

CREATE INDEX chaos_runs_by_time ON chaos_runs (started_ns DESC, id DESC);

CREATE TABLE chaos_journal (
    run    TEXT NOT NULL REFERENCES chaos_runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    line   TEXT NOT NULL CHECK (json_valid(line)),
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
