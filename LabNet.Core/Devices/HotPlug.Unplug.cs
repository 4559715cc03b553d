using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>Unplugging: the guest has to let go.</summary>
public sealed partial class HotPlug
{
    /// <summary>An aarch64 guest blinks a lamp for five seconds before it lets go (the PCI specification's attention button); a busy one needs longer.</summary>
    private static readonly TimeSpan LetGoTimeout = TimeSpan.FromSeconds(30);

    /// <summary>An event can be lost when they come too fast.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    /// <summary>The time of an aarch64 guest's lamp.</summary>
    private const double LooksToHalf = 5;

    /// <summary>Begins to unplug what was plugged in. It is done when the guest has let go.</summary>
    /// <param name="force">Also a disk that is mounted in the guest.</param>
    /// <param name="deleteFile">Deletes a disk's file too; it is kept otherwise, and can be plugged in again.</param>
    /// <returns>Null if the VM has no such device.</returns>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">It cannot be unplugged, or not now.</exception>
    /// <exception cref="QmpException"/>
    public async Task<Operation?> BeginUnplugAsync(
        VmSession vm, string id, bool force, bool deleteFile, Actor actor, CancellationToken cancellationToken)
    {
        vm.ThrowUnlessGuestRuns("its guest has to let go of a device");
        if (vm.State.Plugged.FirstOrDefault(one => one.Id == id) is not { } device)
        {
            var topology = await devices.ReadAsync(vm, cancellationToken);
            return topology.All.Any(one => one.QdevId == id)
                ? throw new VmConflictException(
                    $"{id} was there when {vm.State.Name} was started{(id == "vda" ? ": it is the disk that the guest runs from" : "")}. Only what was plugged in since can be unplugged.")
                : null;
        }

        return await vm.BeginAsync(
            "unplug",
            $"{id}{(force ? ", by force" : "")}{(deleteFile ? ", with its file" : "")}",
            Role.Operator,
            actor,
            (progress, ct) => vm.ChangeDevicesAsync(() => UnplugAsync(vm, device, force, deleteFile, progress, ct), ct),
            cancellationToken);
    }

    /// <summary>Unplugs what a feature plugged in for itself, with its file; nothing happens if it is gone already.</summary>
    /// <exception cref="VmConflictException">The guest does not let go.</exception>
    /// <exception cref="QmpException"/>
    internal Task UnplugAsync(VmSession vm, string id, CancellationToken cancellationToken) => vm.ChangeDevicesAsync(
        () => vm.State.Plugged.FirstOrDefault(one => one.Id == id) is { } device
            ? UnplugAsync(vm, device, force: true, deleteFile: true, progress: null, cancellationToken)
            : Task.CompletedTask,
        cancellationToken);

    private async Task UnplugAsync(
        VmSession vm, PluggedDevice device, bool force, bool deleteFile, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        vm.ThrowUnlessGuestRuns("its guest has to let go of a device");
        if (vm.State.Plugged.All(one => one.Id != device.Id))
        {
            throw new VmConflictException($"{device.Id} is not plugged in any more.");
        }

        if (!force && device.File is not null)
        {
            await ThrowIfUsedAsync(vm, device, cancellationToken);
        }

        await DeleteDeviceAsync(vm, device.Outermost, progress, cancellationToken);
        progress?.Report(0.9);
        await vm.ComparePluggedAsync(cancellationToken);
        await vm.WaitUntilAsync(state => state.Plugged.All(one => one.Id != device.Id), cancellationToken);
        if (deleteFile && device.File is { } file)
        {
            File.Delete(file);
        }
    }

    private async Task ThrowIfUsedAsync(VmSession vm, PluggedDevice device, CancellationToken cancellationToken)
    {
        if (vm.WhyGuestIsSilent is { } whyNot)
        {
            throw new VmConflictException($"Whether the guest uses {device.Id} cannot be asked: {whyNot} To unplug it all the same, force it.");
        }

        var topology = await devices.ReadAsync(vm, cancellationToken);
        if (topology.Find(device.Outermost)?.Pci is not { } pci)
        {
            return;
        }

        var uses = await GuestDevice.ReadUsesAsync(vm, pci.Address, cancellationToken);
        if (uses.Count > 0)
        {
            throw new VmConflictException(
                $"The guest uses {device.Id}: {string.Join(", ", uses)}. Unmount it there first, or force it: what the guest has not written yet is lost then.");
        }
    }

    /// <summary>Ends when the guest has let go and QEMU has said so, or when QEMU no longer has the device.</summary>
    /// <exception cref="VmConflictException">The guest refuses, or does not react.</exception>
    private static async Task DeleteDeviceAsync(VmSession vm, string id, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var watch = vm.WatchQmpEvents();
        await vm.ExecuteAsync(DeviceCommands.DeviceDelete, new IdArguments(id), cancellationToken);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(LetGoTimeout);
        var told = WaitForWordAsync(watch, id, timeout.Token);
        try
        {
            for (var look = 1; await Task.WhenAny(told, Task.Delay(LookPeriod, timeout.Token)) != told; look++)
            {
                // How long a guest takes nobody knows: each second less is added, and it never comes to its end by itself.
                progress?.Report(0.9 * look / (look + LooksToHalf));
                timeout.Token.ThrowIfCancellationRequested();
                if (!await HasAsync(vm, id, cancellationToken))
                {
                    return;
                }
            }

            if (!await told)
            {
                throw new VmConflictException($"The guest of {vm.State.Name} refuses to let go of {id}. Look at its console for the reason.");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new VmConflictException(
                $"The guest of {vm.State.Name} has not let go of {id} within {LetGoTimeout.TotalSeconds:0} s, so it stays plugged in. A guest that boots, or has no driver for its ports, does not react.");
        }
        finally
        {
            await timeout.CancelAsync();
            await ((Task)told).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<bool> HasAsync(VmSession vm, string id, CancellationToken cancellationToken)
    {
        var there = await vm.ReadAsync(QomCommands.List, new QomPathArguments(DeviceTopologyReader.Named), cancellationToken);
        return there.Any(child => child.Name == id);
    }

    /// <returns>Whether it is gone; false if the guest refuses.</returns>
    private static async Task<bool> WaitForWordAsync(Feed.FeedSubscription watch, string id, CancellationToken cancellationToken)
    {
        await foreach (var record in watch.ReadAllAsync(cancellationToken))
        {
            if (record.Item is QmpEventSeen { Event: var said } && said.Text("device") == id)
            {
                switch (said.Name)
                {
                    case "DEVICE_DELETED":
                        return true;
                    case "DEVICE_UNPLUG_GUEST_ERROR":
                        return false;
                }
            }
        }

        throw new OperationCanceledException();
    }
}
