using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Web.Dashboard.Links;

/// <summary>What the form of impairments has in its fields.</summary>
public sealed class ImpairmentWish
{
    /// <summary>A word of <see cref="FaultKinds"/>.</summary>
    public string Kind { get; set; } = FaultKinds.LinkDown;

    public int DownMs { get; set; } = 500;

    public int UpMs { get; set; } = 1500;

    public IDictionary<ImpairmentPart, double?> Parts { get; } = new Dictionary<ImpairmentPart, double?> { [ImpairmentPart.Delay] = 50 };

    public ImpairDirection Direction { get; set; } = ImpairDirection.Both;

    public double Seconds { get; set; } = 30;

    /// <summary>Longer than the longest that is possible, so that it is told instead of failing.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds(double.IsFinite(Seconds) ? Math.Clamp(Seconds, -1, 1e6) : -1);

    public FaultSpec ToSpec(NicId nic) => Kind switch
    {
        FaultKinds.LinkDown => new LinkDownFault(nic),
        FaultKinds.LinkFlap => new LinkFlapFault(nic, DownMs, UpMs),
        _ => new LinkImpairFault(
            nic,
            new Impairment(Of(ImpairmentPart.Delay), Of(ImpairmentPart.Jitter), Of(ImpairmentPart.Loss), (long?)Of(ImpairmentPart.Rate), Of(ImpairmentPart.Duplicate), Of(ImpairmentPart.Reorder)),
            Direction),
    };

    /// <summary>Null if nothing is wrong.</summary>
    public string? Mistake(NicId nic) => ToSpec(nic) is var spec ? spec.Mistake ?? FaultJson.MistakeOfDuration(spec, Duration) : null;

    /// <summary>What does not work is asked for by nobody, also where it was typed for another NIC.</summary>
    public void Drop(IEnumerable<ImpairmentPart> parts)
    {
        foreach (var part in parts)
        {
            Parts.Remove(part);
        }
    }

    public double? Of(ImpairmentPart part) => Parts.TryGetValue(part, out var value) ? value : null;
}
