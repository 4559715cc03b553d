namespace LabNet.Core.TraceEvents;

/// <summary>How a thread's stamps begin during a second. Most lines begin as the one before, and are not read again up to there.</summary>
internal struct StampSecond
{
    private const int BytesMax = 48;

    private readonly byte[] _beginning = new byte[BytesMax];

    public StampSecond()
    {
    }

    public int Length { get; private set; }

    public long TimeNs { get; private set; }

    public TraceThread Thread { get; private set; }

    /// <summary>Never after <see cref="Forget"/>.</summary>
    public readonly bool IsOf(ReadOnlySpan<byte> line) => Length > 0 && line.StartsWith(_beginning.AsSpan(0, Length));

    /// <param name="beginning">Up to the point, and with it: two numbers of at most 18 digits.</param>
    public void Set(ReadOnlySpan<byte> beginning, long timeNs, TraceThread thread)
    {
        beginning.CopyTo(_beginning);
        (Length, TimeNs, Thread) = (beginning.Length, timeNs, thread);
    }

    public void Forget() => Length = 0;
}
