using LabNet.Core.Qmp;
using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Tests.Labs;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class HangWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly VmState Answering = new VmState(SampleLab.ReadVm("memory: 256M"))
    {
        Process = new VmProcessState.Running(7, DateTimeOffset.UnixEpoch, Adopted: false),
        Connection = new QmpLinkState.Connected(),
        RunState = RunState.Running,
        Agent = new GuestAgentState.Answering(),
    };

    private static readonly VmState Silent = Answering with { Agent = new GuestAgentState.Silent("no answer") };

    private readonly HangWatch _watch = new();
    private TimeSpan _now;
    private TimeSpan _first;
    private TimeSpan _second;

    [Fact]
    public void A_guest_that_spins_and_is_silent_hangs_after_the_time_and_is_told_once()
    {
        Look(Answering, 1);
        Assert.Equal([10], Look(Silent, 40, spins: 1));
    }

    [Fact]
    public void One_vCPU_that_spins_is_enough_and_another_may_rest()
    {
        Look(Answering, 1);
        Assert.Equal([10], Look(Silent, 20, spins: 0.95));
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.85)]
    public void A_guest_that_rests_now_and_then_does_not_hang(double spins)
    {
        Look(Answering, 1);
        Assert.Empty(Look(Silent, 60, spins));
    }

    [Fact]
    public void A_guest_that_answers_does_not_hang_however_it_spins() => Assert.Empty(Look(Answering, 60, spins: 1));

    [Fact]
    public void A_guest_that_has_never_answered_boots() => Assert.Empty(Look(Silent, 60, spins: 1));

    [Fact]
    public void A_guest_that_boots_anew_has_to_answer_first()
    {
        Look(Answering, 1);
        Look(Silent with { Agent = new GuestAgentState.Closed() }, 1);
        Assert.Empty(Look(Silent, 60, spins: 1));
    }

    [Fact]
    public void A_guest_that_stands_still_does_not_hang_and_its_agent_has_to_answer_after_it()
    {
        Look(Answering, 1);
        Assert.Empty(Look(Silent with { RunState = RunState.Paused }, 60, spins: 1));
        Assert.Empty(Look(Silent, 60, spins: 1));
        Look(Answering, 1);
        Assert.Equal([10], Look(Silent, 20, spins: 1));
    }

    [Fact]
    public void While_something_is_under_way_nothing_hangs_and_the_time_begins_anew()
    {
        Look(Answering, 1);
        Look(Silent, 8, spins: 1);
        Assert.Empty(Look(Silent, 60, spins: 1, isBusy: true));
        Assert.Equal([10], Look(Silent, 20, spins: 1));
    }

    [Fact]
    public void It_is_the_last_while_that_counts_not_the_time_since_the_last_answer()
    {
        Look(Answering, 1);
        Look(Silent, 100, spins: 0);

        // Nine of the last ten seconds are enough.
        Assert.Equal([9], Look(Silent, 20, spins: 1));
    }

    /// <summary>A second at a time.</summary>
    /// <param name="spins">How much of it the second vCPU wants; the first one rests.</param>
    /// <returns>After how many seconds it was said to hang.</returns>
    private List<int> Look(VmState state, int seconds, double spins = 0, bool isBusy = false)
    {
        var hangs = new List<int>();
        for (var second = 0; second < seconds; second++)
        {
            if (_watch.See(new HangSample(_now, state, isBusy, [(long)_first.TotalNanoseconds, (long)_second.TotalNanoseconds]), Patience))
            {
                hangs.Add(second);
            }

            _now += TimeSpan.FromSeconds(1);
            _first += TimeSpan.FromSeconds(0.02);
            _second += TimeSpan.FromSeconds(spins);
        }

        return hangs;
    }
}
