using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>What features use that change a VM's devices: commands, under the eyes of the audit log, and the list of what is plugged in.</summary>
public sealed partial class VmSession
{
    private readonly SemaphoreSlim _changingDevices = new(1, 1);

    /// <summary>The links that the VM's host has.</summary>
    internal IEnumerable<LinkName> Links => _state.Definition is StartedVm ? _lab.Links.Select(link => link.Name) : [];

    /// <summary>A port of the link that no NIC of this VM has.</summary>
    /// <exception cref="VmConflictException">All are in use.</exception>
    /// <exception cref="HostException">They are missing.</exception>
    internal LinkPort ChooseSparePort(LinkName link)
    {
        var names = InterfaceNames.Of(_lab);
        var free = Enumerable.Range(1, LabLimits.SpareTaps).Select(number => names.SpareTap(_state.Name, link, number))
            .FirstOrDefault(name => _state.Plugged.All(device => device.Tap != name));
        return free is not null
            ? _services.Host.ReadLinkPort(free)
            : throw new VmConflictException($"{_state.Name} has {LabLimits.SpareTaps} NICs plugged into {link} already, and no more ports for it. Unplug one.");
    }

    /// <summary>The machine that it runs on; for files of its own.</summary>
    internal Host Host => _services.Host;

    /// <summary>Begins something that takes time, for an actor; audited.</summary>
    /// <param name="action">For the audit log and the operation, such as <c>plug</c>.</param>
    /// <exception cref="ForbiddenException"/>
    internal async Task<Operation> BeginAsync(
        string action, string? detail, Role required, Actor actor, Func<IProgress<double>, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(actor, required, action, detail, cancellationToken);
        return _services.Operations.Begin(action, _state.Name, actor, work, detail);
    }

    /// <summary>Refuses what needs a guest that runs.</summary>
    /// <param name="why">What the guest is needed for, such as <c>its guest has to notice a new device</c>.</param>
    /// <exception cref="VmConflictException"/>
    /// <exception cref="QmpDisconnectedException"/>
    internal void ThrowUnlessGuestRuns(string why)
    {
        var state = _state;
        if (!state.IsThere && state.Definition is StartedVm)
        {
            throw new VmConflictException($"{state.Name} is not running, and {why}. Start it first.");
        }

        if (state.Connection is not QmpLinkState.Connected)
        {
            throw new QmpDisconnectedException($"QEMU of {state.Name} is not connected at the moment.");
        }

        if (state.RunState != RunState.Running)
        {
            throw new VmConflictException($"{state.Name} is {state.RunState}, and {why}. Resume it first.");
        }

        if (state.Jobs.FirstOrDefault(job => job.Type.StartsWith("snapshot", StringComparison.Ordinal)) is { } job)
        {
            throw new VmConflictException($"{state.Name} is busy with {job.Type} ({job.Id}). Wait for its end.");
        }
    }

    /// <summary>One change of the devices at a time: the next waits.</summary>
    internal async Task ChangeDevicesAsync(Func<Task> change, CancellationToken cancellationToken)
    {
        await _changingDevices.WaitAsync(cancellationToken);
        try
        {
            await change();
        }
        finally
        {
            _changingDevices.Release();
        }
    }

    /// <summary>Sends a command for a feature that has asked <see cref="BeginAsync(string, string?, Role, Actor, Func{IProgress{double}, CancellationToken, Task}, CancellationToken)"/>.</summary>
    /// <exception cref="QmpException"/>
    internal ValueTask<TReturn> ExecuteAsync<TArguments, TReturn>(
        QmpCommand<TArguments, TReturn> command, TArguments arguments, CancellationToken cancellationToken) =>
        _qmp.ExecuteAsync(command, arguments, cancellationToken);

    /// <summary>Sends commands together, in one piece and in this order.</summary>
    /// <exception cref="QmpException"/>
    internal ValueTask<QmpReplies> ExecuteAsync(IReadOnlyList<CompleteQmpCommand> commands, CancellationToken cancellationToken) =>
        _qmp.ExecuteAsync(commands, cancellationToken);

    /// <summary>QEMU's events from now on; to be had before the command that causes them is sent.</summary>
    internal FeedSubscription WatchQmpEvents() => _services.Feed.Subscribe(record => record.Source == _source && record.Item is QmpEventSeen);

    /// <summary>The guest does what was asked, or the reason why it cannot be asked at the moment.</summary>
    internal string? WhyGuestIsSilent => _state.Agent is GuestAgentState.Answering ? null : WhyGuestCannotAnswer()?.Message ?? "The guest's agent does not answer.";

    /// <summary>Keeps what was plugged in, or is no longer.</summary>
    /// <exception cref="IOException">It cannot be written down; the state has it all the same.</exception>
    internal void KeepPlugged(Func<ImmutableArray<PluggedDevice>, ImmutableArray<PluggedDevice>> change)
    {
        lock (_sync)
        {
            var devices = change(_state.Plugged);
            Apply(new VmEvent.PluggedKnown(devices));
            PluggedFile.Write(Paths.Folder, devices);
        }
    }

    private void ReadPlugged()
    {
        Apply(new VmEvent.PluggedKnown(PluggedFile.Read(Paths.Folder, out var problem)));
        if (problem is not null)
        {
            Apply(new VmEvent.ProblemSeen(new VmProblem("What was plugged in is not known", problem, _services.Time.GetUtcNow())));
        }
    }

    /// <summary>Looks whether what was plugged in is still there: an event can be missed.</summary>
    /// <exception cref="QmpException"/>
    internal async Task ComparePluggedAsync(CancellationToken cancellationToken)
    {
        if (!_state.Plugged.IsEmpty)
        {
            var there = await _qmp.ExecuteAsync(QomCommands.List, new QomPathArguments("/machine/peripheral"), cancellationToken);
            await ForgetUnlessAsync(device => there.Any(child => child.Name == device.Outermost), cancellationToken);
        }
    }

    /// <summary>A device that went, whoever made it go, leaves its host's side behind; without that its id could not be used again.</summary>
    private async Task ForgetUnlessAsync(Func<PluggedDevice, bool> isThere, CancellationToken cancellationToken)
    {
        var gone = _state.Plugged.RemoveAll(device => isThere(device));
        foreach (var device in gone)
        {
            if (device.NodeName is { } node)
            {
                await TryAsync(DeviceCommands.BlockdevDelete, new NodeNameArguments(node), cancellationToken);
            }

            if (device.Netdev is { } netdev)
            {
                await TryAsync(DeviceCommands.NetdevDelete, new IdArguments(netdev), cancellationToken);
            }

            if (device is { Chardev: { } chardev, Socket: { } socket })
            {
                await TryAsync(DeviceCommands.ChardevRemove, new IdArguments(chardev), cancellationToken);
                File.Delete(socket);
            }
        }

        if (gone.IsEmpty)
        {
            return;
        }

        try
        {
            KeepPlugged(devices => devices.RemoveAll(device => gone.Contains(device)));
        }
        catch (IOException e)
        {
            LogNotKept(_state.Name, e.Message);
        }
    }

    private async Task TryAsync<TArguments>(QmpCommand<TArguments, QmpNothing> command, TArguments arguments, CancellationToken cancellationToken)
    {
        try
        {
            await _qmp.ExecuteAsync(command, arguments, cancellationToken);
        }
        catch (QmpCommandException)
        {
            // It went with the device, or somebody else was faster.
        }
    }
}
