-- Whether another fio ran in the guest when the run began.
ALTER TABLE io_benchmarks ADD COLUMN under_load INTEGER NOT NULL DEFAULT 0 CHECK (under_load IN (0, 1));
