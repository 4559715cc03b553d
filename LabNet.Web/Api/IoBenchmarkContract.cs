using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>An I/O benchmark to run in a guest, by its own fio.</summary>
/// <param name="Device">The disk's id, such as `vda`.</param>
/// <param name="Profile">`rand-read-4k`, `rand-write-4k`, `rand-read-4k-qd32`, `rand-write-4k-qd32`, `seq-read-1m`, `seq-write-1m` or `mixed-70-30-4k`.</param>
/// <param name="Seconds">How long each repeat measures: 1 to 60; 10 if left out.</param>
/// <param name="Repeats">1 to 30; 5 if left out. Two runs need about 5 each to be told apart.</param>
/// <param name="Label">What you call it, such as `before`; 64 characters at most.</param>
/// <param name="Target">`file`, a scratch file on the disk's file system, if left out; `disk` for the disk itself.</param>
/// <param name="Destroys">The disk's id again: only with it a profile that writes is let loose on the disk itself, and never on the root disk or a mounted one.</param>
/// <param name="Plug">For a series: the disk is measured before and after such a device is plugged in, a new disk itself too, and the device is unplugged and deleted.</param>
/// <param name="AroundTracing">`true` for a series of two runs in turns, with the VM's trace events and without: what tracing costs the guest.</param>
/// <param name="UnderLoad">`true` to measure also while another fio runs in the guest; otherwise that is refused.</param>
public sealed record IoBenchmarkStartRequest(
    string Device, string Profile, int Seconds = 10, int Repeats = 5, string Label = "", IoTarget Target = IoTarget.File, string? Destroys = null,
    PlugKind? Plug = null, bool UnderLoad = false, bool AroundTracing = false);

/// <summary>A run of the past, or one that goes on.</summary>
/// <param name="Id">That of the operation which carries it out; in a series, the first run has it.</param>
/// <param name="DeviceType">QEMU's, such as `virtio-blk-pci`.</param>
/// <param name="GuestDevice">Such as `/dev/vda`.</param>
/// <param name="Repeats">How many were asked for.</param>
/// <param name="Measured">How many there are.</param>
/// <param name="Iops">Requests a second, reads and writes together; null before the first repeat.</param>
/// <param name="BytesPerSecond">The same in bytes.</param>
/// <param name="Series">The operation's id, of each run that it carries out; null for a run by itself.</param>
/// <param name="UnderLoad">Whether another fio ran in the guest when this began.</param>
/// <param name="Error">Why it failed.</param>
public sealed record IoBenchmarkContract(
    string Id,
    string Vm,
    string Device,
    string DeviceType,
    string GuestDevice,
    string Profile,
    IoTarget Target,
    string Label,
    string? Series,
    bool UnderLoad,
    int Seconds,
    int Repeats,
    int Measured,
    string? QemuVersion,
    Accelerator? Accelerator,
    string StartedBy,
    OperationState State,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    string? Error,
    MedianInterval? Iops,
    MedianInterval? BytesPerSecond)
{
    internal static IoBenchmarkContract Of(IoBenchmark run) => new(
        run.Id,
        run.Vm.ToString(),
        run.Device,
        run.DeviceType,
        run.GuestDevice,
        run.Profile,
        run.Target,
        run.Label,
        run.Series,
        run.UnderLoad,
        run.Seconds,
        run.Repeats,
        run.Results.Length,
        run.QemuVersion,
        run.Accelerator,
        run.ActorName,
        run.State,
        run.StartedAt,
        run.EndedAt,
        run.Error,
        MedianOf(run, repeat => repeat.Iops),
        MedianOf(run, repeat => repeat.BytesPerSecond));

    private static MedianInterval? MedianOf(IoBenchmark run, Func<IoRepeat, double> figure) =>
        run.Results.IsEmpty ? null : RankStatistics.IntervalOfMedian([.. run.Results.Select(figure)]);
}

/// <summary>A run with its repeats.</summary>
public sealed record IoBenchmarkDetailsContract(IoBenchmarkContract Run, IReadOnlyList<IoRepeatContract> Results);

/// <param name="Number">From 1.</param>
/// <param name="Engine">fio's way to ask for I/O, such as `libaio`.</param>
/// <param name="Read">Null for a profile that only writes.</param>
/// <param name="Write">Null for a profile that only reads.</param>
/// <param name="Host">What QEMU counted of the disk meanwhile, whoever in the guest used it; null where it was not to be had.</param>
/// <param name="Traced">How long QEMU took for the same requests, by its trace events; null where they were not on.</param>
public sealed record IoRepeatContract(
    int Number, DateTimeOffset StartedAt, DateTimeOffset EndedAt, string Engine, string FioVersion, IoFigures? Read, IoFigures? Write, HostIo? Host, TracedIo? Traced)
{
    internal static IoRepeatContract Of(IoRepeat repeat) => new(
        repeat.Number, repeat.StartedAt, repeat.EndedAt, repeat.Engine, repeat.FioVersion, repeat.Read, repeat.Write, repeat.Host, repeat.Traced);
}

/// <summary>Two runs of one profile; the second measured by the first.</summary>
/// <param name="Verdict">A sentence, such as `After is 12 % faster (between 8 and 17 %), 95 % sure.`</param>
/// <param name="Differences">In what else the runs differ, such as `device type: virtio-blk-pci, nvme`.</param>
/// <param name="Figures">The first decides; each of the others is a test of its own.</param>
public sealed record IoComparisonContract(
    IoBenchmarkContract A, IoBenchmarkContract B, string Verdict, IReadOnlyList<string> Differences, IReadOnlyList<ComparedFigure> Figures)
{
    internal static IoComparisonContract Of(IoComparison comparison) => new(
        IoBenchmarkContract.Of(comparison.A), IoBenchmarkContract.Of(comparison.B), comparison.Verdict, comparison.Differences, comparison.Figures);
}
