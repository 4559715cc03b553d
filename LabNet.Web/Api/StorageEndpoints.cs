using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>What LabNet has stored.</summary>
/// <param name="Database">lab.db: what must last.</param>
/// <param name="Ring">ring.db: what is much, and is kept as long as its budget allows.</param>
public sealed record StorageContract(
    DatabaseContract Database,
    StoredRowsContract Audit,
    OperationsStoredContract Operations,
    DatabaseContract Ring,
    RingWriterContract RingWriter,
    BudgetedRowsContract Events,
    MetricsStoredContract Metrics,
    BudgetedRowsContract TraceEvents,
    IReadOnlyList<VmStorageContract> Vms);

/// <param name="QueuedWrites">That wait for a batch; 64 at most.</param>
/// <param name="LastBatchMs">How long the last batch took to commit.</param>
/// <param name="RefusedWrites">Left out because of a mistake in themselves, which the log tells.</param>
/// <param name="Problem">Why nothing can be written now; null while it can.</param>
/// <param name="SetAside">Where a damaged ring.db went since the start; null if none did.</param>
public sealed record RingWriterContract(
    int QueuedWrites,
    long Batches,
    long Writes,
    double LastBatchMs,
    double LongestBatchMs,
    long RefusedWrites,
    string? Problem,
    DateTimeOffset? ProblemSince,
    string? SetAside)
{
    internal static RingWriterContract Of(RingWriterHealth health) => new(
        health.QueuedWrites,
        health.Batches,
        health.Writes,
        Math.Round(health.LastBatchMs, 3),
        Math.Round(health.LongestBatchMs, 3),
        health.RefusedWrites,
        health.Problem,
        health.ProblemSince,
        health.SetAside is { } aside ? Path.GetFileName(aside) : null);
}

/// <param name="SizeBytes">What they take of their budget.</param>
/// <param name="BudgetBytes">Over it the oldest go.</param>
/// <param name="OldestAt">Null without rows.</param>
public sealed record BudgetedRowsContract(long Rows, long SizeBytes, long BudgetBytes, DateTimeOffset? OldestAt);

/// <param name="WalBytes">The write-ahead log beside it.</param>
/// <param name="Version">The number of migrations that it has been through.</param>
public sealed record DatabaseContract(long FileBytes, long WalBytes, int Version)
{
    internal static DatabaseContract Of(DatabaseSize size) => new(size.FileBytes, size.WalBytes, size.Version);
}

/// <param name="OldestAt">Null without rows.</param>
public sealed record StoredRowsContract(long Rows, DateTimeOffset? OldestAt)
{
    internal static DateTimeOffset? TimeOf(long? ns) => ns is { } known ? UnixTime.FromUnixTimeNs(known) : null;
}

/// <param name="KeptSeconds">How long an operation is kept after it ended; older ones go at a start.</param>
public sealed record OperationsStoredContract(long Rows, DateTimeOffset? OldestAt, double KeptSeconds);

/// <param name="Samples">That are not in segments yet.</param>
/// <param name="Segments">Stretches of time, in four grades of coarseness.</param>
/// <param name="OldestAt">Null without any.</param>
public sealed record MetricsStoredContract(long Samples, long Segments, long SizeBytes, long BudgetBytes, DateTimeOffset? OldestAt)
{
    internal static MetricsStoredContract Of(MetricsStored stored) =>
        new(stored.Samples, stored.Segments, stored.SizeBytes, MetricStore.BudgetBytes, StoredRowsContract.TimeOf(stored.OldestNs));
}

/// <param name="DiskBytes">The VM's own disk, which stands on a guest image; null before its first start.</param>
/// <param name="ConsoleLogBytes">What is kept of the serial console.</param>
/// <param name="FolderBytes">All files of the VM's folder.</param>
public sealed record VmStorageContract(string Vm, long? DiskBytes, long ConsoleLogBytes, long FolderBytes)
{
    internal static VmStorageContract Of(VmSession session)
    {
        var folder = new DirectoryInfo(session.Paths.Folder);

        // What is linked, such as the guest image, is not the VM's own.
        var files = folder.Exists ? folder.EnumerateFiles().Where(file => file.LinkTarget is null).ToList() : [];
        return new VmStorageContract(
            session.State.Name.ToString(),
            files.Find(file => file.FullName == session.Paths.Disk) is { } disk ? BytesOf(disk) : null,
            files.Where(file => file.Name.StartsWith("console.log", StringComparison.Ordinal)).Sum(BytesOf),
            files.Sum(BytesOf));
    }

    private static long BytesOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // Gone since the folder was listed.
            return 0;
        }
    }
}

/// <summary>What LabNet keeps on disk.</summary>
public static class StorageEndpoints
{
    internal static void Map(IEndpointRouteBuilder api) => api.MapGet("/storage", GetStorage).WithTags("Storage");

    /// <summary>How much LabNet has stored, since when, and what it lets go.</summary>
    internal static StorageContract GetStorage(
        Database database, AuditLog audit, OperationStore operations, RingWriter ring, EventStore events, MetricStore metrics, TraceStore traces, VmRegistry vms)
    {
        var lines = audit.ReadExtent();
        var begun = operations.ReadExtent();
        var happened = events.ReadExtent();
        var traced = traces.ReadExtent();
        return new StorageContract(
            DatabaseContract.Of(database.ReadSize()),
            new StoredRowsContract(lines.Rows, StoredRowsContract.TimeOf(lines.OldestNs)),
            new OperationsStoredContract(begun.Rows, StoredRowsContract.TimeOf(begun.OldestNs), OperationStore.Kept.TotalSeconds),
            DatabaseContract.Of(ring.Database.ReadSize()),
            RingWriterContract.Of(ring.Health),
            new BudgetedRowsContract(happened.Rows, events.ReadBytes(), EventStore.BudgetBytes, StoredRowsContract.TimeOf(happened.OldestNs)),
            MetricsStoredContract.Of(metrics.ReadExtent()),
            new BudgetedRowsContract(traced.Events, traced.SizeBytes, TraceStore.BudgetBytes, StoredRowsContract.TimeOf(traced.OldestNs)),
            [.. vms.Vms.Select(VmStorageContract.Of)]);
    }
}
