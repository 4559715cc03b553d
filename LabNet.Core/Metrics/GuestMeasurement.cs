using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

namespace LabNet.Core.Metrics;

/// <summary>What the guest's agent told for one sample.</summary>
/// <param name="At">A timestamp: when it was complete.</param>
internal sealed record GuestMeasurement(long At, GuestVitals Vitals, IReadOnlyList<GuestInterrupt> Interrupts, GuestNetworkInterface[] Interfaces);

/// <summary>
/// Asks a guest beside the sampling, one time after the other: a guest that takes seconds delays nobody but itself.
/// </summary>
internal sealed class GuestReader(VmSession session, TimeProvider time)
{
    private Task<GuestMeasurement>? _underWay;
    private long? _begunAt;

    /// <summary>Why the last reading failed; null if it did not.</summary>
    public string? WhyNot { get; private set; }

    /// <summary>Begins a reading if it is time, and hands out one that is complete; null if there is nothing new.</summary>
    public GuestMeasurement? Take(TimeSpan period, CancellationToken cancellationToken)
    {
        if (_underWay is { IsCompleted: true } done)
        {
            _underWay = null;
            if (done.IsCompletedSuccessfully)
            {
                WhyNot = null;
                return done.Result;
            }

            WhyNot = done.Exception?.InnerException is GuestAgentException e ? e.Message : "The guest's agent did not answer.";
        }

        if (session.State.Agent is not GuestAgentState.Answering)
        {
            WhyNot = "The guest's agent does not answer.";
        }
        else if (_underWay is null && (_begunAt is null || time.GetElapsedTime(_begunAt.Value) >= period))
        {
            _begunAt = time.GetTimestamp();
            _underWay = ReadAsync(period / 2, cancellationToken);
        }

        return null;
    }

    /// <summary>After the token was cancelled: ends when nothing is under way any more.</summary>
    public async Task EndAsync()
    {
        if (_underWay is { } reading)
        {
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<GuestMeasurement> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        var vitals = await session.ReadGuestVitalsAsync(maxAge, cancellationToken);
        var interrupts = await session.ReadGuestInterruptsAsync(maxAge, cancellationToken);
        var interfaces = await session.ReadGuestInterfacesAsync(maxAge, cancellationToken);
        return new GuestMeasurement(time.GetTimestamp(), vitals.Value, interrupts.Value, interfaces.Value);
    }
}
