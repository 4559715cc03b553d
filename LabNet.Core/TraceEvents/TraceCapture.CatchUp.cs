using System.Collections.Concurrent;

namespace LabNet.Core.TraceEvents;

internal sealed partial class TraceCapture
{
    private readonly ConcurrentQueue<TaskCompletionSource> _awaited = new();

    /// <summary>Until everything that QEMU has traced by now is where a query finds it. Never, if the capture does not run.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var caughtUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited.Enqueue(caughtUp);
        await caughtUp.Task.WaitAsync(cancellationToken);
    }

    /// <summary>For those who asked before the log was read to its end; whoever comes later waits for the next turn.</summary>
    private async Task AnswerAsync(int asked, CancellationToken cancellationToken)
    {
        if (asked == 0)
        {
            return;
        }

        if (_written != _position)
        {
            await HandOnAsync(cancellationToken);
        }

        await ring.FlushAsync(cancellationToken);
        for (; asked > 0 && _awaited.TryDequeue(out var one); asked--)
        {
            one.TrySetResult();
        }
    }
}
