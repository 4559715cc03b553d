using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.IoBenchmarks;

/// <summary>What plugging in does to a disk, and how what was plugged in compares: measure, plug, measure again, unplug.</summary>
public sealed partial class IoBenchmarkRunner
{
    /// <summary>The end of an operation's id, where ids of one moment differ.</summary>
    private const int IdTail = 8;

    /// <summary>
    /// Begins a series: the disk is measured, a new device is plugged in, the disk is measured again, a new disk too, and the device is
    /// unplugged and its file deleted. All of its runs have the operation's id as <see cref="IoBenchmark.Series"/>.
    /// </summary>
    /// <inheritdoc cref="BeginAsync" path="/exception"/>
    public Task<Operation> BeginAroundPlugAsync(
        VmSession vm, IoBenchmarkRequest request, PlugKind kind, Actor actor, CancellationToken cancellationToken)
    {
        ThrowIfMistaken(request);
        return vm.BeginIoBenchmarkAsync(
            $"{DetailOf(request)}, before and after plugging in {kind.Word()}",
            actor,
            async (id, ct) =>
            {
                var plug = new PlugRequest(kind, $"bench-{id[^IdTail..]}", kind.IsDisk() ? FioCommand.FileBytes : null);
                await hotPlug.ThrowUnlessPluggableAsync(vm, plug, ct);
                var series = new Series(vm, request, plug, actor, id);
                var before = await PlanAsync(series, request with { Label = Labelled(request, "before") }, id, ct);
                await store.AddAsync(before.Run, ct);
                return (progress, cancelled) => RunAroundPlugAsync(series, before, progress, cancelled);
            },
            cancellationToken);
    }

    private static string Labelled(IoBenchmarkRequest request, string word) =>
        request.Label.Length == 0 ? word : request.Label.Length + word.Length + 2 > IoBenchmarkRequest.LabelCharsMax ? request.Label : $"{request.Label}: {word}";

    private async Task RunAroundPlugAsync(Series series, Plan before, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var (vm, request, plug) = (series.Vm, series.Request, series.Plug);
        var parts = plug.Kind.IsDisk() ? 3 : 2;
        await RunAsync(before, new PartOfProgress(progress, 0, parts), cancellationToken);
        try
        {
            await hotPlug.PlugAsync(vm, plug, cancellationToken);
            await RunNextAsync(series, request with { Label = Labelled(request, "after") }, new PartOfProgress(progress, 1, parts), cancellationToken);
            if (plug.Kind.IsDisk())
            {
                // Nothing can be lost on a disk that was made for this.
                var writes = IoProfile.Find(request.Profile)!.Writes;
                var itself = request with
                {
                    Device = plug.Id,
                    Label = Labelled(request, plug.Kind.Word()),
                    Target = IoTarget.Disk,
                    Destroys = writes ? plug.Id : null,
                };
                await RunNextAsync(series, itself, new PartOfProgress(progress, 2, parts), cancellationToken);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw await UnplugAsync(series) is { } stays ? new IoBenchmarkException($"{e.Message} {stays}", e) : e;
        }
        catch (OperationCanceledException)
        {
            await UnplugAsync(series);
            throw;
        }

        if (await UnplugAsync(series) is { } problem)
        {
            throw new IoBenchmarkException(problem);
        }
    }

    private async Task RunNextAsync(Series series, IoBenchmarkRequest request, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var plan = await PlanAsync(series, request, OperationRegistry.NewId(), cancellationToken);
        await store.AddAsync(plan.Run, cancellationToken);
        await RunAsync(plan, progress, cancellationToken);
    }

    private async Task<Plan> PlanAsync(Series series, IoBenchmarkRequest request, string id, CancellationToken cancellationToken)
    {
        var plan = await PlanAsync(series.Vm, request, id, series.Actor, cancellationToken);
        return plan with { Run = plan.Run with { Series = series.Id }, IsNewDisk = request.Device == series.Plug.Id };
    }

    /// <returns>Why it stays plugged in; null if it does not.</returns>
    private async Task<string?> UnplugAsync(Series series)
    {
        try
        {
            await hotPlug.UnplugAsync(series.Vm, series.Plug.Id, CancellationToken.None);
            return null;
        }
        catch (Exception e) when (e is QmpException or GuestAgentException or VmConflictException or IOException)
        {
            return $"{series.Plug.Id} stays plugged in: {e.Message}";
        }
    }

    /// <param name="Id">That of the operation.</param>
    private sealed record Series(VmSession Vm, IoBenchmarkRequest Request, PlugRequest Plug, Actor Actor, string Id);

    private sealed class PartOfProgress(IProgress<double> whole, int number, int parts) : IProgress<double>
    {
        public void Report(double value) => whole.Report((number + value) / parts);
    }
}
