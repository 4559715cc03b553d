using System.Globalization;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>The balloon's driver in the guest takes memory from it, and gives it back.</summary>
internal sealed class BalloonInjector(VmSession vm, BalloonFault spec) : Injector(vm)
{
    /// <summary>A driver that has come so near counts as done: it takes whole pages.</summary>
    private const long NearBytes = LabLimits.MiB;

    public override async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        var now = await ReadAsync(cancellationToken);

        // Not what it has now: that may be what a lift just before has not yet given back.
        return spec.Bytes < now
            ? (Vm.State.MemoryBytes ?? now).ToString(CultureInfo.InvariantCulture)
            : throw new VmConflictException($"{Name} has {now} bytes now, and a balloon of {spec.Bytes} takes none of them.");
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        await SetAsync(spec.Bytes, cancellationToken);
        return SightOf(await ReadAsync(cancellationToken));
    }

    public override async Task StayAsync(Fault fault, Action<Sight> see, CancellationToken cancellationToken)
    {
        using var events = Vm.WatchQmpEvents();
        var sight = SightOf(await ReadAsync(cancellationToken));
        see(sight);
        await foreach (var record in events.ReadAllAsync(cancellationToken))
        {
            if (record.Item is QmpEventSeen { Event.Name: "BALLOON_CHANGE" })
            {
                sight = SightOf(await ReadAsync(cancellationToken));
                see(sight);
            }
        }
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        var before = long.Parse(fault.Before!, CultureInfo.InvariantCulture);
        await SetAsync(before, cancellationToken);
        return $"The guest is to get back {InMiB(before)} in all, and takes its time for that.";
    }

    private Sight SightOf(long now) => new(now <= spec.Bytes + NearBytes, $"QEMU says that the guest has {InMiB(now)}.");

    private async Task<long> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await Vm.ReadAsync(MachineCommands.QueryBalloon, cancellationToken)).Actual;
        }
        catch (QmpCommandException e)
        {
            throw new VmConflictException($"{Name} has no balloon: {e.Description}");
        }
    }

    private async Task SetAsync(long bytes, CancellationToken cancellationToken) =>
        await Vm.ExecuteAsync(MachineCommands.Balloon, new BalloonArguments(bytes), cancellationToken);

    private static string InMiB(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / LabLimits.MiB:0} MiB");
}
