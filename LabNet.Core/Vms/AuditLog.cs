using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Vms;

/// <summary>A line of the audit log.</summary>
/// <param name="Seq">Grows with every line.</param>
/// <param name="Vm">The VM's name, also of one that the lab has no longer; null for what concerns none.</param>
public sealed record AuditLine(
    long Seq, DateTimeOffset At, string Actor, string Role, string Origin, string Action, string? Vm, string? Detail, string Result)
{
    public PageCursor Cursor => new(At.ToUnixTimeNs(), Seq);
}

/// <summary>Which lines are wanted; null means all.</summary>
/// <param name="From">The oldest, itself included.</param>
/// <param name="To">The newest, itself not included.</param>
/// <param name="After">Only what comes after this place, going back in time.</param>
public sealed record AuditQuery(
    int Limit,
    PageCursor? After = null,
    string? Vm = null,
    string? Actor = null,
    string? Action = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null);

/// <summary>Who did what, when, with what result; in lab.db. Only ever added to.</summary>
public sealed class AuditLog(Database labDatabase, LiveFeed feed, TimeProvider time)
{
    /// <param name="action">Such as <c>pause</c>, <c>guest-exec</c>, <c>token-create</c>.</param>
    /// <param name="detail">What with; never a secret.</param>
    /// <param name="result"><c>accepted</c>, <c>forbidden</c>, or what went wrong.</param>
    /// <returns>The line's number.</returns>
    /// <exception cref="DatabaseException">It cannot be written; so what it tells of must not be done.</exception>
    public async Task<long> WriteAsync(Actor actor, string action, VmName? vm, string? detail, string result, CancellationToken cancellationToken)
    {
        var line = new AuditLine(Seq: 0, time.GetUtcNow(), actor.Name, actor.Role.Word(), actor.Origin, action, vm?.ToString(), detail, result);
        var seq = await labDatabase.WriteAsync(
            (connection, transaction) => connection.ExecuteScalar<long>(
                """
                INSERT INTO audit (time_ns, actor, role, origin, action, vm, detail, result)
                VALUES (@TimeNs, @Actor, @Role, @Origin, @Action, @Vm, @Detail, @Result)
                RETURNING seq
                """,
                new { TimeNs = line.At.ToUnixTimeNs(), line.Actor, line.Role, line.Origin, line.Action, line.Vm, line.Detail, line.Result },
                transaction),
            cancellationToken);
        feed.Publish(vm is { } name ? new FeedSource(name.ToString()) : FeedSource.Lab, new AuditMarked(line with { Seq = seq }));
        return seq;
    }

    /// <summary>Lines, newest first; those of one time by their numbers. Pages begin where the last one ended, whatever was added meanwhile.</summary>
    public IReadOnlyList<AuditLine> Read(AuditQuery query)
    {
        var rows = labDatabase.Read(reader => reader.Query<Row>(
            """
            SELECT seq, time_ns, actor, role, origin, action, vm, detail, result FROM audit
            WHERE (time_ns, seq) < (@TimeNs, @Seq) AND time_ns >= @FromNs AND time_ns < @ToNs
              AND (@Vm IS NULL OR vm = @Vm) AND (@Actor IS NULL OR actor = @Actor) AND (@Action IS NULL OR action = @Action)
            ORDER BY time_ns DESC, seq DESC LIMIT @Limit
            """,
            new
            {
                (query.After ?? PageCursor.Start).TimeNs,
                Seq = (query.After ?? PageCursor.Start).Number,
                FromNs = query.From?.ToUnixTimeNs() ?? long.MinValue,
                ToNs = query.To?.ToUnixTimeNs() ?? long.MaxValue,
                query.Vm,
                query.Actor,
                query.Action,
                query.Limit,
            }));
        return [.. rows.Select(row => row.ToLine())];
    }

    /// <summary>How many lines there are, and since when.</summary>
    public StoredRows ReadExtent() => labDatabase.ReadExtent("SELECT count(*), min(time_ns) FROM audit");

    private sealed record Row(
        long Seq, long Time_ns, string Actor, string Role, string Origin, string Action, string? Vm, string? Detail, string Result)
    {
        public AuditLine ToLine() => new(Seq, UnixTime.FromUnixTimeNs(Time_ns), Actor, Role, Origin, Action, Vm, Detail, Result);
    }
}
