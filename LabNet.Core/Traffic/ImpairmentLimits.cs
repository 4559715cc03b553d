namespace LabNet.Core.Traffic;

/// <summary>What can be asked of a link.</summary>
public static class ImpairmentLimits
{
    /// <summary>To the Moon and back is 2,600 ms; longer ones fill the queues and nothing else.</summary>
    public const double DelayMsMax = 10_000;

    /// <summary>Below that no frame of full size comes through in a second.</summary>
    public const long RateKbitMin = 16;
    public const long RateKbitMax = 100_000_000;

    /// <summary>What is wrong with it, in words for the user; null if nothing is.</summary>
    public static string? MistakeOf(Impairment what) =>
        what is { DelayMs: null, JitterMs: null, LossPercent: null, RateKbit: null, DuplicatePercent: null, ReorderPercent: null }
            ? "An impairment is one of delayMs, jitterMs, lossPercent, rateKbit, duplicatePercent and reorderPercent, or several."
            : Outside("delayMs", what.DelayMs, 0, DelayMsMax)
                ?? Outside("jitterMs", what.JitterMs, 0, DelayMsMax)
                ?? Outside("lossPercent", what.LossPercent, 0, 100)
                ?? Outside("rateKbit", what.RateKbit, RateKbitMin, RateKbitMax)
                ?? Outside("duplicatePercent", what.DuplicatePercent, 0, 100)
                ?? Outside("reorderPercent", what.ReorderPercent, 0, 100);

    private static string? Outside(string name, double? value, double min, double max) =>
        value is null || (value >= min && value <= max) ? null : $"{name} is from {min:0} to {max:0}, not {value}.";
}
