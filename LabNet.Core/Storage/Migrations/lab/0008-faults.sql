-- What was broken on purpose: written down before QEMU is asked for it, so that whoever comes later can lift it.
CREATE TABLE faults (
    id         TEXT PRIMARY KEY,
    vm         TEXT NOT NULL,
    planned_ns INTEGER NOT NULL,
    is_open    INTEGER NOT NULL,
    fault      TEXT NOT NULL CHECK (json_valid(fault))
) STRICT;

CREATE INDEX faults_by_time ON faults (vm, planned_ns DESC);
CREATE INDEX faults_open ON faults (vm) WHERE is_open;
