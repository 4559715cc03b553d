using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Vms;

/// <summary>Who did what, when, with what result; in lab.db. Only ever added to.</summary>
public sealed class AuditLog(Database labDatabase, TimeProvider time)
{
    /// <param name="action">Such as <c>pause</c>, <c>guest-exec</c>, <c>token-create</c>.</param>
    /// <param name="detail">What with; never a secret.</param>
    /// <param name="result"><c>accepted</c>, <c>forbidden</c>, or what went wrong.</param>
    public Task WriteAsync(Actor actor, string action, VmName? vm, string? detail, string result, CancellationToken cancellationToken) =>
        labDatabase.WriteAsync(
            """
            INSERT INTO audit (time_ns, actor, role, origin, action, vm, detail, result)
            VALUES (@TimeNs, @Name, @Role, @Origin, @action, @Vm, @detail, @result)
            """,
            new { TimeNs = time.GetUnixTimeNs(), actor.Name, Role = actor.Role.Word(), actor.Origin, action, Vm = vm?.ToString(), detail, result },
            cancellationToken);
}
