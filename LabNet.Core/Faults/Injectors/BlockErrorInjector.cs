using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>
/// A node of the driver <c>blkdebug</c> over the disk's, which the device gets as its drive. Its rules cannot be changed, so a rate is had by
/// giving the device the one node and the other in turns.
/// </summary>
internal sealed class BlockErrorInjector(VmSession vm, BlockErrorFault spec, TimeProvider time) : Injector(vm)
{
    private const int SectorBytes = 512;
    private const double RatePeriodMs = 200;

    private FeedSubscription? _events;
    private bool _isReadOnly;

    public override async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        var disk = await Disk.FindAsync(Vm, spec.Device, cancellationToken);
        if (spec.Sector >= disk.Medium.Image.VirtualSize / SectorBytes)
        {
            throw new VmConflictException($"{spec.Device} of {Name} has no sector {spec.Sector}; it has {disk.Medium.Image.VirtualSize / SectorBytes}, from 0.");
        }

        if (VmSession.IsOfFault(disk.Medium.NodeName))
        {
            throw new VmConflictException($"{spec.Device} of {Name} works through {disk.Medium.NodeName}, which another fault has not taken away yet.");
        }

        _isReadOnly = disk.Medium.Ro;
        return disk.Medium is { NodeName: { Length: > 0 } node } && !(disk.Medium.Ro && spec.Operation == BlockOperation.Write)
            ? node
            : throw new VmConflictException($"Nothing writes to {spec.Device} of {Name}: it is read-only.");
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        _events = Vm.WatchQmpEvents();
        var rule = new Dictionary<string, object>
        {
            ["event"] = "none",
            ["iotype"] = spec.Operation.ToString().ToLowerInvariant(),
            ["errno"] = (int)spec.Errno,
            ["once"] = spec.Once,
            ["immediately"] = true,
        };
        if (spec.Sector is { } sector)
        {
            rule["sector"] = sector;
        }

        var node = new BlockdevAddArguments("blkdebug", NodeOf(fault), Discard: "unmap")
        {
            Properties = new Dictionary<string, JsonElement>
            {
                ["image"] = JsonSerializer.SerializeToElement(fault.Before),
                ["read-only"] = JsonSerializer.SerializeToElement(_isReadOnly),
                ["inject-error"] = JsonSerializer.SerializeToElement(new[] { rule }),
            },
        };

