using System.Collections.Immutable;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What a range is, as far as its colour and the legend tell.</summary>
public enum MemoryLook
{
    Ram,
    Rom,
    Bar,
    Io,
}

/// <summary>A range with the BAR that opened it.</summary>
public sealed record MemoryRow(MemoryRange Range, PciBar? Bar)
{
    public MemoryLook Look => Bar is not null ? MemoryLook.Bar
        : Range.Kind.EndsWith("i/o", StringComparison.Ordinal) ? MemoryLook.Io
        : Range.Kind.Contains("rom", StringComparison.Ordinal) ? MemoryLook.Rom
        : MemoryLook.Ram;

    public string Css => Look.Css();

    public string Start => MemoryAddress.ShortText(Range.Start);

    public string End => MemoryAddress.ShortText(Range.End);

    public string Size => SizeOf(Range.SizeBytes);

    /// <summary>One line that says it all.</summary>
    public string Title => $"{Range.Name}, {Range.Kind}, {Start} to {End}, {Size}{(Bar is { } bar ? $", {bar.Words}" : Range.Owner is { } owner ? $", of {owner}" : "")}";

    public static ImmutableArray<MemoryRow> Of(PciAddressMap map, AddressSpace space, int rowsMax) =>
        [.. map.Map[space].Ranges.Take(rowsMax).Select(range => new MemoryRow(range, map.BarOf(space, range)))];

    public static string SizeOf(UInt128 bytes) => Figures.Bytes((long)UInt128.Min(bytes, long.MaxValue));
}

internal static class MemoryLooks
{
    public static string Css(this MemoryLook look) => look.ToString().ToLowerInvariant();

    public static string Title(this MemoryLook look) => look switch
    {
        MemoryLook.Ram => "RAM",
        MemoryLook.Rom => "ROM and flash",
        MemoryLook.Bar => "BARs of PCI devices",
        _ => "Other devices and windows",
    };
}
