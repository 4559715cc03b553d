using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LabNet.Core.Vms;

/// <summary>A block of the host's memory that a VM's RAM or ROM is made of.</summary>
/// <param name="Name">That of the region (<c>pc.ram</c>), with the place of its device before it where it has one (<c>0000:00:04.0/vga.vram</c>).</param>
/// <param name="PageSize">As QEMU writes it, such as <c>4 KiB</c>; larger with huge pages.</param>
/// <param name="UsedBytes">What the guest can have of it now.</param>
/// <param name="MaxBytes">How far it may grow.</param>
/// <param name="ReadOnly">Null from a QEMU before 8.1, which does not tell.</param>
public sealed record RamBlock(string Name, string PageSize, ulong UsedBytes, ulong MaxBytes, bool? ReadOnly);

/// <param name="Unparsed">Lines that are not as the grammar says, in their order.</param>
public sealed partial record RamBlockList(ImmutableArray<RamBlock> Blocks, ImmutableArray<string> Unparsed)
{
    /// <summary>Reads QEMU's <c>x-query-ramblock</c>: ram_block_format() in softmmu/physmem.c (7.2), system/physmem.c (since 8.2).</summary>
    /// <remarks>
    /// A line of titles, then one for each block: <c>NAME PAGE-SIZE OFFSET USED TOTAL</c>, and since 8.1 behind these the host's address and
    /// <c>ro</c> or <c>rw</c>. The name is aligned to the right and may have spaces.
    /// </remarks>
    public static RamBlockList Parse(string text)
    {
        var lines = text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Trim().Length > 0).ToList();
        var read = lines.Where(line => !IsTitle(line)).Select(line => (Line: line, Match: Block().Match(line))).ToList();
        return new RamBlockList(
            [.. read.Where(one => one.Match.Success).Select(one => Of(one.Match))],
            [.. read.Where(one => !one.Match.Success).Select(one => one.Line)]);
    }

    private static bool IsTitle(string line) => line.TrimStart().StartsWith("Block Name  ", StringComparison.Ordinal);

    private static RamBlock Of(Match match) => new(
        match.Groups["name"].Value,
        match.Groups["page"].Value,
        Bytes(match.Groups["used"]),
        Bytes(match.Groups["max"]),
        match.Groups["access"] is { Success: true, Value: var access } ? access == "ro" : null);

    private static ulong Bytes(Group digits) => ulong.Parse(digits.Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        "^ *(?<name>[^ ].*?) +(?<page>[0-9.]+ [KMGTPE]?i?B) +0x[0-9a-f]{1,16} +0x(?<used>[0-9a-f]{1,16}) +0x(?<max>[0-9a-f]{1,16})( +0x[0-9a-f]{1,16} +(?<access>ro|rw))?$",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Block();
}
