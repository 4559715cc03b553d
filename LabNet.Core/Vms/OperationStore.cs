using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Vms;

/// <summary>Operations in lab.db, so that they can be asked for after a restart.</summary>
public sealed class OperationStore(Database labDatabase, TimeProvider time)
{
    /// <summary>How long an operation can be asked for after it ended.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    public Task SaveAsync(Operation operation, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        """
        INSERT INTO operations (id, kind, vm, actor, state, progress, started_ns, ended_ns, error, detail)
        VALUES (@Id, @Kind, @Vm, @Actor, @State, @Progress, @StartedNs, @EndedNs, @Error, @Detail)
        ON CONFLICT (id) DO UPDATE SET state = @State, progress = @Progress, ended_ns = @EndedNs, error = @Error
        """,
        new
        {
            operation.Id,
            operation.Kind,
            Vm = operation.Vm?.ToString(),
            Actor = operation.ActorName,
            State = operation.State.ToString().ToLowerInvariant(),
            operation.Progress,
            StartedNs = operation.StartedAt.ToUnixTimeNs(),
            EndedNs = operation.EndedAt?.ToUnixTimeNs(),
            operation.Error,
            operation.Detail,
        },
        cancellationToken);

    /// <exception cref="DatabaseException"/>
    public Operation? Find(string id) => labDatabase.Read(reader => reader.QuerySingleOrDefault<Row>(
        "SELECT id, kind, vm, actor, state, progress, started_ns, ended_ns, error, detail FROM operations WHERE id = @id", new { id }))?.ToOperation();

    /// <summary>
    /// What a LabNet that is gone left running is told as failed: nobody carries it on. What is older than a day goes.
    /// </summary>
    public Task CloseAbandonedAsync(CancellationToken cancellationToken) => labDatabase.WriteAsync(
        """
        UPDATE operations SET state = 'failed', ended_ns = @now, error = 'LabNet ended before this did.' WHERE state = 'running';
        DELETE FROM operations WHERE ended_ns < @oldest;
        """,
        new { now = time.GetUnixTimeNs(), oldest = (time.GetUtcNow() - Kept).ToUnixTimeNs() },
        cancellationToken);

    /// <summary>How many operations there are, and since when.</summary>
    public StoredRows ReadExtent() => labDatabase.ReadExtent("SELECT count(*), min(started_ns) FROM operations");

    private sealed record Row(
        string Id, string Kind, string? Vm, string Actor, string State, double? Progress, long Started_ns, long? Ended_ns, string? Error, string? Detail)
    {
        public Operation ToOperation() => new(
            Id,
            Kind,
            Vm is null ? null : VmName.Parse(Vm),
            Actor,
            Enum.Parse<OperationState>(State, ignoreCase: true),
            Progress,
            UnixTime.FromUnixTimeNs(Started_ns),
            Ended_ns is { } ended ? UnixTime.FromUnixTimeNs(ended) : null,
            Error)
        {
            Detail = Detail,
        };
    }
}
