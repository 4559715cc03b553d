using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.IoBenchmarks;

/// <summary>The benchmarks' runs in lab.db.</summary>
public sealed class IoBenchmarkStore(Database labDatabase, TimeProvider time)
{
    /// <summary>The oldest runs go when there are more: about 30 MB if all had the most repeats.</summary>
    public const int RunsMax = 1000;

    private const string RunColumns =
        "id, vm, device, device_type, guest_device, profile, target, label, seconds, repeats, qemu_version, accelerator, actor, state, started_ns, ended_ns, error, series, under_load";

    private const string RepeatColumns =
        """
        run, number, started_ns, ended_ns, engine, fio_version,
        read_bytes, read_operations, read_runtime_ms, read_mean_ns, read_max_ns, read_p50_ns, read_p95_ns, read_p99_ns, read_p999_ns,
        write_bytes, write_operations, write_runtime_ms, write_mean_ns, write_max_ns, write_p50_ns, write_p95_ns, write_p99_ns, write_p999_ns,
        host_read_bytes, host_read_operations, host_read_time_ns, host_written_bytes, host_write_operations, host_write_time_ns, host_flushes, host_failed,
        traced_operations, traced_p50_ns, traced_p95_ns, traced_p99_ns, traced_max_ns
        """;

    private static readonly string[] Columns = RepeatColumns.Split([',', '\n', ' '], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Keeps a run that begins, and lets the oldest go.</summary>
    /// <exception cref="DatabaseException"/>
    public Task AddAsync(IoBenchmark run, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        $"""
        INSERT INTO io_benchmarks ({RunColumns})
        VALUES (@Id, @Vm, @Device, @DeviceType, @GuestDevice, @Profile, @Target, @Label, @Seconds, @Repeats, @QemuVersion, @Accelerator, @ActorName,
            @State, @StartedNs, NULL, NULL, @Series, @UnderLoad);
        DELETE FROM io_benchmarks WHERE state <> 'running' AND id NOT IN (SELECT id FROM io_benchmarks ORDER BY started_ns DESC, id DESC LIMIT {RunsMax});
        """,
        new
        {
            run.Id,
            Vm = run.Vm.ToString(),
            run.Device,
            run.DeviceType,
            run.GuestDevice,
            run.Profile,
            Target = WordOf(run.Target),
            run.Label,
            run.Seconds,
            run.Repeats,
            run.QemuVersion,
            Accelerator = run.Accelerator?.Word(),
            run.ActorName,
            State = WordOf(run.State),
            StartedNs = run.StartedAt.ToUnixTimeNs(),
            run.Series,
            run.UnderLoad,
        },
        cancellationToken);

    /// <exception cref="DatabaseException"/>
    public Task AddRepeatAsync(string id, IoRepeat repeat, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        $"INSERT INTO io_benchmark_repeats ({RepeatColumns}) VALUES (@{string.Join(", @", Columns)})", ParametersOf(id, repeat), cancellationToken);

    /// <exception cref="DatabaseException"/>
    public Task EndAsync(string id, OperationState state, string? error, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        "UPDATE io_benchmarks SET state = @state, ended_ns = @now, error = @error WHERE id = @id",
        new { id, state = WordOf(state), now = time.GetUnixTimeNs(), error },
        cancellationToken);

    /// <summary>What a LabNet that is gone left running is told as failed; what it had measured stays.</summary>
    /// <exception cref="DatabaseException"/>
    public Task CloseAbandonedAsync(CancellationToken cancellationToken) => labDatabase.WriteAsync(
        "UPDATE io_benchmarks SET state = 'failed', ended_ns = @now, error = 'LabNet ended before this did.' WHERE state = 'running'",
        new { now = time.GetUnixTimeNs() },
        cancellationToken);

    /// <returns>False if there is no such run, or it has not ended.</returns>
    /// <exception cref="DatabaseException"/>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) => await labDatabase.WriteAsync(
        (connection, transaction) => connection.Execute("DELETE FROM io_benchmarks WHERE id = @id AND state <> 'running'", new { id }, transaction),
        cancellationToken) == 1;

    /// <exception cref="DatabaseException"/>
    public IoBenchmark? Find(string id) => labDatabase.Read(reader => Read(reader, "id = @id", new { id })).SingleOrDefault();

    /// <summary>A VM's runs with their repeats, newest first.</summary>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<IoBenchmark> ReadOf(VmName vm) => labDatabase.Read(reader => Read(reader, "vm = @vm", new { vm = vm.ToString() }));

    private static List<IoBenchmark> Read(SqliteConnection reader, string which, object parameters)
    {
        // One view of the database for both: a run that is deleted in between would come without its repeats.
        using var transaction = reader.BeginTransaction(deferred: true);
        var runs = reader.Query<RunRow>(
            $"SELECT {RunColumns} FROM io_benchmarks WHERE {which} ORDER BY started_ns DESC, id DESC", parameters, transaction).ToList();
        var repeats = reader.Query<RepeatRow>(
            $"SELECT {RepeatColumns} FROM io_benchmark_repeats WHERE run IN (SELECT id FROM io_benchmarks WHERE {which}) ORDER BY number", parameters, transaction)
            .ToLookup(row => row.Run, row => row.ToRepeat(), StringComparer.Ordinal);
        return [.. runs.Select(row => row.ToRun() with { Results = [.. repeats[row.Id]] })];
    }

