-- A VM's snapshots with their lineage: the same document as snapshots.json beside its disk; the one with the higher revision counts.
CREATE TABLE snapshot_trees (
    vm       TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    tree     TEXT NOT NULL CHECK (json_valid(tree))
) STRICT, WITHOUT ROWID;

-- What a machine was when a snapshot of it was taken, compressed JSON; for comparisons.
CREATE TABLE snapshot_machines (
    vm    TEXT NOT NULL,
    id    TEXT NOT NULL,
    facts BLOB NOT NULL,
    PRIMARY KEY (vm, id)
) STRICT;
