using System.Collections.Immutable;
using System.Text.RegularExpressions;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>The devices whose register accesses are kept: one switch, whose filter names them.</summary>
internal static partial class RegisterTrace
{
    public const string Pattern = "memory_region_ops_*";

    /// <summary>Those of the switch in force, if it has a filter as this class writes it.</summary>
    public static ImmutableArray<string> DevicesOf(ImmutableArray<TraceEventSwitch> inForce) =>
        inForce.FirstOrDefault(one => one is { Enabled: true, Pattern: Pattern })?.Filter is { } filter && Own().IsMatch(filter)
            ? [.. Name().Matches(filter).Select(match => match.Groups["name"].Value)]
            : [];

    /// <summary>That device besides those of before; without it if it was there.</summary>
    /// <returns>Null if no device is left: the switch is to be forgotten.</returns>
    public static TraceEventSwitch? Turned(ImmutableArray<TraceEventSwitch> inForce, string device)
    {
        var before = DevicesOf(inForce);
        var now = before.Contains(device) ? before.Remove(device) : before.Add(device);
        return now switch
        {
            [] => null,
            [var one] => new TraceEventSwitch(Pattern, Enabled: true, TraceKeep.Store, $"device == {TraceFilterText.Quoted(one)}"),
            _ => new TraceEventSwitch(Pattern, Enabled: true, TraceKeep.Store, $"device in ({string.Join(", ", now.Select(TraceFilterText.Quoted))})"),
        };
    }

    /// <summary>QEMU's ids and PCI addresses have neither quotation marks nor backslashes.</summary>
    [GeneratedRegex("""^device (== "[^"\\]*"|in \("[^"\\]*"(, "[^"\\]*")*\))$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Own();

    [GeneratedRegex("\"(?<name>[^\"\\\\]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
