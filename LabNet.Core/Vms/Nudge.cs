namespace LabNet.Core.Vms;

/// <summary>Wakes a loop before its time. Nudges that come while nobody waits count as one.</summary>
internal sealed class Nudge : IDisposable
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

    public void Give()
    {
        lock (_semaphore)
        {
            if (_semaphore.CurrentCount == 0)
            {
                _semaphore.Release();
            }
        }
    }

    /// <returns>True if nudged, false if the time was up.</returns>
    public Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _semaphore.WaitAsync(atMost, cancellationToken);

    public void Dispose() => _semaphore.Dispose();
}
