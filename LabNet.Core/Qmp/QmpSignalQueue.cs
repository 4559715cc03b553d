using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LabNet.Core.Qmp;

/// <summary>
/// Signals on their way from the read loop to one reader. Events beyond the capacity are counted, and one
/// <see cref="QmpSignal.Gap"/> stands in their place, so that the read loop never waits; changes of the connection are never dropped,
/// but of failed attempts in a row only the newest is kept.
/// </summary>
/// <remarks>One writer at a time, one reader.</remarks>
internal sealed class QmpSignalQueue(int eventsMax)
{
    private readonly Channel<object> _signals = Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly Lock _sync = new();
    private int _queuedEvents;
    private OpenGap? _gap;
    private OpenFailure? _failure;

    public void Post(QmpEvent qmpEvent)
    {
        lock (_sync)
        {
            if (_queuedEvents < eventsMax)
            {
                _queuedEvents++;
                _gap = null;
                _failure = null;
                _signals.Writer.TryWrite(new QmpSignal.Received(qmpEvent));
                return;
            }

            if (_gap is null)
            {
                _gap = new OpenGap();
                _failure = null;
                _signals.Writer.TryWrite(_gap);
            }

            _gap.Events++;
        }
    }

    public void Post(QmpSignal connectionSignal)
    {
        lock (_sync)
        {
            _gap = null;
            if (connectionSignal is not QmpSignal.ConnectFailed failed)
            {
                _failure = null;
                _signals.Writer.TryWrite(connectionSignal);
                return;
            }

            if (_failure is null)
            {
                _failure = new OpenFailure();
                _signals.Writer.TryWrite(_failure);
            }

            _failure.Newest = failed;
        }
    }

    public void Complete() => _signals.Writer.TryComplete();

    public async IAsyncEnumerable<QmpSignal> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in _signals.Reader.ReadAllAsync(cancellationToken))
        {
            yield return Take(item);
        }
    }

    private QmpSignal Take(object item)
    {
        lock (_sync)
        {
            if (item is OpenGap gap)
            {
                _gap = ReferenceEquals(gap, _gap) ? null : _gap;
                return new QmpSignal.Gap(gap.Events);
            }

            if (item is OpenFailure failure)
            {
                _failure = ReferenceEquals(failure, _failure) ? null : _failure;
                return failure.Newest!;
            }

            _queuedEvents -= item is QmpSignal.Received ? 1 : 0;
            return (QmpSignal)item;
        }
    }

    /// <summary>A gap that still grows, because nobody has read it yet.</summary>
    private sealed class OpenGap
    {
        public long Events { get; set; }
    }

    /// <summary>The last of the attempts since somebody read: a QEMU that stays away fails four times a second.</summary>
    private sealed class OpenFailure
    {
        public QmpSignal.ConnectFailed? Newest { get; set; }
    }
}
