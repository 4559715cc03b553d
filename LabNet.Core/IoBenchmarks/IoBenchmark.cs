using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.IoBenchmarks;

/// <summary>What fio reads and writes.</summary>
public enum IoTarget
{
    /// <summary>A file of its own on the disk's file system, removed afterwards.</summary>
    File,

    /// <summary>The disk itself: writing destroys what is on it.</summary>
    Disk,
}

/// <summary>What a benchmark is asked to measure.</summary>
/// <param name="Device">The disk's qdev id, such as <c>vda</c>.</param>
/// <param name="Profile">Of <see cref="IoProfile.All"/>.</param>
/// <param name="Seconds">How long each repeat measures.</param>
/// <param name="Label">What the user calls the run, such as <c>before</c>; may be empty.</param>
/// <param name="Destroys">The disk's id again, from somebody who knows that writing to it destroys what is on it.</param>
/// <param name="UnderLoad">Measures also while another fio runs in the guest, from somebody who wants just that.</param>
public sealed record IoBenchmarkRequest(
    string Device, string Profile, int Seconds, int Repeats, string Label, IoTarget Target = IoTarget.File, string? Destroys = null,
    bool UnderLoad = false)
{
    /// <summary>More would keep the guest busy, and nobody waits for it.</summary>
    public const int SecondsMax = 60;

    /// <summary>More hardly narrows an interval any further; the exact tests are made for at most this many.</summary>
    public const int RepeatsMax = 30;

    public const int LabelCharsMax = 64;
    private const int DeviceCharsMax = 64;

    /// <returns>Why this cannot be measured anywhere, with what is allowed; null if it can.</returns>
    public string? Mistake()
    {
        if (IoProfile.Find(Profile) is not { } profile)
        {
            return $"profile: there is no \"{Profile}\"; there are {string.Join(", ", IoProfile.All.Select(known => known.Name))}.";
        }

        return Seconds is < 1 or > SecondsMax ? $"seconds: {Seconds} is not from 1 to {SecondsMax}."
            : Repeats is < 1 or > RepeatsMax ? $"repeats: {Repeats} is not from 1 to {RepeatsMax}."
            : Label.Length > LabelCharsMax || Label.Any(char.IsControl) ? $"label: it has at most {LabelCharsMax} characters, on one line."
            : !IsQdevId(Device) ? "device: this is no device's id, which is a letter, then letters, digits and - . _ (64 at most)."
            : MistakeInDestroys(profile);
    }

    private string? MistakeInDestroys(IoProfile profile)
    {
        var isNeeded = Target == IoTarget.Disk && profile.Writes;
        return isNeeded && Destroys is null
            ? $"destroys: {Profile} on the disk itself destroys what is on {Device}. If that is meant, say \"destroys\": \"{Device}\"."
            : Destroys is not null && !isNeeded ? $"destroys: {Profile} on a {Target.ToString().ToLowerInvariant()} destroys nothing; leave it out."
            : Destroys is not null && Destroys != Device ? $"destroys: it names \"{Destroys}\", and the device is {Device}."
            : null;
    }

    /// <summary>As QEMU's id_wellformed() takes it.</summary>
    private static bool IsQdevId(string id) =>
        id.Length is > 0 and <= DeviceCharsMax && char.IsAsciiLetter(id[0]) && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
}

/// <summary>A run: the same load several times, one after the other.</summary>
/// <param name="Id">That of the operation which carried it out, if that carried out no run before.</param>
/// <param name="DeviceType">QEMU's type, such as <c>virtio-blk-pci</c>.</param>
/// <param name="GuestDevice">What the guest calls the disk, such as <c>/dev/vda</c>.</param>
/// <param name="QemuVersion">Null where it is not known.</param>
/// <param name="Accelerator">Null where it is not known.</param>
/// <param name="ActorName">Who asked for it.</param>
/// <param name="Repeats">How many were asked for; those that were measured are in <see cref="Results"/>.</param>
/// <param name="Error">Why it failed.</param>
public sealed record IoBenchmark(
    string Id,
    VmName Vm,
    string Device,
    string DeviceType,
    string GuestDevice,
    string Profile,
    IoTarget Target,
    string Label,
    int Seconds,
    int Repeats,
    string? QemuVersion,
    Accelerator? Accelerator,
    string ActorName,
    OperationState State,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt = null,
    string? Error = null)
{
    public ImmutableArray<IoRepeat> Results { get; init; } = [];

    /// <summary>The operation that carried out several runs, to be compared: before something was plugged in, and after. Null for a run by itself.</summary>
    public string? Series { get; init; }

    /// <summary>Whether another fio ran in the guest when this began.</summary>
    public bool UnderLoad { get; init; }

    /// <summary>Null of a profile that this LabNet does not know.</summary>
    public IoProfile? KnownProfile => IoProfile.Find(Profile);
}

