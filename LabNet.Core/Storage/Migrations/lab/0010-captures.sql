-- Packets of NICs that were captured; the packets themselves are in files. All times are UTC nanoseconds since 1970.
CREATE TABLE captures (
    id         TEXT PRIMARY KEY,
    started_ns INTEGER NOT NULL,
    is_running INTEGER NOT NULL CHECK (is_running IN (0, 1)),
    capture    TEXT NOT NULL CHECK (json_valid(capture))
) STRICT;
