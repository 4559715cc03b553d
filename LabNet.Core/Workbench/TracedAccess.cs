using LabNet.Core.TraceEvents;

namespace LabNet.Core.Workbench;

/// <summary>An access to a register of a custom PCI device, as the device itself traced it (pci-device/src/trace-events).</summary>
/// <param name="Offset">From the BAR's beginning.</param>
/// <param name="SizeBytes">1 to 8.</param>
/// <param name="Value">Its lowest byte is the one at the offset.</param>
/// <param name="TimeNs">UTC nanoseconds since 1970.</param>
public sealed record TracedAccess(int Bar, long Offset, int SizeBytes, ulong Value, bool IsWrite, long TimeNs)
{
    /// <summary>Everything that a custom PCI device traces.</summary>
    public const string Events = "labnet_*";

    /// <summary>Told by a device that goes back to how it was when it was plugged in.</summary>
    public const string ResetEvent = "labnet_reset";

    private const string ReadEvent = "labnet_reg_read", WriteEvent = "labnet_reg_write";
    private const string RegionPrefix = "BAR";
    private const int SizeBytesMax = 8;

    /// <summary>The filter of docs/trace-filter.md for what one device traces.</summary>
    /// <param name="device">Its qdev id, which has no quotation mark.</param>
    public static string FilterOf(string device) => $"event ~ {Events} and device == \"{device}\"";

    /// <returns>Null of an event that is none.</returns>
    public static TracedAccess? Of(TraceEvent one)
    {
        if (one.Type.Name is not (ReadEvent or WriteEvent)
            || ValueOf(one, "region")?.Text is not { } region || !region.StartsWith(RegionPrefix, StringComparison.Ordinal) || !int.TryParse(region.AsSpan(RegionPrefix.Length), out var bar)
            || ValueOf(one, "offset") is not { } offset || ValueOf(one, "size") is not { Bits: > 0 and <= SizeBytesMax } size || ValueOf(one, "value") is not { } value)
        {
            return null;
        }

        return new TracedAccess(bar, offset.Bits, (int)size.Bits, unchecked((ulong)value.Bits), one.Type.Name == WriteEvent, one.TimeNs);
    }

    private static TraceValue? ValueOf(TraceEvent one, string argument)
    {
        for (var place = 0; place < one.Type.Arguments.Length; place++)
        {
            if (one.Type.Arguments[place].Name == argument)
            {
                return one.Values[place];
            }
        }

        return null;
    }
}
