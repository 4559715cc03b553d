using LabNet.Core.Feed;

namespace LabNet.Tests.Storage;

/// <summary>
/// What a <see cref="RingLoad"/> publishes, and when by its own clock: known before, so that what is found after its end can be told from
/// what is missing. A round is some events and a sample of each VM.
/// </summary>
/// <param name="StartNs">The time of the first round.</param>
internal sealed record RingLoadPlan(int Run, long StartNs)
{
    public const int EventsOfVm = 3;

    /// <summary>Of the feed's numbers: the events and the sample.</summary>
    public const int RecordsOfVm = EventsOfVm + 1;

    /// <summary>A multiple of the widest bins that have a sample each.</summary>
    public const long RoundNs = 30_000_000_000;
    public const string EventName = "load";

    public static readonly IReadOnlyList<FeedSource> Vms = [new("arm"), new("box"), new("crate")];

    public static int EventsOfRound => Vms.Count * EventsOfVm;

    public long TimeOf(int round) => StartNs + (round * RoundNs);

    /// <summary>Of different lengths, so that rows lie across pages.</summary>
    public string TextOf(int number) => $"{Run} {number} {new string((char)('a' + (number % 26)), number * 37 % 400)}";

    /// <summary>With two decimals, which the metric keeps.</summary>
    public double ValueOf(int round, int vm) => ((Run * 31) + (round * 7) + vm) % 10_000 / 100.0;

    /// <summary>The event's VM and its place among the feed's numbers of that VM in this run.</summary>
    public static (FeedSource Vm, int Place) PlaceOf(int number)
    {
        var (round, inRound) = Math.DivRem(number, EventsOfRound);
        var (vm, inVm) = Math.DivRem(inRound, EventsOfVm);
        return (Vms[vm], (round * RecordsOfVm) + inVm);
    }
}