    private static DynamicParameters ParametersOf(string id, IoRepeat repeat)
    {
        object?[] values =
        [
            id, repeat.Number, repeat.StartedAt.ToUnixTimeNs(), repeat.EndedAt.ToUnixTimeNs(), repeat.Engine, repeat.FioVersion,
            .. ValuesOf(repeat.Read), .. ValuesOf(repeat.Write), .. ValuesOf(repeat.Host), .. ValuesOf(repeat.Traced),
        ];
        var parameters = new DynamicParameters();
        foreach (var (column, value) in Columns.Zip(values))
        {
            parameters.Add(column, value);
        }

        return parameters;
    }

    private static object?[] ValuesOf(IoFigures? figures) => figures is not { } f ? new object?[9]
        : [f.Bytes, f.Operations, f.RuntimeMs, f.LatencyMeanNs, f.LatencyMaxNs, f.P50Ns, f.P95Ns, f.P99Ns, f.P999Ns];

    private static object?[] ValuesOf(HostIo? host) => host is not { } h ? new object?[8]
        : [h.ReadBytes, h.ReadOperations, h.ReadTimeNs, h.WrittenBytes, h.WriteOperations, h.WriteTimeNs, h.FlushOperations, h.FailedOperations];

    private static object?[] ValuesOf(TracedIo? traced) => traced is not { } t ? new object?[5] : [t.Operations, t.P50Ns, t.P95Ns, t.P99Ns, t.MaxNs];

    private static string WordOf(IoTarget target) => target.ToString().ToLowerInvariant();

    private static string WordOf(OperationState state) => state.ToString().ToLowerInvariant();

    private sealed record RunRow(
        string Id, string Vm, string Device, string Device_type, string Guest_device, string Profile, string Target, string Label, long Seconds, long Repeats,
        string? Qemu_version, string? Accelerator, string Actor, string State, long Started_ns, long? Ended_ns, string? Error, string? Series, long Under_load)
    {
        public IoBenchmark ToRun() => new(
            Id,
            VmName.Parse(Vm),
            Device,
            Device_type,
            Guest_device,
            Profile,
            Enum.Parse<IoTarget>(Target, ignoreCase: true),
            Label,
            (int)Seconds,
            (int)Repeats,
            Qemu_version,
            Accelerator is null ? null : Enum.Parse<Accelerator>(Accelerator, ignoreCase: true),
            Actor,
            Enum.Parse<OperationState>(State, ignoreCase: true),
            UnixTime.FromUnixTimeNs(Started_ns),
            Ended_ns is { } ended ? UnixTime.FromUnixTimeNs(ended) : null,
            Error)
        {
            Series = Series,
            UnderLoad = Under_load != 0,
        };
    }

    private sealed record RepeatRow(
        string Run, long Number, long Started_ns, long Ended_ns, string Engine, string Fio_version,
        long? Read_bytes, long? Read_operations, long? Read_runtime_ms, long? Read_mean_ns, long? Read_max_ns,
        long? Read_p50_ns, long? Read_p95_ns, long? Read_p99_ns, long? Read_p999_ns,
        long? Write_bytes, long? Write_operations, long? Write_runtime_ms, long? Write_mean_ns, long? Write_max_ns,
        long? Write_p50_ns, long? Write_p95_ns, long? Write_p99_ns, long? Write_p999_ns,
        long? Host_read_bytes, long? Host_read_operations, long? Host_read_time_ns,
        long? Host_written_bytes, long? Host_write_operations, long? Host_write_time_ns, long? Host_flushes, long? Host_failed,
        long? Traced_operations, long? Traced_p50_ns, long? Traced_p95_ns, long? Traced_p99_ns, long? Traced_max_ns)
    {
        public IoRepeat ToRepeat() => new(
            (int)Number,
            UnixTime.FromUnixTimeNs(Started_ns),
            UnixTime.FromUnixTimeNs(Ended_ns),
            Engine,
            Fio_version,
            Figures(Read_bytes, Read_operations, Read_runtime_ms, Read_mean_ns, Read_max_ns, Read_p50_ns, Read_p95_ns, Read_p99_ns, Read_p999_ns),
            Figures(Write_bytes, Write_operations, Write_runtime_ms, Write_mean_ns, Write_max_ns, Write_p50_ns, Write_p95_ns, Write_p99_ns, Write_p999_ns),
            Host_read_bytes is not { } read ? null : new HostIo(
                read, Host_read_operations ?? 0, Host_read_time_ns ?? 0, Host_written_bytes ?? 0, Host_write_operations ?? 0, Host_write_time_ns ?? 0, Host_flushes ?? 0, Host_failed ?? 0))
        {
            Traced = Traced_operations is not { } traced ? null : new TracedIo(traced, Traced_p50_ns ?? 0, Traced_p95_ns ?? 0, Traced_p99_ns ?? 0, Traced_max_ns ?? 0),
        };

        private static IoFigures? Figures(
            long? bytes, long? operations, long? runtimeMs, long? meanNs, long? maxNs, long? p50Ns, long? p95Ns, long? p99Ns, long? p999Ns) =>
            bytes is not { } known ? null : new IoFigures(
                known, operations ?? 0, runtimeMs ?? 0, meanNs ?? 0, maxNs ?? 0, p50Ns ?? 0, p95Ns ?? 0, p99Ns ?? 0, p999Ns ?? 0);
    }
}
