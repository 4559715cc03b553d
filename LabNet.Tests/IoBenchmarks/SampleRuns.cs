using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Tests.IoBenchmarks;

internal static class SampleRuns
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);

    /// <summary>A run whose repeats had these requests a second, each of which took as long as they let it.</summary>
    public static IoBenchmark With(string label, params ReadOnlySpan<double> iops) => New(label) with
    {
        State = OperationState.Succeeded,
        EndedAt = Start.AddMinutes(1),
        Results = [.. iops.ToArray().Select((value, index) => Repeat(index + 1, value))],
    };

    public static IoBenchmark New(string label) => new(
        OperationRegistry.NewId(), VmName.Parse("x86"), "vda", "virtio-blk-pci", "/dev/vda", "rand-read-4k", IoTarget.File, label, Seconds: 1, Repeats: 5,
        "7.2.22", Accelerator.Tcg, "alice", OperationState.Running, Start);

    public static IoRepeat Repeat(int number, double iops) => new(
        number, Start.AddSeconds(number), Start.AddSeconds(number + 1), "libaio", "fio-3.33", Figures((long)iops), Write: null,
        new HostIo((long)iops * 4096, (long)iops, 123, 4, 5, 6, 7, 8))
    {
        Traced = new TracedIo((long)iops, 31_000, 32_000, 33_000, 34_000),
    };

    private static IoFigures Figures(long operations)
    {
        var ns = operations == 0 ? 0 : 1_000_000_000 / operations;
        return new IoFigures(operations * 4096, operations, RuntimeMs: 1000, ns, ns * 9, ns, ns * 2, ns * 3, ns * 4);
    }
}
