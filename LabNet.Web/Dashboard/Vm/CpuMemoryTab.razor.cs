using System.Globalization;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What a VM computes with.</summary>
public sealed partial class CpuMemoryTab
{
    private static readonly QemuQuestion[] CpuQuestions = [new("query-cpus-fast"), new("query-iothreads")];
    private static readonly QemuQuestion[] MemoryQuestions = [new("query-memory-size-summary"), new("query-balloon"), new("query-memory-devices")];

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    private Task<GuestReading<CpuInfoFast[]>> ReadCpusAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        VmAsking.NowAsync(Time, Session.ReadAsync(MachineCommands.QueryCpusFast, cancellationToken).AsTask());

    private Task<GuestReading<Memory>> ReadMemoryAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        VmAsking.NowAsync(Time, AskMemoryAsync(cancellationToken));

    private async Task<Memory> AskMemoryAsync(CancellationToken cancellationToken)
    {
        var sizes = await Session.ReadAsync(MachineCommands.QueryMemorySizeSummary, cancellationToken);
        try
        {
            return new Memory(sizes, await Session.ReadAsync(MachineCommands.QueryBalloon, cancellationToken), NoBalloon: null);
        }
        catch (QmpCommandException e)
        {
            return new Memory(sizes, Balloon: null, e.Description);
        }
    }

    private static string Place(CpuInstanceProperties? place)
    {
        (string Word, int? Number)[] parts =
        [
            ("node", place?.NodeId), ("socket", place?.SocketId), ("die", place?.DieId), ("cluster", place?.ClusterId), ("core", place?.CoreId),
            ("thread", place?.ThreadId),
        ];
        return string.Join(", ", parts.Where(part => part.Number is not null).Select(part => $"{part.Word} {part.Number}"));
    }

    private static string Percent(long part, long whole) =>
        (whole == 0 ? 0 : Math.Clamp(100.0 * part / whole, 0, 100)).ToString("0.#", CultureInfo.InvariantCulture);

    private sealed record Memory(MemorySizeSummary Sizes, BalloonInfo? Balloon, string? NoBalloon);
}
