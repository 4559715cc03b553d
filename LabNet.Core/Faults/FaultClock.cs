namespace LabNet.Core.Faults;

/// <summary>Waiting for a moment by the wall clock. Each wait is for what is left until then, so that lateness does not add up.</summary>
internal static class FaultClock
{
    /// <summary>The longest that a timer takes.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <exception cref="OperationCanceledException"/>
    public static async Task UntilAsync(DateTimeOffset moment, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (moment - time.GetUtcNow() is { Ticks: > 0 } left)
        {
            await Task.Delay(left < Longest ? left : Longest, time, cancellationToken);
        }
    }
}
