using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>QEMU's throttle of a device's backend. It lets a tenth of a second's worth pass at once, and then holds the rate.</summary>
/// <param name="iops">0 for no limit.</param>
/// <param name="bytesPerSecond">0 for no limit.</param>
internal sealed class BlockThrottleInjector(VmSession vm, string device, long iops, long bytesPerSecond) : Injector(vm)
{
    /// <summary>Whole requests a second are all that QEMU takes.</summary>
    public static long IopsOf(double delayMs) => Math.Max(1, (long)Math.Round(1000 / delayMs));

    public override async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        var disk = await Disk.FindAsync(Vm, device, cancellationToken);
        return disk.Medium is { Bps: 0, BpsRd: 0, BpsWr: 0, Iops: 0, IopsRd: 0, IopsWr: 0 }
            ? disk.Qdev
            : throw new VmConflictException($"{device} of {Name} has a limit already that LabNet did not set.");
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        var set = Setting(fault.Before!, iops, bytesPerSecond);
        var replies = await Vm.ExecuteAsync([set, BlockCommands.QueryBlock], cancellationToken);
        replies.Read(set);
        var medium = Disk.FindIn(replies.Read(BlockCommands.QueryBlock), Vm, device).Medium;
        return new Sight(medium.Iops == iops && medium.Bps == bytesPerSecond, $"QEMU says: {Told(medium)}.");
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        if (Disk.IsUnplugged(Vm.State, device))
        {
            return $"{device} is not plugged in any more.";
        }

        var set = Setting(fault.Before!, iops: 0, bytesPerSecond: 0);
        (await Vm.ExecuteAsync([set], cancellationToken)).Read(set);
        return "QEMU has no limit any more.";
    }

    private static QmpCommand<QmpNothing> Setting(string qdev, long iops, long bytesPerSecond) =>
        BlockCommands.SetThrottle.With(new BlockThrottleArguments(qdev, bytesPerSecond, BpsRd: 0, BpsWr: 0, iops, IopsRd: 0, IopsWr: 0));

    private static string Told(BlockDeviceInfo medium)
    {
        string?[] limits = [medium.Iops == 0 ? null : $"{medium.Iops} requests/s", medium.Bps == 0 ? null : $"{medium.Bps} bytes/s"];
        return limits.OfType<string>().Any() ? string.Join(", ", limits.OfType<string>()) : "no limit";
    }
}
