using LabNet.Core.GuestAgent;

namespace LabNet.Core.Vms;

/// <param name="At">When it was complete.</param>
public sealed record GuestReading<T>(T Value, DateTimeOffset At);

/// <summary>
/// One thing to read in a guest, shared by all who ask: an answer that is young enough is given again, and those who ask while one is on
/// its way wait for it. Errors are told to those who waited and not kept.
/// </summary>
/// <remarks>Thread-safe. A caller that stops waiting leaves the reading to the others; it ends with the session.</remarks>
/// <param name="atMost">How long one reading may take.</param>
internal sealed class SharedReading<T>(TimeProvider time, TimeSpan atMost, CancellationToken stopping) where T : class
{
    private readonly Lock _sync = new();
    private Task<GuestReading<T>>? _underWay;
    private Task _abandoned = Task.CompletedTask;
    private GuestReading<T>? _last;
    private long _lastAt;
    private object? _lastOf;

    /// <param name="of">What it is read from: of another one nothing is given again. Compared by reference.</param>
    /// <param name="read">Gets the last reading of the same one, if there is one.</param>
    public Task<GuestReading<T>> ReadAsync(
        object? of, TimeSpan maxAge, Func<GuestReading<T>?, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            if (!ReferenceEquals(_lastOf, of))
            {
                _abandoned = Task.WhenAll(_abandoned, _underWay ?? Task.CompletedTask);
                (_last, _lastOf, _underWay) = (null, of, null);
            }

            if (_last is { } last && time.GetElapsedTime(_lastAt) < maxAge)
            {
                return Task.FromResult(last);
            }

            if (_underWay is null or { IsCompleted: true })
            {
                _underWay = Task.Run(() => BeginAsync(of, _last, read), CancellationToken.None);
            }

            return _underWay.WaitAsync(cancellationToken);
        }
    }

    /// <summary>After the session's token: ends when nothing is under way any more.</summary>
    public async Task EndAsync() => await Task.WhenAll(_abandoned, _underWay ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task<GuestReading<T>> BeginAsync(object? of, GuestReading<T>? before, Func<GuestReading<T>?, CancellationToken, Task<T>> read)
    {
        using var timeout = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        try
        {
            var reading = new GuestReading<T>(await read(before, either.Token), time.GetUtcNow());
            lock (_sync)
            {
                if (ReferenceEquals(_lastOf, of))
                {
                    (_last, _lastAt) = (reading, time.GetTimestamp());
                }
            }

            return reading;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            throw new GuestAgentTimeoutException($"The guest has not told what was asked within {atMost.TotalSeconds:0} s. A very busy guest is like that.");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new GuestAgentUnavailableException("LabNet has closed its connection to the guest agent.");
        }
    }
}
