-- All times are UTC nanoseconds since 1970.

-- One row: how the writer left the database.
CREATE TABLE books (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    committed_ns INTEGER NOT NULL,
    closed       INTEGER NOT NULL CHECK (closed IN (0, 1))
) STRICT;

-- The bytes of each kind of data that has a budget, changed in the same transaction as the data.
CREATE TABLE kept_bytes (
    kind  TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A source's sequence numbers up to here are used up, or may be: a start after a crash begins behind them.
CREATE TABLE sequences (
    source      TEXT PRIMARY KEY,
    reserved_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    source  TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    text    TEXT NOT NULL,
    data    TEXT
) STRICT;
CREATE INDEX events_by_time ON events (time_ns, id);
CREATE INDEX events_by_source ON events (source, time_ns, id);
