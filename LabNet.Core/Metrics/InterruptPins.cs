using System.Globalization;

namespace LabNet.Core.Metrics;

/// <summary>
/// QEMU's <c>x-query-irq</c> (hmp_info_irq of 7.2 to 10.0; for people, so it may change):
/// <code>
/// text  = { "IRQ statistics for " CONTROLLER ":" LF { BLANKS PIN ": " COUNT LF } | OTHER LF }
/// </code>
/// </summary>
internal static class InterruptPins
{
    private const string Head = "IRQ statistics for ";
    private const int PinsMax = 256;

    public static IEnumerable<(string Pin, long Count)> Parse(string text)
    {
        var controller = "";
        var pins = 0;
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(Head, StringComparison.Ordinal))
            {
                controller = line[Head.Length..].TrimEnd(':');
            }
            else if (line.Split(": ") is [var pin, var text1]
                && long.TryParse(text1, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && pins++ < PinsMax)
            {
                yield return ($"{controller} {pin}", count);
            }
        }
    }
}
