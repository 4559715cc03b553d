namespace LabNet.Core.Metrics;

/// <summary>How the measuring itself does.</summary>
/// <param name="Samples">Since the start, of all VMs.</param>
/// <param name="SkippedTurns">That were over before they could begin.</param>
/// <param name="LatenessP50Ms">How long after its turn a sample began, of the newest ones.</param>
/// <param name="SampleP50Ms">How long one took, waiting for QEMU included.</param>
public sealed record PumpHealth(
    long Samples, long SkippedTurns, double LatenessP50Ms, double LatenessP99Ms, double LatenessMaxMs, double SampleP50Ms, double SampleP99Ms);

/// <summary>Counts what the samplers do.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class PumpMeter
{
    /// <summary>The last 40 s of 100 VMs.</summary>
    private const int Remembered = 4096;

    private readonly Lock _sync = new();
    private readonly double[] _latenessMs = new double[Remembered];
    private readonly double[] _sampleMs = new double[Remembered];
    private long _samples;
    private long _skipped;

    public void Sampled(TimeSpan lateness, TimeSpan took)
    {
        lock (_sync)
        {
            _latenessMs[_samples % Remembered] = Math.Max(0, lateness.TotalMilliseconds);
            _sampleMs[_samples % Remembered] = took.TotalMilliseconds;
            _samples++;
        }
    }

    public void Skipped(long turns)
    {
        lock (_sync)
        {
            _skipped += turns;
        }
    }

    public PumpHealth Read()
    {
        lock (_sync)
        {
            var known = (int)Math.Min(_samples, Remembered);
            double[] lateness = [.. _latenessMs.Take(known).Order()];
            double[] took = [.. _sampleMs.Take(known).Order()];
            return new PumpHealth(_samples, _skipped, At(lateness, 0.5), At(lateness, 0.99), At(lateness, 1), At(took, 0.5), At(took, 0.99));
        }
    }

    private static double At(double[] sorted, double quantile) => sorted.Length == 0 ? 0 : sorted[(int)Math.Round((sorted.Length - 1) * quantile)];
}
