using System.Globalization;
using LabNet.Core.TraceEvents;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>What tracing takes from the guest, as far as the rate tells it.</summary>
public sealed partial class TraceCost
{
    /// <summary>An event is one write() of QEMU's; measured with QEMU 7.2, from an idle to a busy host.</summary>
    private const double LeastUs = 2, MostUs = 10;

    private const double UsPerSecond = 1e6;

    [Parameter, EditorRequired]
    public double RatePerSecond { get; set; }

    /// <summary>Null before anything was told.</summary>
    [Parameter, EditorRequired]
    public TraceEventsSeen? Seen { get; set; }

    [Parameter, EditorRequired]
    public bool IsOn { get; set; }

    private string Words => !IsOn ? "nothing: no event is on."
        : RatePerSecond * MostUs / UsPerSecond < 0.001 ? "next to nothing at the moment."
        : $"{Percent(LeastUs)} to {Percent(MostUs)} of one host CPU's time.";

    private string Basis => !IsOn ? ""
        : "Each event is one write() by the thread that traces, 2 to 10 µs where it was measured, and the vCPU or the main loop waits for it. Reckoned from the rate: the guest itself is not asked.";

    /// <summary>QEMU does not count what it drops.</summary>
    private static string Lost(int timesFull) => timesFull switch
    {
        0 => "None was lost.",
        1 => "Some more were lost, once; the timeline shows when.",
        _ => $"Some more were lost, {Figures.Count(timesFull)} times; the timeline shows when.",
    };

    private string Percent(double us) => RatePerSecond * us / UsPerSecond * 100 is var percent && percent >= 9.95
        ? $"{percent.ToString("0", CultureInfo.InvariantCulture)} %"
        : $"{percent.ToString("0.0", CultureInfo.InvariantCulture)} %";
}
