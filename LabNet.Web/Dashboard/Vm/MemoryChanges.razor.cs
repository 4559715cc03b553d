using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What is at another address than it was.</summary>
public sealed partial class MemoryChanges
{
    private const int LinesMax = 40;

    private IReadOnlyList<string> _lines = [];
    private (PciAddressMap?, PciAddressMap?) _compared;

    /// <summary>Null if nothing was read yet.</summary>
    [Parameter, EditorRequired]
    public PciAddressMap? Before { get; set; }

    [Parameter, EditorRequired]
    public PciAddressMap? Now { get; set; }

    /// <summary>When <see cref="Before"/> was read.</summary>
    [Parameter]
    public DateTimeOffset? Since { get; set; }

    [Parameter]
    public EventCallback OnBeginAnew { get; set; }

    protected override void OnParametersSet()
    {
        if (_compared != (Before, Now))
        {
            _compared = (Before, Now);
            _lines = Before is null || Now is null ? [] : [.. Of(Before, Now)];
        }
    }

    /// <summary>BARs first. Their ranges move with them and are not told again.</summary>
    internal static IEnumerable<string> Of(PciAddressMap before, PciAddressMap now) =>
        PciAddressMap.Between(before, now).Select(Words).Concat(
            from change in MemoryMapDifference.Between(before.Map, now.Map)
            where (change.To is null ? before : now).BarOf(change.Space, change.Range) is null
            select Words(change));

    private static string Words(PciBarChange change) => change switch
    {
        { Before: null, Now: { } now } => $"{now.Words} was given {Place(now.Space, now.Start)}.",
        { Before: { } before, Now: null } => $"{before.Words} has lost its address {Place(before.Space, before.Start)}.",
        { Before: { } before, Now: { } now } => $"{now.Words} moved from {MemoryAddress.ShortText(before.Start)} to {Place(now.Space, now.Start)}.",
        _ => "",
    };

    private static string Words(MemoryChange change)
    {
        var what = $"{change.Range.Name}{(change.Range.Owner is { } owner ? $" of {owner}" : "")}";
        return change switch
        {
            { From: null, To: { } to } => $"{what} came at {Place(change.Space, to)}.",
            { From: { } from, To: null } => $"{what} went from {Place(change.Space, from)}.",
            _ => $"{what} moved from {MemoryAddress.ShortText(change.From!.Value)} to {Place(change.Space, change.To!.Value)}.",
        };
    }

    private static string Place(AddressSpace space, ulong address) => $"{MemoryAddress.ShortText(address)}{(space == AddressSpace.Io ? " (I/O)" : "")}";
}
