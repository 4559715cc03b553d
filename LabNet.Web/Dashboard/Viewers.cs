using System.Security.Claims;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard;

/// <summary>Who a page's user is to the VMs.</summary>
public delegate Actor ActorOf(ClaimsPrincipal user);

/// <summary>Asks a VM for something; the operation goes on after the answer.</summary>
/// <exception cref="ForbiddenException"/>
/// <exception cref="VmConflictException"/>
public delegate Task<Operation> BeginVmAction(Core.Labs.VmName vm, VmAction action, Actor actor, CancellationToken cancellationToken);
