using System.Globalization;
using LabNet.Core.Traffic;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web.Virtualization;

namespace LabNet.Web.Dashboard.Links;

/// <summary>A capture's packets in a line each; what is seen of them is read when it is seen.</summary>
public sealed partial class PacketList
{
    private Virtualize<PacketLine>? _rows;
    private bool _byTshark;
    private string? _problem;
    private (string Id, long Packets) _read;

    [Inject]
    private CaptureRegistry Registry { get; set; } = default!;

    [Parameter, EditorRequired]
    public Capture Capture { get; set; } = default!;

    [Parameter, EditorRequired]
    public string CloseAddress { get; set; } = "";

    protected override async Task OnParametersSetAsync()
    {
        if (_read != (Capture.Id, Capture.Packets))
        {
            _problem = _read.Id == Capture.Id ? _problem : null;
            _read = (Capture.Id, Capture.Packets);
            await ReadAnewAsync();
        }
    }

    private async Task ReadAnewAsync()
    {
        if (_rows is not null)
        {
            await _rows.RefreshDataAsync();
        }
    }

    private async ValueTask<ItemsProviderResult<PacketLine>> ReadAsync(ItemsProviderRequest request)
    {
        var capture = Capture;
        try
        {
            var packets = await Task.Run(() => Read(capture, request), request.CancellationToken);
            var (lines, _) = await PacketLines.OfAsync(packets, _byTshark, request.CancellationToken);
            return new ItemsProviderResult<PacketLine>(lines, (int)Math.Min(int.MaxValue, capture.Packets));
        }
        catch (IOException e)
        {
            _problem = $"Its packets cannot be read: {e.Message}";
            await InvokeAsync(StateHasChanged);
            return new ItemsProviderResult<PacketLine>([], 0);
        }
    }

    private IReadOnlyList<CapturedPacket> Read(Capture capture, ItemsProviderRequest request)
    {
        using var packets = Registry.OpenPackets(capture);
        return packets.Read(request.StartIndex + 1, request.Count, CaptureFilter.All, request.CancellationToken);
    }

    private static string Micros(long timeNs) => (timeNs / 1000 % 1_000_000).ToString("000000", CultureInfo.InvariantCulture);
}
