using System.Globalization;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Core.Faults;

/// <summary>A NIC's cable is out: the guest has no carrier.</summary>
public sealed record LinkDownFault(NicId Nic) : FaultSpec
{
    public override string Kind => FaultKinds.LinkDown;

    public override string Text => $"{Nic} has no carrier";

    public override bool BarsSnapshots => false;

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.Link(Nic)];
}

/// <summary>A NIC's cable is out and in again, and so on; first out.</summary>
public sealed record LinkFlapFault(NicId Nic, int DownMs, int UpMs) : FaultSpec
{
    public override string Kind => FaultKinds.LinkFlap;

    public override string Text => $"{Nic} has no carrier for {DownMs} ms, then {UpMs} ms one";

    public override bool BarsSnapshots => false;

    public override string? Mistake => OutOf("downMs", DownMs, FaultLimits.FlapMsMin, FaultLimits.FlapMsMax) ?? OutOf("upMs", UpMs, FaultLimits.FlapMsMin, FaultLimits.FlapMsMax);

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.Link(Nic)];
}

/// <summary>Frames of a NIC come late, twice, in another order, or not at all.</summary>
/// <param name="Direction">As the VM sees it.</param>
public sealed record LinkImpairFault(NicId Nic, Impairment What, ImpairDirection Direction) : FaultSpec
{
    public override string Kind => FaultKinds.LinkImpair;

    public override string Text
    {
        get
        {
            string?[] parts =
            [
                Part("delay", What.DelayMs, "ms"),
                Part("jitter", What.JitterMs, "ms"),
                Part("loss", What.LossPercent, "%"),
                Part("rate", What.RateKbit, "kbit/s"),
                Part("duplicates", What.DuplicatePercent, "%"),
                Part("out of order", What.ReorderPercent, "%"),
            ];
            var where = Direction switch { ImpairDirection.In => " to the VM", ImpairDirection.Out => " from the VM", _ => "" };
            return $"{Nic}: {string.Join(", ", parts.OfType<string>())}{where}";
        }
    }

    public override bool BarsSnapshots => false;

    public override string? Mistake =>
        OutOf("delayMs", What.DelayMs, 0, FaultLimits.ImpairMsMax) ?? OutOf("jitterMs", What.JitterMs, 0, FaultLimits.ImpairMsMax)
        ?? OutOf("lossPercent", What.LossPercent, 0, 100) ?? OutOf("rateKbit", What.RateKbit, 1, 100_000_000)
        ?? OutOf("duplicatePercent", What.DuplicatePercent, 0, 100) ?? OutOf("reorderPercent", What.ReorderPercent, 0, 100)
        ?? (What == new Impairment(null, null, null, null, null, null) ? "Give one of delayMs, jitterMs, lossPercent, rateKbit, duplicatePercent, reorderPercent at least." : null)
        ?? (What is { JitterMs: not null, DelayMs: null } ? "jitterMs: it varies a delay, so give delayMs too." : null)
        ?? (What.JitterMs > What.DelayMs ? "jitterMs: it is more than delayMs, and no frame arrives before it was sent." : null)
        ?? (What is { ReorderPercent: > 0, DelayMs: null } ? "reorderPercent: a frame overtakes those that are delayed, so give delayMs too." : null);

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.Impair(Nic)];

    private static string? Part(string name, double? value, string unit) =>
        value is { } number ? string.Create(CultureInfo.InvariantCulture, $"{name} {number} {unit}") : null;
}
