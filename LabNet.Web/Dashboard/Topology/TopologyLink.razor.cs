using System.Globalization;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Topology;

/// <summary>One link, and the pings over it in a few words.</summary>
public sealed partial class TopologyLink
{
    [Parameter, EditorRequired]
    public LinkLine Line { get; set; } = default!;

    /// <summary>Among the lab's links, for its colour.</summary>
    [Parameter, EditorRequired]
    public int Index { get; set; }

    private string? Told => PingSummary.Of(Line.Health.Pings);

    /// <summary>6.6 units are a letter of this size with room for a broad one.</summary>
    private double PillWidth => (Told?.Length ?? 0) * 6.6 + 26;

    private string Sign => Line.Health.Tone switch
    {
        Tone.Good => "✓",
        Tone.Bad => "✕",
        Tone.Warning => "!",
        _ => "·",
    };

    private static string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
