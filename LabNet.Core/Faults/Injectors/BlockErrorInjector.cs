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

        return disk.Medium is { NodeName: { Length: > 0 } node } && !(disk.Medium.Ro && spec.Operation == BlockOperation.Write)
            ? node
            : throw new VmConflictException($"Nothing writes to {spec.Device} of {Name}: it is read-only.");
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        var disk = await Disk.FindAsync(Vm, spec.Device, cancellationToken);
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
                ["read-only"] = JsonSerializer.SerializeToElement(disk.Medium.Ro),
                ["inject-error"] = JsonSerializer.SerializeToElement(new[] { rule }),
            },
        };
        await Vm.ExecuteAsync(DeviceCommands.BlockdevAdd, node, cancellationToken);
        await SetDriveAsync(NodeOf(fault), cancellationToken);
        return new Sight(EffectSeen: false, $"{spec.Device} works through {NodeOf(fault)}; no request has failed yet.");
    }

    public override Task StayAsync(Fault fault, Action<Sight> see, CancellationToken cancellationToken) => Task.WhenAll(
        WatchAsync(see, cancellationToken),
        spec.RatePercent is { } rate ? AlternateAsync(fault, rate / 100, cancellationToken) : Task.CompletedTask);

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        var nodes = await Vm.ReadAsync(BlockCommands.QueryNamedBlockNodes, cancellationToken);
        if (nodes.Any(node => node.NodeName == NodeOf(fault)))
        {
            await RemoveAsync(fault, cancellationToken);
        }

        if (await IsUnpluggedAsync(cancellationToken))
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

    private async Task RemoveAsync(Fault fault, CancellationToken cancellationToken)
    {
        QmpCommandException? refused = null;
        try
        {
            await SetDriveAsync(fault.Before!, cancellationToken);
        }
        catch (QmpCommandException e)
        {
            // The device may have been unplugged; whether it still works through our node, QEMU says next.
            refused = e;
        }

        try
        {
            await Vm.ExecuteAsync(DeviceCommands.BlockdevDelete, new NodeNameArguments(NodeOf(fault)), cancellationToken);
        }
        catch (QmpCommandException) when (refused is not null)
        {
            throw refused;
        }
    }

    private async Task<bool> IsUnpluggedAsync(CancellationToken cancellationToken)
    {
        var devices = await Vm.ReadAsync(QomCommands.List, new QomPathArguments("/machine/peripheral"), cancellationToken);
        return devices.All(device => device.Name != spec.Device);
    }

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
            await Vm.ExecuteAsync(
                QomCommands.Set, new QomSetArguments(Disk.PathOf(spec.Device), "drive", JsonSerializer.SerializeToElement(node)), cancellationToken);
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
