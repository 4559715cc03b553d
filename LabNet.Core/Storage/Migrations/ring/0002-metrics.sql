-- All times are UTC nanoseconds since 1970.
CREATE TABLE metric_vms (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Which series a VM's samples have, one a line.
CREATE TABLE metric_layouts (
    id   INTEGER PRIMARY KEY,
    vm   INTEGER NOT NULL,
    keys TEXT NOT NULL,
    UNIQUE (vm, keys)
) STRICT;

-- The newest minutes, a row a sample. What is older stands in segments.
CREATE TABLE metric_samples (
    id      INTEGER PRIMARY KEY,
    vm      INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    layout  INTEGER NOT NULL,
    data    BLOB NOT NULL
) STRICT;
CREATE INDEX metric_samples_by_time ON metric_samples (vm, time_ns);

-- A stretch of time of one VM, column by column. Level 0 has the samples, the others bins of 10 s, 1 min and 10 min. What is rolled stands
-- in the next level as well.
CREATE TABLE metric_segments (
    id       INTEGER PRIMARY KEY,
    vm       INTEGER NOT NULL,
    level    INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns   INTEGER NOT NULL,
    rolled   INTEGER NOT NULL CHECK (rolled IN (0, 1)),
    data     BLOB NOT NULL
) STRICT;
CREATE INDEX metric_segments_by_time ON metric_segments (vm, level, start_ns);
CREATE INDEX metric_segments_unrolled ON metric_segments (level, start_ns) WHERE rolled = 0;
CREATE INDEX metric_segments_by_end ON metric_segments (level, end_ns);
