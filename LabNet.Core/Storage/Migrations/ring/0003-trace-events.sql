-- All times are UTC nanoseconds since 1970.
CREATE TABLE trace_vms (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Some thousands of events of one VM in the order in which they were read, column by column. The newest one of a VM is written again and
-- again while it grows.
CREATE TABLE trace_segments (
    vm        INTEGER NOT NULL REFERENCES trace_vms (id),
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    start_ns  INTEGER NOT NULL,
    end_ns    INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    data      BLOB NOT NULL,
    UNIQUE (vm, first_seq)
) STRICT;
-- So that looking for a time or adding up counts reads no segment.
CREATE INDEX trace_segments_by_time ON trace_segments (vm, start_ns, end_ns, count, bytes, first_seq);

-- How many of which event there are when. Level 0 has one for each segment; what is rolled stands in the next level as well.
CREATE TABLE trace_rollups (
    vm        INTEGER NOT NULL REFERENCES trace_vms (id),
    level     INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    start_ns  INTEGER NOT NULL,
    end_ns    INTEGER NOT NULL,
    rolled    INTEGER NOT NULL CHECK (rolled IN (0, 1)),
    growing   INTEGER NOT NULL CHECK (growing IN (0, 1)),
    data      BLOB NOT NULL,
    PRIMARY KEY (vm, level, first_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_rollups_by_time ON trace_rollups (vm, level, start_ns, end_ns);
CREATE INDEX trace_rollups_unrolled ON trace_rollups (vm, level, first_seq) WHERE rolled = 0;

-- Up to where a VM's log is in the segments; written together with them.
CREATE TABLE trace_positions (
    vm       INTEGER PRIMARY KEY REFERENCES trace_vms (id),
    log      INTEGER NOT NULL,
    offset   INTEGER NOT NULL,
    next_seq INTEGER NOT NULL
) STRICT;
