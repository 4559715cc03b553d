using System.Collections.Immutable;
using System.Globalization;

namespace LabNet.Core.Recovery;

/// <summary>
/// Keeps a VM that crashes again and again from being brought back for ever: each recovery is counted and waits longer than the one before, and
/// when the budget is used up the breaker opens until a person closes it. Immutable.
/// </summary>
/// <param name="Attempts">When the VM was brought back, or that was tried; those that the budget's window still holds.</param>
/// <param name="OpenSince">Null while it is closed.</param>
/// <param name="WhyOpen">In words; null while it is closed.</param>
public sealed record RecoveryBreaker(ImmutableArray<DateTimeOffset> Attempts, DateTimeOffset? OpenSince = null, string? WhyOpen = null)
{
    private static readonly TimeSpan BackoffMax = TimeSpan.FromMinutes(1);

    public static RecoveryBreaker Closed { get; } = new([]);

    public bool IsOpen => OpenSince is not null;

    /// <summary>Asks for one more recovery.</summary>
    /// <returns>The breaker afterwards, and how long to wait first; null where there is to be none.</returns>
    public (RecoveryBreaker Next, TimeSpan? Wait) Ask(RecoveryPolicy policy, DateTimeOffset now)
    {
        if (IsOpen)
        {
            return (this, null);
        }

        // A clock that was set back must not keep an attempt for ever.
        var counted = Attempts.Where(at => at <= now && now - at < TimeSpan.FromSeconds(policy.BudgetSeconds)).ToImmutableArray();
        return counted.Length < policy.BudgetTimes
            ? (new RecoveryBreaker(counted.Add(now)), BackoffAfter(counted.Length))
            : (new RecoveryBreaker(counted, now, string.Create(
                CultureInfo.InvariantCulture, $"It was brought back {counted.Length} times within {policy.BudgetSeconds} s, and that is its budget.")), null);
    }

    /// <summary>0 before the first, then 1 s, doubled each time, a minute at most.</summary>
    internal static TimeSpan BackoffAfter(int attempts) => attempts == 0
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Math.Min(BackoffMax.TotalSeconds, Math.Pow(2, attempts - 1)));
}
