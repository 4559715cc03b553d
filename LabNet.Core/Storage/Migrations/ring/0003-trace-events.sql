-- All times are UTC nanoseconds since 1970.
CREATE TABLE trace_vms (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The names of trace events, so that a segment can say in few bytes which it holds.
CREATE TABLE trace_names (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Some thousands of events of one VM in the order in which they were read, column by column; first_seq is the number of the first of them.
-- events: pairs of varints, an event's name and how many of it there are.
CREATE TABLE trace_segments (
    id        INTEGER PRIMARY KEY,
    vm        INTEGER NOT NULL REFERENCES trace_vms (id),
    first_seq INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    start_ns  INTEGER NOT NULL,
    end_ns    INTEGER NOT NULL,
    events    BLOB NOT NULL,
    data      BLOB NOT NULL
) STRICT;
CREATE INDEX trace_segments_by_vm ON trace_segments (vm, first_seq);

-- Up to where a VM's log is in the segments; written together with them.
CREATE TABLE trace_positions (
    vm      INTEGER PRIMARY KEY REFERENCES trace_vms (id),
    log     INTEGER NOT NULL,
    offset  INTEGER NOT NULL,
    next_seq INTEGER NOT NULL
) STRICT;
