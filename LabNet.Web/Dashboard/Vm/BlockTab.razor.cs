using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>A VM's drives, and the block nodes below them.</summary>
public sealed partial class BlockTab
{
    private static readonly QemuQuestion[] DriveQuestions = [new("query-block"), new("query-blockstats")];
    private static readonly QemuQuestion[] NodeQuestions = [new("query-named-block-nodes")];

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    private async Task<GuestReading<Drives>> ReadDrivesAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        var blocks = await Session.ReadAsync(BlockCommands.QueryBlock, cancellationToken);
        return new(new Drives(blocks, await Session.ReadAsync(BlockCommands.QueryBlockstats, cancellationToken)), Time.GetUtcNow());
    }

    private Task<GuestReading<NamedBlockNode[]>> ReadNodesAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        VmAsking.NowAsync(Time, Session.ReadAsync(BlockCommands.QueryNamedBlockNodes, cancellationToken).AsTask());

    /// <summary>The device's id out of its path, <c>/machine/peripheral/vda/virtio-backend</c>.</summary>
    private static string Name(BlockInfo block)
    {
        const string Named = "/machine/peripheral/";
        return block.Qdev?.StartsWith(Named, StringComparison.Ordinal) is true ? block.Qdev[Named.Length..].Split('/')[0]
            : block.Device.Length > 0 ? block.Device
            : block.Qdev ?? "without a device";
    }

    private static string Throttle(BlockDeviceInfo medium)
    {
        (string Word, long Limit)[] limits =
        [
            ("reads and writes", medium.Bps), ("reads", medium.BpsRd), ("writes", medium.BpsWr),
        ];
        (string Word, long Limit)[] requests = [("requests", medium.Iops), ("reads", medium.IopsRd), ("writes", medium.IopsWr)];
        var told = limits.Where(l => l.Limit > 0).Select(l => $"{l.Word} {Figures.Bytes(l.Limit)}/s")
            .Concat(requests.Where(l => l.Limit > 0).Select(l => $"{Figures.Count(l.Limit)} {l.Word}/s"));
        var all = string.Join(", ", told);
        return all.Length == 0 ? "none" : all;
    }

    private static string Cache(BlockCacheInfo cache)
    {
        var kind = (cache.Direct, cache.Writeback) switch
        {
            (true, true) => "none",
            (true, false) => "directsync",
            (false, true) => "writeback",
            (false, false) => "writethrough",
        };
        return cache.NoFlush ? $"{kind}, flushes ignored" : kind;
    }

    private sealed record Drives(BlockInfo[] Blocks, BlockStats[] Stats);
}
