-- Packets that Scapy sent from one guest to another, and what came of them.
CREATE TABLE traffic_runs (
    id         TEXT PRIMARY KEY,
    started_ns INTEGER NOT NULL,
    is_open    INTEGER NOT NULL,
    run        TEXT NOT NULL CHECK (json_valid(run))
) STRICT;

CREATE INDEX traffic_runs_by_time ON traffic_runs (started_ns DESC, id DESC);
