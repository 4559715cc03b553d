-- All times are UTC nanoseconds since 1970.
CREATE TABLE io_benchmarks (
    id           TEXT PRIMARY KEY,
    vm           TEXT NOT NULL,
    device       TEXT NOT NULL,
    device_type  TEXT NOT NULL,
    guest_device TEXT NOT NULL,
    profile      TEXT NOT NULL,
    target       TEXT NOT NULL CHECK (target IN ('file', 'disk')),
    label        TEXT NOT NULL,
    seconds      INTEGER NOT NULL,
    repeats      INTEGER NOT NULL,
    qemu_version TEXT,
    accelerator  TEXT,
    actor        TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'cancelled')),
    started_ns   INTEGER NOT NULL,
    ended_ns     INTEGER,
    error        TEXT
) STRICT;
CREATE INDEX io_benchmarks_by_start ON io_benchmarks (started_ns);
CREATE INDEX io_benchmarks_by_vm ON io_benchmarks (vm, started_ns);

-- What fio measured of reads and of writes, and what QEMU counted; NULL where there is none.
CREATE TABLE io_benchmark_repeats (
    run                   TEXT NOT NULL REFERENCES io_benchmarks (id) ON DELETE CASCADE,
    number                INTEGER NOT NULL,
    started_ns            INTEGER NOT NULL,
    ended_ns              INTEGER NOT NULL,
    engine                TEXT NOT NULL,
    fio_version           TEXT NOT NULL,
    read_bytes            INTEGER,
    read_operations       INTEGER,
    read_runtime_ms       INTEGER,
    read_mean_ns          INTEGER,
    read_max_ns           INTEGER,
    read_p50_ns           INTEGER,
    read_p95_ns           INTEGER,
    read_p99_ns           INTEGER,
    read_p999_ns          INTEGER,
    write_bytes           INTEGER,
    write_operations      INTEGER,
    write_runtime_ms      INTEGER,
    write_mean_ns         INTEGER,
    write_max_ns          INTEGER,
    write_p50_ns          INTEGER,
    write_p95_ns          INTEGER,
    write_p99_ns          INTEGER,
    write_p999_ns         INTEGER,
    host_read_bytes       INTEGER,
    host_read_operations  INTEGER,
    host_read_time_ns     INTEGER,
    host_written_bytes    INTEGER,
    host_write_operations INTEGER,
    host_write_time_ns    INTEGER,
    host_flushes          INTEGER,
    host_failed           INTEGER,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
