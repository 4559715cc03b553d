using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>Which requests of a disk fail.</summary>
public enum BlockOperation
{
    Read,
    Write,
    Flush,
}

/// <summary>How they fail: Linux's numbers, as QEMU takes them. A guest tells apart no more of them than these.</summary>
public enum BlockErrno
{
    /// <summary>The device is at fault.</summary>
    EIO = 5,

    /// <summary>The host has no room left: QEMU stops the guest for it, until the fault is over.</summary>
    ENOSPC = 28,

    ETIMEDOUT = 110,
}

/// <summary>Requests of a disk fail.</summary>
/// <param name="Device">The disk's id, such as <c>vda</c>.</param>
/// <param name="Sector">Only requests that touch this sector of 512 bytes; null for all.</param>
/// <param name="Once">Only the first such request.</param>
/// <param name="RatePercent">In so much of the time; null for all of it.</param>
public sealed record BlockErrorFault(string Device, BlockOperation Operation, BlockErrno Errno, long? Sector, bool Once, double? RatePercent) : FaultSpec
{
    public override string Kind => FaultKinds.BlockError;

    public override string Text => string.Create(
        CultureInfo.InvariantCulture,
        $"block errors on {Device} ({Operation.ToString().ToLowerInvariant()}, {Errno}{(Sector is { } sector ? $", sector {sector}" : "")}{(Once ? ", once" : "")}{(RatePercent is { } rate ? $", {rate} % of the time" : "")})");

    public override string? Mistake =>
        FaultHold.MistakeOfDevice(Device) ?? OutOf("sector", Sector, 0, long.MaxValue / 1024) ?? OutOf("ratePercent", RatePercent, 1, 99)
        ?? (Once && RatePercent is not null ? "once and ratePercent: give one of them. Once is the first request alone." : null)
        ?? (Sector is not null && Operation == BlockOperation.Flush ? "sector: a flush touches no sector." : null);

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.BlockErrors(Device)];
}

/// <summary>A disk does no more than so many requests or bytes a second, read and written together.</summary>
/// <param name="Device">The disk's id, such as <c>vda</c>.</param>
public sealed record BlockThrottleFault(string Device, long? Iops, long? BytesPerSecond) : FaultSpec
{
    /// <summary>Of QEMU: THROTTLE_VALUE_MAX of include/qemu/throttle.h.</summary>
    private const double ValueMax = 1e15;

    public override string Kind => FaultKinds.BlockThrottle;

    public override string Text
    {
        get
        {
            string?[] limits = [Iops is { } iops ? $"{iops} requests/s" : null, BytesPerSecond is { } bytes ? $"{bytes} bytes/s" : null];
            return $"{Device} does no more than {string.Join(" and ", limits.OfType<string>())}";
        }
    }

    public override string? Mistake =>
        FaultHold.MistakeOfDevice(Device) ?? OutOf("iops", Iops, 1, ValueMax) ?? OutOf("bytesPerSecond", BytesPerSecond, 512, ValueMax)
        ?? (Iops is null && BytesPerSecond is null ? "iops, bytesPerSecond: give one of them, or both." : null);

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.BlockThrottle(Device)];
}

/// <summary>A disk does one request in so many milliseconds.</summary>
/// <param name="Device">The disk's id, such as <c>vda</c>.</param>
public sealed record BlockLatencyFault(string Device, double DelayMs) : FaultSpec
{
    public override string Kind => FaultKinds.BlockLatency;

    public override string Text => $"{Device} does one request each {Number(DelayMs)} ms";

    public override string? Mistake => FaultHold.MistakeOfDevice(Device) ?? OutOf("delayMs", DelayMs, 1, FaultLimits.BlockDelayMsMax);

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.BlockThrottle(Device)];
}
