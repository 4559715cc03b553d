-- All times are UTC nanoseconds since 1970.

-- Flows of a link by minute, each counted where it was sent. A port that there is not is -1.
CREATE TABLE flow_minutes (
    link             TEXT NOT NULL,
    minute           INTEGER NOT NULL,
    vm               TEXT NOT NULL,
    nic              TEXT NOT NULL,
    protocol         TEXT NOT NULL,
    number           INTEGER NOT NULL,
    source           TEXT NOT NULL,
    source_port      INTEGER NOT NULL,
    destination      TEXT NOT NULL,
    destination_port INTEGER NOT NULL,
    packets          INTEGER NOT NULL,
    bytes            INTEGER NOT NULL,
    first_ns         INTEGER NOT NULL,
    last_ns          INTEGER NOT NULL,
    PRIMARY KEY (link, minute, vm, nic, protocol, number, source, source_port, destination, destination_port)
) STRICT, WITHOUT ROWID;
CREATE INDEX flow_minutes_by_time ON flow_minutes (minute);

-- Up to where the headers that QEMU wrote of a NIC are in the minutes; written together with them.
CREATE TABLE flow_positions (
    vm      TEXT NOT NULL,
    nic     TEXT NOT NULL,
    process TEXT NOT NULL,
    dump    INTEGER NOT NULL,
    offset  INTEGER NOT NULL,
    clock   INTEGER NOT NULL,
    PRIMARY KEY (vm, nic)
) STRICT, WITHOUT ROWID;

CREATE TABLE pings (
    link         TEXT NOT NULL,
    from_vm      TEXT NOT NULL,
    to_vm        TEXT NOT NULL,
    time_ns      INTEGER NOT NULL,
    sent         INTEGER NOT NULL,
    received     INTEGER NOT NULL,
    packet_bytes INTEGER NOT NULL,
    rtt_ns       INTEGER,
    problem      TEXT,
    PRIMARY KEY (link, from_vm, to_vm, time_ns)
) STRICT, WITHOUT ROWID;
CREATE INDEX pings_by_time ON pings (time_ns);

-- The largest packets that get through.
CREATE TABLE path_mtus (
    link       TEXT NOT NULL,
    from_vm    TEXT NOT NULL,
    to_vm      TEXT NOT NULL,
    time_ns    INTEGER NOT NULL,
    fits       INTEGER,
    vanishes   INTEGER,
    refused    INTEGER,
    problem    TEXT,
    PRIMARY KEY (link, from_vm, to_vm, time_ns)
) STRICT, WITHOUT ROWID;
