using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>The piece of the drawn tree that stands in one row.</summary>
public sealed partial class SnapshotRail
{
    private const double DotY = 20;
    private const double Left = 14;
    private const double PitchMax = 20;
    private const double PitchMin = 5;
    private const double CurveMax = 9;

    /// <summary>What many lanes have to share.</summary>
    private const double WidthMax = 170;
    private const int Colours = 8;

    [Parameter, EditorRequired]
    public SnapshotRow Row { get; set; } = default!;

    /// <summary>How many lanes the whole drawing has.</summary>
    [Parameter, EditorRequired]
    public int Lanes { get; set; }

    /// <summary>Whether the machine is, or may be, at this snapshot.</summary>
    [Parameter]
    public bool IsHead { get; set; }

    /// <summary>Whether nobody knows for certain what the machine came from.</summary>
    [Parameter]
    public bool IsDoubtful { get; set; }

    /// <summary>Whether the machine is there, in the row of the machine as it is now.</summary>
    [Parameter]
    public bool Runs { get; set; }

    private double Pitch => PitchOf(Lanes);

    private string Width => Text(WidthOf(Lanes));

    private string Diamond => string.Create(CultureInfo.InvariantCulture, $"M{At(Row.Lane)} {DotY - 6.5}l6.5 6.5l-6.5 6.5l-6.5 -6.5z");

    internal static double WidthOf(int lanes) => (2 * Left) + (PitchOf(lanes) * (lanes - 1));

    private static double PitchOf(int lanes) => lanes < 2 ? PitchMax : Math.Clamp(WidthMax / (lanes - 1), PitchMin, PitchMax);

    private double At(int lane) => Left + (Pitch * lane);

    private string X(int lane) => Text(At(lane));

    private string Css(int lane) => $"{ColourOf(lane)} {(lane == Row.NowLane && IsDoubtful ? "doubtful" : "")}";

    private static string ColourOf(int lane) => $"lane-{(lane % Colours) + 1}";

    /// <summary>From the row's upper edge down, and at the dot's height over to it.</summary>
    private string Down(int lane)
    {
        var (from, to) = (At(lane), At(Row.Lane));
        if (lane == Row.Lane)
        {
            return string.Create(CultureInfo.InvariantCulture, $"M{from} 0V{DotY}");
        }

        var curve = Math.Min(CurveMax, Pitch);
        return string.Create(CultureInfo.InvariantCulture, $"M{from} 0V{DotY - curve}Q{from} {DotY} {from + (to < from ? -curve : curve)} {DotY}H{to}");
    }

    private static string Text(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
