-- How long QEMU took for the disk's requests, by its trace events; NULL where they were not traced.
ALTER TABLE io_benchmark_repeats ADD COLUMN traced_operations INTEGER;
ALTER TABLE io_benchmark_repeats ADD COLUMN traced_p50_ns INTEGER;
ALTER TABLE io_benchmark_repeats ADD COLUMN traced_p95_ns INTEGER;
ALTER TABLE io_benchmark_repeats ADD COLUMN traced_p99_ns INTEGER;
ALTER TABLE io_benchmark_repeats ADD COLUMN traced_max_ns INTEGER;
