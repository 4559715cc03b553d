using LabNet.Core.Feed;
using LabNet.Core.Labs;

namespace LabNet.Core.Traffic;

/// <summary>What became of a packet that must not be fragmented.</summary>
public enum MtuOutcome
{
    /// <summary>It was answered.</summary>
    Fits,

    /// <summary>Nothing came back, and no error.</summary>
    Vanished,

    /// <summary>The guest itself, or somebody on the way, said that it is too big.</summary>
    Refused,
}

/// <summary>
/// Looks for the largest packet that gets through, by halves: first the largest that the guest's own interface takes, which a packet that is too
/// big for everybody makes the guest say.
/// </summary>
/// <remarks>Pure: it says what to try next, and is told what became of it.</remarks>
public sealed class PathMtuSearch
{
    /// <summary>RFC 791: every link has it.</summary>
    public const int BytesMin = 68;

    /// <summary>The largest IPv4 packet.</summary>
    public const int BytesMax = 65_535;

    private int _fits;
    private int _tooBig = BytesMax + 1;

    /// <summary>The size to try, of the whole IP packet; null when it is known.</summary>
    public int? Next { get; private set; } = BytesMax;

    /// <summary>The largest that was answered; null if none was.</summary>
    public int? Fits => _fits == 0 ? null : _fits;

    /// <summary>The smallest that vanished without an error; null if none did.</summary>
    public int? Vanishes { get; private set; }

    /// <summary>The smallest that was refused; null if none was.</summary>
    public int? Refused { get; private set; }

    /// <summary>Whether larger packets vanish without an error, while smaller ones get through.</summary>
    public bool IsBlackHole => Next is null && Fits is { } fits && Vanishes == fits + 1;

    /// <param name="toldMtu">What the refusal named as the largest that fits; null if it named none.</param>
    public void Take(MtuOutcome outcome, int? toldMtu = null)
    {
        var size = Next ?? throw new InvalidOperationException("The search is over.");
        if (outcome == MtuOutcome.Fits)
        {
            _fits = size;
        }
        else
        {
            _tooBig = size;
            Vanishes = outcome == MtuOutcome.Vanished ? size : Vanishes;
            Refused = outcome == MtuOutcome.Refused ? size : Refused;
        }

        // What it names is tried next: it is right, or a lie that costs one packet.
        var isNamed = outcome == MtuOutcome.Refused && toldMtu >= BytesMin && toldMtu > _fits && toldMtu < size;
        if (isNamed)
        {
            (Next, _tooBig, Refused) = (toldMtu, Math.Min(_tooBig, toldMtu!.Value + 1), toldMtu + 1);
            return;
        }

        Next = _fits == 0 && _tooBig <= BytesMin ? null
            : _tooBig - _fits <= 1 ? null
            : Math.Max(BytesMin, (_fits + _tooBig) / 2) is var middle && middle < _tooBig && middle > _fits ? middle
            : null;
    }
}

/// <summary>The largest packet that gets from one VM to another over a link.</summary>
/// <param name="FitsBytes">Of the whole IP packet; null if none was answered.</param>
/// <param name="VanishesBytes">The smallest that vanished without an error; null if none did.</param>
/// <param name="RefusedBytes">The smallest that was refused with an error, as it should be; null if none was.</param>
/// <param name="Problem">Why it could not be measured; null if it was.</param>
public sealed record PathMtuMeasured(
    LinkName Link, VmName From, VmName To, int? FitsBytes, int? VanishesBytes, int? RefusedBytes, string? Problem, DateTimeOffset At) : EventItem
{
    public override string RetainedAs => $"path-mtu/{Link}/{From}/{To}";

    /// <summary>Whether packets vanish that the sender takes for small enough.</summary>
    public bool IsBlackHole => FitsBytes is { } fits && VanishesBytes == fits + 1;

    /// <summary>In a sentence.</summary>
    public string Told => (FitsBytes, Problem) switch
    {
        (_, { } problem) => $"could not be measured: {problem}",
        (null, _) => "nothing gets through, whatever its size.",
        ({ } fits, _) when IsBlackHole => $"a black hole: {fits} bytes fit, {fits + 1} vanish without an error.",
        ({ } fits, _) => $"{fits} bytes fit.",
    };

    /// <summary>A black hole is worth telling; what is as it should be is not.</summary>
    public override EventNote? Note => IsBlackHole ? new EventNote(EventKind.Link, "mtu-black-hole", $"Link {Link}, from {From} to {To}: {Told}") : null;
}
