using System.Security.Claims;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard;

/// <summary>Who a page's user is to the VMs.</summary>
public delegate Actor ActorOf(ClaimsPrincipal user);

/// <summary>Asks a VM for something; the operation goes on after the answer.</summary>
/// <exception cref="ForbiddenException"/>
/// <exception cref="VmConflictException"/>
public delegate Task<Operation> BeginVmAction(Core.Labs.VmName vm, VmAction action, Actor actor, CancellationToken cancellationToken);

internal static class Viewers
{
    /// <summary>A user whose claims name no role reads, and no more.</summary>
    public static Actor ActorOf(ClaimsPrincipal user) => new(
        user.Identity?.Name ?? "(unknown)",
        RoleWords.TryParse(user.FindFirstValue(ClaimTypes.Role), out var role) ? role : Role.Viewer,
        "dashboard");
}
