-- All times are UTC nanoseconds since 1970.
CREATE TABLE tokens (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    secret_hash BLOB NOT NULL UNIQUE,
    created_ns  INTEGER NOT NULL,
    revoked_ns  INTEGER
) STRICT;

CREATE TABLE operations (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    vm         TEXT,
    actor      TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'cancelled')),
    progress   REAL,
    started_ns INTEGER NOT NULL,
    ended_ns   INTEGER,
    error      TEXT
) STRICT;
CREATE INDEX operations_by_start ON operations (started_ns);

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    role    TEXT NOT NULL,
    origin  TEXT NOT NULL,
    action  TEXT NOT NULL,
    vm      TEXT,
    detail  TEXT,
    result  TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (time_ns);
