using LabNet.Core.Faults;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Links;

/// <summary>Where a viewer's wishes about links are taken, and what was refused is told.</summary>
public sealed class LinkDesk(
    FaultRegistry faults, FlowWatch flows, CaptureRegistry captures, TrafficGenerator traffic, OperationRegistry operations, NotificationService notifications)
{
    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    public Task InjectAsync(LinkEnd end, ImpairmentWish wish, Actor actor, CancellationToken cancellationToken)
    {
        var spec = wish.ToSpec(end.Id!.Value);
        return TryAsync<Fault>($"{end.Nic}: {LinkWords.What(spec)}", async () =>
        {
            var fault = await faults.Of(end.Vm.Name).InjectAsync(spec, wish.Duration, at: null, run: null, actor, cancellationToken);
            return fault.State == FaultState.Failed ? throw new VmConflictException(fault.Problem ?? "It did not come into force.") : fault;
        });
    }

    public Task LiftAsync(Fault fault, Actor actor, CancellationToken cancellationToken) =>
        TryAsync<Fault>($"Lift {fault.Spec.Text} of {fault.Vm}", () => faults.Of(fault.Vm).LiftAsync(fault.Id, FaultEnd.Asked, actor, cancellationToken));

    public Task SwitchFlowsAsync(LinkName link, bool on, Actor actor, CancellationToken cancellationToken) => TryAsync<FlowWatch>($"Count the flows of {link}", async () =>
    {
        await flows.SwitchAsync(link, on, actor, cancellationToken);
        return flows;
    });

    /// <returns>Null if it was refused, which was told.</returns>
    public Task<Capture?> BeginAsync(CaptureRequest request, Actor actor, CancellationToken cancellationToken) =>
        TryAsync<Capture>("Capture", () => captures.BeginAsync(request, actor, cancellationToken));

    public Task StopAsync(Capture capture, Actor actor, CancellationToken cancellationToken) =>
        TryAsync<Capture>("Stop the capture", () => captures.StopAsync(capture, actor, cancellationToken));

    /// <returns>Whether it is gone.</returns>
    public async Task<bool> DeleteAsync(Capture capture, Actor actor, CancellationToken cancellationToken) => await TryAsync<Capture>("Delete the capture", async () =>
    {
        await captures.RemoveAsync(capture, actor, cancellationToken);
        return capture;
    }) is not null;

    /// <inheritdoc cref="BeginAsync(CaptureRequest, Actor, CancellationToken)"/>
    public async Task<TrafficRun?> BeginAsync(TrafficWish wish, Actor actor, CancellationToken cancellationToken) =>
        (await TryAsync<TrafficRunBegun>($"Send from {wish.From} to {wish.To}", () => traffic.BeginAsync(wish, actor, cancellationToken)))?.Run;

    public void Cancel(Operation operation, Actor actor)
    {
        if (actor.Role < Role.Operator)
        {
            Tell("Not cancelled", new ForbiddenException(actor, Role.Operator, "cancelling").Message);
        }
        else if (!operations.Cancel(operation.Id))
        {
            Tell("Nothing to cancel", "It has ended in the meantime.");
        }
    }

    private async Task<T?> TryAsync<T>(string wish, Func<Task<T>> work) where T : class
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or DatabaseException or ArgumentException or QmpException or GuestAgentException or HostException or IOException)
        {
            Tell($"{wish}: refused", e.Message);
            return null;
        }
    }

    private void Tell(string summary, string detail) => notifications.Notify(new NotificationMessage
    {
        Severity = NotificationSeverity.Warning,
        Summary = summary,
        Detail = detail,
        Duration = UntilClosed.TotalMilliseconds,
        CloseAriaLabel = "Close this message",
    });
}
