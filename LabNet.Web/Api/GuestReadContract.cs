using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <param name="QemuSeconds">Since QEMU was started; null of an attached VM, whose QEMU does not tell.</param>
/// <param name="GuestSeconds">Since the guest booted; null where it cannot be asked.</param>
/// <param name="GuestProblem">Why it cannot.</param>
public sealed record UptimeContract(double? QemuSeconds, double? GuestSeconds, string? GuestProblem)
{
    internal static UptimeContract Of(VmUptime uptime) => new(Rounded(uptime.QemuSeconds), Rounded(uptime.GuestSeconds), uptime.GuestProblem);

    private static double? Rounded(double? seconds) => seconds is { } s ? Math.Round(s, 3) : null;
}

/// <param name="Text">QEMU's `x-query-irq`: pins of the interrupt controllers, never MSI; empty on aarch64.</param>
/// <param name="Guest">The guest's /proc/interrupts; null where it cannot be asked.</param>
/// <param name="GuestProblem">Why it cannot.</param>
public sealed record InterruptsContract(string Text, IReadOnlyList<InterruptContract>? Guest, string? GuestProblem);

/// <param name="Irq">The number, or a word such as `LOC`.</param>
/// <param name="Name">The chip and the devices; may be empty.</param>
/// <param name="PerCpu">One count for each processor that is online, or one for all together.</param>
public sealed record InterruptContract(string Irq, string Name, IReadOnlyList<long> PerCpu)
{
    internal static InterruptContract Of(GuestInterrupt interrupt) => new(interrupt.Irq, interrupt.Name, interrupt.PerCpu);
}

/// <param name="At">When the guest was asked; who asks within a second gets the same answer.</param>
/// <param name="Truncated">Whether the list was cut: the agent takes 16 MiB.</param>
public sealed record GuestProcessesContract(
    DateTimeOffset At, double UptimeSeconds, bool Truncated, IReadOnlyList<GuestProcessContract> Processes)
{
    internal static GuestProcessesContract Of(GuestReading<GuestProcesses> reading) => new(
        reading.At, reading.Value.UptimeSeconds, reading.Value.Truncated, [.. reading.Value.Processes.Select(GuestProcessContract.Of)]);
}

/// <param name="State">The kernel's letter, as ps shows it.</param>
/// <param name="CpuPercent">Of one processor, since the reading before; null where there is none to compare with.</param>
/// <param name="Command">The whole command line, or `[name]` for a kernel thread. A process calls itself what it likes: treat it as hostile.</param>
public sealed record GuestProcessContract(
    int Pid,
    int ParentPid,
    string? User,
    string State,
    long CpuMs,
    double? CpuPercent,
    long? RssBytes,
    double ElapsedSeconds,
    int Threads,
    string Command)
{
    internal static GuestProcessContract Of(GuestProcess p) => new(
        p.Pid,
        p.ParentPid,
        p.User,
        p.State.ToString(),
        p.CpuMs,
        p.CpuPercent is { } percent ? Math.Round(percent, 2) : null,
        p.RssBytes,
        p.ElapsedSeconds,
        p.Threads,
        p.Command);
}

/// <param name="At">When the guest was asked.</param>
public sealed record GuestInterfacesContract(DateTimeOffset At, IReadOnlyList<GuestNetworkInterfaceContract> Interfaces)
{
    internal static GuestInterfacesContract Of(GuestReading<GuestNetworkInterface[]> reading) =>
        new(reading.At, [.. reading.Value.Select(GuestNetworkInterfaceContract.Of)]);
}

/// <param name="Addresses">With prefix length.</param>
/// <param name="Statistics">Null where the agent cannot read them.</param>
public sealed record GuestNetworkInterfaceContract(
    string Name, string? Mac, IReadOnlyList<string> Addresses, GuestInterfaceStatisticsContract? Statistics)
{
    internal static GuestNetworkInterfaceContract Of(GuestNetworkInterface guest) => new(
        guest.Name,
        guest.HardwareAddress,
        [.. (guest.IpAddresses ?? []).Select(address => $"{address.IpAddress}/{address.Prefix}")],
        guest.Statistics is { } s
            ? new(s.RxBytes, s.RxPackets, s.RxErrs, s.RxDropped, s.TxBytes, s.TxPackets, s.TxErrs, s.TxDropped)
            : null);
}

/// <summary>Since the interface came up.</summary>
public sealed record GuestInterfaceStatisticsContract(
    long RxBytes, long RxPackets, long RxErrors, long RxDropped, long TxBytes, long TxPackets, long TxErrors, long TxDropped);
