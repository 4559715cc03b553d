using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.TraceEvents;

/// <summary>From a VM's log to segments: parses, keeps what the VM's switches say, and shows it to the tail.</summary>
/// <remarks>Not thread-safe, except for what the tail reads.</remarks>
internal sealed class TraceIntake
{
    private readonly TraceCatalogue _catalogue;
    private readonly TraceSegmentBuilder _stored = new();
    private readonly TraceSegmentBuilder _passing = new();
    private readonly TraceSegmentBuilder _incoming = new();
    private readonly List<TraceSegment> _finished = [];
    private ImmutableArray<TraceEventSwitch> _switches = [];
    private TraceRules _rules;
    private long _filteredOut;
    private long _shown;

    public TraceIntake(VmName vm, TraceCatalogue catalogue)
    {
        _catalogue = catalogue;
        _rules = new TraceRules(_switches, catalogue);
        Reader = new TraceLogReader(catalogue);
        Tail = new TraceTail(vm, _stored, _passing);
    }

    public TraceReader Reader { get; }

    public TraceTail Tail { get; }

    /// <summary>Events that no filter of a switch let through.</summary>
    public long FilteredOut => _filteredOut;

    /// <summary>Segments that grow no more, and have not been taken.</summary>
    public bool HasFinished => _finished.Count > 0;

    /// <summary>The segment that grows has more in it than when it was last taken.</summary>
    public bool HasGrown => _stored.Count > 0 && _stored.LastSequence > _shown;

    /// <summary>Takes effect with the next line.</summary>
    public void Follow(ImmutableArray<TraceEventSwitch> switches)
    {
        if (switches != _switches)
        {
            (_switches, _rules) = (switches, new TraceRules(switches, _catalogue));
        }
    }

    /// <inheritdoc cref="TraceReader.Read"/>
    public int Read(ReadOnlySpan<byte> bytes, long nowNs, bool isEnd)
    {
        lock (Tail.Sync)
        {
            if (_rules.KeepsAll)
            {
                var direct = Reader.Read(bytes, nowNs, isEnd, _stored);
                FinishIfFull(_stored, isStored: true);
                return direct;
            }

            var taken = Reader.Read(bytes, nowNs, isEnd, _incoming);
            var rows = _incoming.Snapshot();
            for (var row = 0; row < rows.Count;)
            {
                row = _rules.Sort(rows, row, _stored, _passing, ref _filteredOut);
                FinishIfFull(_stored, isStored: true);
                FinishIfFull(_passing, isStored: false);
            }

            _incoming.Clear();
            return taken;
        }
    }

    /// <summary>What is to be written: segments that grow no more, and the one that does, as it is now.</summary>
    public (IReadOnlyList<TraceSegment> Finished, TraceSegment? Growing) Take()
    {
        TraceSegment[] finished = [.. _finished];
        _finished.Clear();
        var growing = HasGrown ? _stored.Build() : null;
        _shown = growing?.LastSequence ?? _shown;
        return (finished, growing);
    }

    /// <summary>The segment that grows is done.</summary>
    public void Finish()
    {
        lock (Tail.Sync)
        {
            if (_stored.Count > 0)
            {
                Finish(_stored, isStored: true);
            }
        }
    }

    /// <summary>What was not taken is forgotten: it is read again.</summary>
    /// <param name="nextSequence">Of the next line.</param>
    public void Restart(long nextSequence)
    {
        lock (Tail.Sync)
        {
            _finished.Clear();
            _stored.Clear();
            _passing.Clear();
            _incoming.Clear();
            Reader.NextSequence = nextSequence;
            Reader.Pairing.Reset();
        }
    }

    private void FinishIfFull(TraceSegmentBuilder builder, bool isStored)
    {
        if (builder.IsFull)
        {
            Finish(builder, isStored);
        }
    }

    private void Finish(TraceSegmentBuilder builder, bool isStored)
    {
        var segment = builder.Build();
        builder.Clear();
        Tail.Keep(segment);
        if (isStored)
        {
            _finished.Add(segment);
        }
    }
}
