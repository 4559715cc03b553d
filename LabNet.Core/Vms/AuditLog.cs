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
    public AuditCursor Cursor => new(At.ToUnixTimeNs(), Seq);
}

/// <summary>A place in the audit log: behind the line of this time and number, which is older the smaller they are.</summary>
public readonly record struct AuditCursor(long TimeNs, long Seq)
{
    public override string ToString() => $"{TimeNs}-{Seq}";

    public static bool TryParse(string? text, out AuditCursor cursor)
    {
        var parts = (text ?? "").Split('-');
        cursor = default;
        if (parts.Length != 2 || !long.TryParse(parts[0], out var timeNs) || !long.TryParse(parts[1], out var seq))
        {
            return false;
        }

        cursor = new AuditCursor(timeNs, seq);
        return true;
    }
}

/// <summary>Which lines are wanted; null means all.</summary>
/// <param name="From">The oldest, itself included.</param>
/// <param name="To">The newest, itself not included.</param>
/// <param name="After">Only what comes after this place, going back in time.</param>
public sealed record AuditQuery(
    int Limit,
    AuditCursor? After = null,
    string? Vm = null,
    string? Actor = null,
    string? Action = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null);

/// <summary>Who did what, when, with what result; in lab.db. Only ever added to.</summary>
public sealed class AuditLog(Database labDatabase, TimeProvider time)
{
    /// <param name="action">Such as <c>pause</c>, <c>guest-exec</c>, <c>token-create</c>.</param>
    /// <param name="detail">What with; never a secret.</param>
    /// <param name="result"><c>accepted</c>, <c>forbidden</c>, or what went wrong.</param>
    /// <returns>The line's number.</returns>
    public Task<long> WriteAsync(Actor actor, string action, VmName? vm, string? detail, string result, CancellationToken cancellationToken)
    {
        var line = new { TimeNs = time.GetUnixTimeNs(), actor.Name, Role = actor.Role.Word(), actor.Origin, action, Vm = vm?.ToString(), detail, result };
        return labDatabase.WriteAsync(
            (connection, transaction) => connection.ExecuteScalar<long>(
                """
                INSERT INTO audit (time_ns, actor, role, origin, action, vm, detail, result)
                VALUES (@TimeNs, @Name, @Role, @Origin, @action, @Vm, @detail, @result)
                RETURNING seq
                """,
                line,
                transaction),
            cancellationToken);
    }

    /// <summary>Lines, newest first; those of one time by their numbers. Pages begin where the last one ended, whatever was added meanwhile.</summary>
    public IReadOnlyList<AuditLine> Read(AuditQuery query)
    {
        using var reader = labDatabase.OpenReader();
        var rows = reader.Query<Row>(
            """
            SELECT seq, time_ns, actor, role, origin, action, vm, detail, result FROM audit
            WHERE (time_ns, seq) < (@TimeNs, @Seq) AND time_ns >= @FromNs AND time_ns < @ToNs
              AND (@Vm IS NULL OR vm = @Vm) AND (@Actor IS NULL OR actor = @Actor) AND (@Action IS NULL OR action = @Action)
            ORDER BY time_ns DESC, seq DESC LIMIT @Limit
            """,
            new
            {
                TimeNs = query.After?.TimeNs ?? long.MaxValue,
                Seq = query.After?.Seq ?? long.MaxValue,
                FromNs = query.From?.ToUnixTimeNs() ?? long.MinValue,
                ToNs = query.To?.ToUnixTimeNs() ?? long.MaxValue,
                query.Vm,
                query.Actor,
                query.Action,
                query.Limit,
            });
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