/// <summary>One measurement.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Engine">fio's way to ask for I/O.</param>
/// <param name="FioVersion">As fio says it, such as <c>fio-3.33</c>.</param>
/// <param name="Read">Null for a profile that only writes.</param>
/// <param name="Write">Null for a profile that only reads.</param>
/// <param name="Host">What QEMU counted of this disk meanwhile, from fio's start to its end; null where it was not to be had.</param>
public sealed record IoRepeat(
    int Number, DateTimeOffset StartedAt, DateTimeOffset EndedAt, string Engine, string FioVersion, IoFigures? Read, IoFigures? Write, HostIo? Host)
{
    /// <summary>How long QEMU took for the same requests, by its trace events; null where they were not traced.</summary>
    public TracedIo? Traced { get; init; }

    public double Iops => (Read?.Iops ?? 0) + (Write?.Iops ?? 0);

    public double BytesPerSecond => (Read?.BytesPerSecond ?? 0) + (Write?.BytesPerSecond ?? 0);
}

/// <summary>What fio measured in one direction. The latency is a request's whole time, from handing it to the kernel to its end.</summary>
/// <param name="RuntimeMs">How long fio measured, by the guest's clock.</param>
/// <param name="P999Ns">That 99.9 % of the requests took at most.</param>
public sealed record IoFigures(
    long Bytes, long Operations, long RuntimeMs, long LatencyMeanNs, long LatencyMaxNs, long P50Ns, long P95Ns, long P99Ns, long P999Ns)
{
    private const double MsPerSecond = 1000;

    public double Iops => RuntimeMs == 0 ? 0 : Operations * MsPerSecond / RuntimeMs;

    public double BytesPerSecond => RuntimeMs == 0 ? 0 : Bytes * MsPerSecond / RuntimeMs;
}

/// <summary>What went through the disk as QEMU counts it, with everything else that the guest did there.</summary>
/// <param name="ReadTimeNs">The sum of the times of all reads that ended.</param>
/// <param name="FailedOperations">Of all kinds.</param>
public sealed record HostIo(
    long ReadBytes,
    long ReadOperations,
    long ReadTimeNs,
    long WrittenBytes,
    long WriteOperations,
    long WriteTimeNs,
    long FlushOperations,
    long FailedOperations)
{
    /// <summary>Null where one is missing, or QEMU began to count anew.</summary>
    internal static HostIo? Between(BlockDeviceStats? before, BlockDeviceStats? after)
    {
        if (before is null || after is null)
        {
            return null;
        }

        var io = new HostIo(
            after.RdBytes - before.RdBytes,
            after.RdOperations - before.RdOperations,
            after.RdTotalTimeNs - before.RdTotalTimeNs,
            after.WrBytes - before.WrBytes,
            after.WrOperations - before.WrOperations,
            after.WrTotalTimeNs - before.WrTotalTimeNs,
            after.FlushOperations - before.FlushOperations,
            FailedOf(after) - FailedOf(before));
        return io is { ReadBytes: < 0 } or { ReadOperations: < 0 } or { WrittenBytes: < 0 } or { WriteOperations: < 0 } ? null : io;
    }

    private static long FailedOf(BlockDeviceStats stats) =>
        stats.FailedRdOperations + stats.FailedWrOperations + stats.FailedFlushOperations + stats.FailedUnmapOperations;
}

/// <summary>
/// The disk's requests from their arrival at QEMU's device to their end, reads and writes together, from fio's start to its end. Nanoseconds; the
/// quantiles are at most 6 % off.
/// </summary>
/// <param name="Operations">As many as were traced.</param>
public sealed record TracedIo(long Operations, long P50Ns, long P95Ns, long P99Ns, long MaxNs);

/// <summary>A benchmark cannot go on; the message says why, and what to do.</summary>
public sealed class IoBenchmarkException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The VM has no such disk; the message names those it has.</summary>
public sealed class UnknownDiskException(string message) : Exception(message);
