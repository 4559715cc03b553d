namespace LabNet.Core.Traffic;

/// <summary>What a link does to the frames that pass a NIC. What is null stays as it is.</summary>
/// <param name="DelayMs">How much later each frame arrives.</param>
/// <param name="JitterMs">By how much the delay varies, to both sides.</param>
/// <param name="LossPercent">Of the frames, chosen at random.</param>
/// <param name="RateKbit">Kilobits a second, 1,000 bits each.</param>
/// <param name="DuplicatePercent">Of the frames that arrive twice.</param>
/// <param name="ReorderPercent">Of the frames that overtake those before them.</param>
public sealed record Impairment(double? DelayMs, double? JitterMs, double? LossPercent, long? RateKbit, double? DuplicatePercent, double? ReorderPercent);

/// <summary>Which frames, as the VM sees them.</summary>
public enum ImpairDirection
{
    /// <summary>Those that the VM sends and those to it.</summary>
    Both,

    /// <summary>Those to the VM.</summary>
    In,

    /// <summary>Those that the VM sends.</summary>
    Out,
}
