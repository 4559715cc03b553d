namespace LabNet.Core.TraceEvents;

/// <summary>
/// Reads one of the forms in which QEMU writes trace events into a file, and adds what the file does not say: an event's number, its thread's
/// vCPU, the register that was accessed, and how long the request took that it ends.
/// </summary>
/// <remarks>
/// <see cref="TraceLogReader"/> reads what every build can write. Another backend's form (simple, in builds of one's own) is another class
/// beside it. Not thread-safe.
/// </remarks>
internal abstract class TraceReader
{
    /// <summary>QEMU's own events have at most 18.</summary>
    public const int ArgumentsMax = 64;

    private readonly Dictionary<int, TraceThread> _threads = [];
    private IReadOnlyDictionary<int, int> _vcpus = new Dictionary<int, int>();

    /// <summary>The requests that are under way.</summary>
    public TracePairing Pairing { get; } = new();

    /// <summary>What names the registers that are accessed, from now on.</summary>
    public TraceRegisters Registers { get; set; } = TraceRegisters.OfNothing();

    /// <summary>Accesses to registers that were read.</summary>
    public long RegisterAccesses { get; private set; }

    /// <summary>What is kept but is no event.</summary>
    public long Unparsed { get; private set; }

    /// <summary>The number of the next event.</summary>
    public long NextSequence { get; set; } = 1;

    /// <summary>Events that were read.</summary>
    public long Events { get; private set; }

    /// <summary>Which of QEMU's threads are vCPUs: from now on.</summary>
    /// <param name="vcpus">A vCPU's number by its thread's id.</param>
    public virtual void SetVcpus(IReadOnlyDictionary<int, int> vcpus)
    {
        _vcpus = vcpus;
        _threads.Clear();
    }

    /// <summary>Reads whole events until the builder is full.</summary>
    /// <param name="nowNs">For events without a time, UTC nanoseconds since 1970.</param>
    /// <param name="isEnd">Nothing follows: what is not whole is torn.</param>
    /// <returns>How many bytes were read; the rest is to be given again, with what comes behind it.</returns>
    public abstract int Read(ReadOnlySpan<byte> bytes, long nowNs, bool isEnd, TraceSegmentBuilder to);

    /// <param name="values">The event's own arguments, and room for those that are added.</param>
    protected void Take(long timeNs, TraceThread thread, TraceEventFormat format, long[] values, TraceSegmentBuilder to)
    {
        Events++;
        var arguments = values.AsSpan(0, format.Type.Arguments.Length);
        if (format.NamesRegister)
        {
            RegisterAccesses++;
            format.NameRegister(Registers, arguments, to.Texts);
        }

        to.Add(NextSequence++, timeNs, thread, format.Type, arguments, format.PairRole is { } role ? Pairing.Take(role, timeNs, arguments, to.Texts) : null);
    }

    protected void Keep(ReadOnlySpan<byte> bytes, long timeNs, TraceThread thread, TraceSegmentBuilder to)
    {
        Unparsed++;
        to.Add(NextSequence++, timeNs, thread, TraceEventType.Unparsed, [to.Texts.NumberOf(bytes)], latencyNs: null);
    }

    protected TraceThread ThreadOf(int id)
    {
        if (!_threads.TryGetValue(id, out var thread))
        {
            thread = new TraceThread(id, _vcpus.TryGetValue(id, out var vcpu) ? vcpu : null);
            _threads[id] = thread;
        }

        return thread;
    }
}
