using LabNet.Core.Devices;
using LabNet.Core.Labs;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>Asks what to plug in; the answer is a <see cref="PlugRequest"/>.</summary>
public sealed partial class PlugDialog
{
    private const string Empty = "empty";
    private const string FromImage = "image:";
    private const string Again = "again:";
    private const long MebibytesAtFirst = 256;

    private PlugKind _kind = PlugKind.VirtioBlk;
    private string _id = "";
    private string _source = Empty;
    private string _link = "";
    private long _mebibytes = MebibytesAtFirst;

    [Inject]
    private DialogService Dialogs { get; set; } = default!;

    [Parameter, EditorRequired]
    public PlugStock Stock { get; set; } = default!;

    /// <summary>What the fields say, right or wrong.</summary>
    private PlugRequest Request => new(
        _kind,
        _id.Trim(),
        _kind.IsDisk() && _source == Empty ? _mebibytes * LabLimits.MiB : null,
        _kind.IsDisk() && _source.StartsWith(FromImage, StringComparison.Ordinal) ? _source[FromImage.Length..] : null,
        !_kind.IsDisk() && LinkName.TryParse(_link, out var link) ? link : null);

    protected override void OnInitialized()
    {
        _link = Stock.Links is [var first, ..] ? first : "";
        ProposeId();
    }

    private void ProposeId()
    {
        var letter = _kind.IsDisk() ? 'd' : 'n';
        _id = Enumerable.Range(1, int.MaxValue).Select(number => $"{letter}{number}").First(id => !Stock.TakenIds.Contains(id) && !Stock.Unplugged.Contains(id));
    }

    private void Submit()
    {
        var request = _source.StartsWith(Again, StringComparison.Ordinal) && _kind.IsDisk() ? Request with { Id = _source[Again.Length..] } : Request;
        if (request.Mistake is null)
        {
            Dialogs.Close(request);
        }
    }
}

/// <summary>What there is to choose from.</summary>
/// <param name="Links">The links that a NIC can be on.</param>
/// <param name="Images">The files in LabNet's folder of images.</param>
/// <param name="Unplugged">The ids of disks that were unplugged and kept.</param>
public sealed record PlugStock(IReadOnlyCollection<string> TakenIds, IReadOnlyList<string> Links, IReadOnlyList<string> Images, IReadOnlyList<string> Unplugged);