        // Without the first the second is refused too, as there is no such node.
        var (add, give) = (DeviceCommands.BlockdevAdd.With(node), Giving(NodeOf(fault)));
        var replies = await Vm.ExecuteAsync([add, give], cancellationToken);
        replies.Read(add);
        replies.Read(give);
        return new Sight(EffectSeen: false, $"{spec.Device} works through {NodeOf(fault)}; no request has failed yet.");
    }

    public override Task StayAsync(Fault fault, Action<Sight> see, CancellationToken cancellationToken) => Task.WhenAll(
        WatchAsync(see, cancellationToken),
        spec.RatePercent is { } rate ? AlternateAsync(fault, rate / 100, cancellationToken) : Task.CompletedTask);

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        var devices = QomCommands.List.With(new QomPathArguments("/machine/peripheral"));
        var replies = await Vm.ExecuteAsync([BlockCommands.QueryNamedBlockNodes, BlockCommands.QueryBlock, devices], cancellationToken);
        if (replies.Read(BlockCommands.QueryNamedBlockNodes).Any(node => node.NodeName == NodeOf(fault)))
        {
            await RemoveAsync(fault, Disk.NodeIn(replies.Read(BlockCommands.QueryBlock), spec.Device), cancellationToken);
        }

        if (replies.Read(devices).All(device => device.Name != spec.Device))
        {
            // What the fault stood on was in use when the device went, and stayed behind for that.
            await TryDeleteAsync(fault.Before!, cancellationToken);
            return $"{spec.Device} is not plugged in any more.";
        }

        return await GoOnAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _events?.Dispose();
        base.Dispose();
    }

    private static string NodeOf(Fault fault) => $"labnet-{fault.Id}";

    /// <param name="now">The node that the device works through; null where there is no such device any more.</param>
    private async Task RemoveAsync(Fault fault, string? now, CancellationToken cancellationToken)
    {
        // QEMU 7.2 ends in the middle of it when a device is given the node that it has already.
        var giveBack = now is null || now == fault.Before ? null : Giving(fault.Before!);
        var delete = DeviceCommands.BlockdevDelete.With(new NodeNameArguments(NodeOf(fault)));
        var replies = await Vm.ExecuteAsync(giveBack is null ? [delete] : [giveBack, delete], cancellationToken);
        if (giveBack is not null)
        {
            replies.Read(giveBack);
        }

        replies.Read(delete);
    }

    private QmpCommand<QmpNothing> Giving(string node) =>
        QomCommands.Set.With(new QomSetArguments(Disk.PathOf(spec.Device), "drive", JsonSerializer.SerializeToElement(node)));

    private async Task TryDeleteAsync(string node, CancellationToken cancellationToken)
    {
        try
        {
            await Vm.ExecuteAsync(DeviceCommands.BlockdevDelete, new NodeNameArguments(node), cancellationToken);
        }
        catch (QmpCommandException)
        {
            // It went with the device.
        }
    }

    /// <summary>QEMU stops the guest for a host without room; with that mended it may go on, and does what it wanted again.</summary>
    private async Task<string?> GoOnAsync(CancellationToken cancellationToken)
    {
        if (spec.Errno != BlockErrno.ENOSPC || (await Vm.ReadAsync(RunStateCommands.QueryStatus, cancellationToken)).Status != RunState.IoError)
        {
            return $"{spec.Device} works as before.";
        }

        var replies = await Vm.ExecuteAsync([RunStateCommands.Cont, RunStateCommands.QueryStatus], cancellationToken);
        replies.Read(RunStateCommands.Cont);
        return $"{spec.Device} works as before, and QEMU, which had stopped the guest for it, says that it is {replies.Read(RunStateCommands.QueryStatus).Status}.";
    }

    /// <summary>QEMU 7.2 ends in the middle of it when a device is given the node that it has already.</summary>
    private async Task SetDriveAsync(string node, CancellationToken cancellationToken)
    {
        if (await Disk.FindNodeAsync(Vm, spec.Device, cancellationToken) is { } now && now != node)
        {
            var give = Giving(node);
            (await Vm.ExecuteAsync([give], cancellationToken)).Read(give);
        }
    }

    /// <summary>Counts what QEMU tells of requests that failed.</summary>
    private async Task WatchAsync(Action<Sight> see, CancellationToken cancellationToken)
    {
        _events ??= Vm.WatchQmpEvents();
        await foreach (var record in _events.ReadAllAsync(cancellationToken))
        {
            if (record.Item is QmpEventSeen { Event: { Name: "BLOCK_IO_ERROR" } failed } && IsOurs(failed))
            {
                see(new Sight(EffectSeen: true, $"QEMU told of a request that failed: {failed.Text("operation")}, {failed.Text("reason") ?? spec.Errno.ToString()}."));
                return;
            }
        }
    }

    private bool IsOurs(QmpEvent failed) => failed.Text("node-name") is { } node && (VmSession.IsOfFault(node) || node == spec.Device);

    /// <summary>By the clock, so that the share is that over all the time.</summary>
    private async Task AlternateAsync(Fault fault, double rate, CancellationToken cancellationToken)
    {
        var began = fault.StartedAt ?? time.GetUtcNow();
        for (var turn = (long)Math.Max(0, (time.GetUtcNow() - began).TotalMilliseconds / RatePeriodMs); ; turn++)
        {
            var starts = began + TimeSpan.FromMilliseconds(turn * RatePeriodMs);
            await FaultClock.UntilAsync(starts, time, cancellationToken);
            await SetDriveAsync(NodeOf(fault), cancellationToken);
            await FaultClock.UntilAsync(starts + TimeSpan.FromMilliseconds(rate * RatePeriodMs), time, cancellationToken);
            await SetDriveAsync(fault.Before!, cancellationToken);
        }
    }
}
