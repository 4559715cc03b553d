using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.Traffic;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Links;

/// <summary>The packets of a traffic run: when each was sent, and how long it took.</summary>
public sealed partial class LatencyPlot
{
    private const int Width = 1000;
    private const int Height = 140;
    private const int Margin = 10;

    private double _top;
    private double _lasted;
    private int _twice;

    [Parameter, EditorRequired]
    public ImmutableArray<TrafficPacket> Packets { get; set; } = [];

    private string Told => $"Latencies of {Packets.Length} packets, {Packets.Count(packet => packet.LatencyMs is null)} of them lost; the slowest took {Packets.Max(packet => packet.LatencyMs) ?? 0:0.##} ms.";

    protected override void OnParametersSet()
    {
        _top = Rounded(Packets.Max(packet => packet.LatencyMs) ?? 1);
        _lasted = Math.Max(1, Packets.Max(packet => packet.SentMs));
        _twice = Packets.Count(packet => packet.Times > 1);
    }

    private double X(TrafficPacket packet) => Margin + packet.SentMs / _lasted * (Width - 2 * Margin);

    /// <summary>Clocks that were compared wrongly by a little make latencies below zero: they stand on the line.</summary>
    private double Y(double ms) => Height - Margin - Math.Clamp(ms / _top, 0, 1) * (Height - 2 * Margin);

    /// <summary>Of no length: its round ends make it a dot, which keeps its shape however broad the plot is drawn.</summary>
    private static string Dot(double x, double y) => $"M{N(x)} {N(y)}h0";

    /// <summary>Up to 1, 2 or 5 times a power of ten.</summary>
    private static double Rounded(double ms)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(0.01, ms))));
        double[] steps = [1, 2, 5, 10];
        return power * Array.Find(steps, step => step * power >= ms);
    }

    private static string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
