-- What each VM is to have done when it crashes, and its breaker.
CREATE TABLE recovery (
    vm       TEXT PRIMARY KEY,
    standing TEXT NOT NULL CHECK (json_valid(standing))
) STRICT, WITHOUT ROWID;

-- Crashes and what was done about them; the evidence is packed JSON.
CREATE TABLE incidents (
    id       TEXT PRIMARY KEY,
    vm       TEXT NOT NULL,
    at_ns    INTEGER NOT NULL,
    is_open  INTEGER NOT NULL,
    incident TEXT NOT NULL CHECK (json_valid(incident)),
    evidence BLOB NOT NULL
) STRICT;

CREATE INDEX incidents_by_time ON incidents (at_ns DESC, id DESC);
