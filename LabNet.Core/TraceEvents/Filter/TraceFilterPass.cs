namespace LabNet.Core.TraceEvents;

/// <summary>One filter's way through a segment, event by event.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceFilterPass(TraceRows rows)
{
    private readonly Dictionary<TraceTextMatch, TraceTextVerdicts> _verdicts = [];

    public TraceRows Rows { get; } = rows;

    /// <summary>The event's, in the rows' types.</summary>
    public int Place { get; private set; }

    public TraceEventType Type => Rows.Types[Place];

    public TraceFilterFacts Facts => new(Type.Name, Type);

    /// <summary>Goes on with another event.</summary>
    public void Turn(int place) => Place = place;

    /// <summary>Events of a segment share their texts, and so the verdicts about them.</summary>
    public TraceTextVerdicts VerdictsOf(TraceTextMatch match)
    {
        if (!_verdicts.TryGetValue(match, out var verdicts))
        {
            _verdicts[match] = verdicts = new TraceTextVerdicts(match, Rows);
        }

        return verdicts;
    }
}

/// <summary>Which of a segment's texts match; each is read once.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceTextVerdicts(TraceTextMatch match, TraceRows rows)
{
    private const byte Unread = 0;
    private const byte Fits = 1;
    private const byte Fails = 2;

    private byte[] _verdicts = [];

    /// <summary>How many texts were read.</summary>
    public int Read { get; private set; }

    /// <param name="text">What <see cref="TraceRows.TextOf"/> takes.</param>
    public bool Of(long text)
    {
        if ((ulong)text >= (ulong)_verdicts.Length || _verdicts[text] == Unread)
        {
            Learn(text);
        }

        return _verdicts[text] == Fits;
    }

    private void Learn(long text)
    {
        // Refuses a number that the segment does not have: only then it is safe to make room for it.
        var verdict = match.Fits(rows.TextOf(text)) ? Fits : Fails;
        if (text >= _verdicts.Length)
        {
            Array.Resize(ref _verdicts, Math.Max((int)text + 1, _verdicts.Length * 2));
        }

        _verdicts[text] = verdict;
        Read++;
    }
}
