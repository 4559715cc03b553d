using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.SwitchOnPaper;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class FrameImpairmentTests
{
    private const long Never = long.MaxValue / 2;
    private static readonly Impairment Nothing = new(null, null, null, null, null, null);

    [Fact]
    public void A_delayed_frame_is_sent_when_its_time_has_come_and_not_before()
    {
        var paper = Impaired(Nothing with { DelayMs = 50 }, ImpairDirection.Out);
        paper.Take(1, Frame(1, 2, mark: 1));
        paper.GoOnTo(49_999);
        Assert.Empty(paper.Sent);
        Assert.Equal(1, paper.Switch.HeldBy(1, ImpairDirection.Out));
        paper.GoOnTo(50_000);
        Assert.Equal([(2, 50_000, 1)], paper.Sent);
    }

    [Fact]
    public void Both_directions_of_a_port_are_its_own()
    {
        var paper = Impaired(Nothing with { DelayMs = 10 }, ImpairDirection.In);
        paper.Take(1, Frame(1, 2, mark: 1));
        paper.Take(2, Frame(2, 1, mark: 2));
        paper.GoOnTo(10_000);
        Assert.Equal([(2, 0, 1), (1, 10_000, 2)], paper.Sent);
    }

    [Fact]
    public void Jitter_changes_no_order_and_reordering_does()
    {
        var jittered = Sent(Nothing with { DelayMs = 20, JitterMs = 15 });
        Assert.Equal(jittered.Order(), jittered);
        var reordered = Sent(Nothing with { DelayMs = 20, ReorderPercent = 10 });
        Assert.NotEqual(reordered.Order(), reordered);
        Assert.Equal(Enumerable.Range(0, 300), reordered.Order());

        static List<int> Sent(Impairment what)
        {
            var paper = Impaired(what, ImpairDirection.Out);
            for (var mark = 0; mark < 300; mark++)
            {
                paper.GoOnTo(mark * 1000);
                paper.Take(1, Frame(1, 2, mark));
            }

            paper.GoOnTo(1_000_000);
            return paper.SentBy(2);
        }
    }

    [Fact]
    public void Loss_and_doubling_are_as_often_as_asked_for()
    {
        var paper = Impaired(Nothing with { LossPercent = 20, DuplicatePercent = 10 }, ImpairDirection.Out);
        for (var mark = 0; mark < 10_000; mark++)
        {
            paper.Take(1, Frame(1, 2, mark));
        }

        var counters = paper.Switch.CountersOf(1, ImpairDirection.Out);
        Assert.InRange(counters.Lost, 1_850, 2_150);
        Assert.InRange(counters.Duplicated, 700, 900);
        Assert.Equal(10_000 - counters.Lost + counters.Duplicated, paper.Sent.Count);
    }

    [Fact]
    public void A_rate_lets_frames_through_one_after_the_other_and_drops_what_would_wait_too_long()
    {
        var paper = Impaired(Nothing with { RateKbit = 1000 }, ImpairDirection.Out);
        for (var mark = 0; mark < 100; mark++)
        {
            paper.Take(1, Frame(1, 2, mark, bytes: 1250));
        }

        paper.GoOnTo(2_000_000);
        Assert.Equal(10_000, paper.Sent[0].AtUs);
        Assert.Equal(20_000, paper.Sent[1].AtUs);
        var counters = paper.Switch.CountersOf(1, ImpairDirection.Out);
        Assert.Equal(100, paper.Sent.Count + counters.Overflowed);
        Assert.InRange(paper.Sent.Count, 40, 42);
    }

    [Fact]
    public void An_impairment_ends_at_its_time_and_what_it_held_goes_on_in_order()
    {
        var paper = new SwitchOnPaper(2).WithAllKnown(2);
        paper.Switch.Impair(1, ImpairDirection.Out, Nothing with { DelayMs = 1000 }, seed: 1, untilUs: 5_000);
        paper.Take(1, Frame(1, 2, mark: 1));
        paper.Take(1, Frame(1, 2, mark: 2));
        paper.GoOnTo(5_000);
        paper.Take(1, Frame(1, 2, mark: 3));
        Assert.Equal([(2, 5_000, 1), (2, 5_000, 2), (2, 5_000, 3)], paper.Sent);
        Assert.Null(paper.Switch.ImpairmentOf(1, ImpairDirection.Out));
        Assert.Null(paper.Switch.NextDueUs);
    }

    [Fact]
    public void A_delay_holds_so_much_and_no_more()
    {
        var paper = Impaired(Nothing with { DelayMs = 10_000 }, ImpairDirection.Out);
        for (var mark = 0; mark < FrameLane.HeldFramesMax + 50; mark++)
        {
            paper.Take(1, Frame(1, 2, mark));
        }

        Assert.Equal(FrameLane.HeldFramesMax, paper.Switch.HeldBy(1, ImpairDirection.Out));
        Assert.Equal(50, paper.Switch.CountersOf(1, ImpairDirection.Out).Overflowed);
        paper.Switch.Lift(1, ImpairDirection.Both, paper.NowUs);
        Assert.Equal(FrameLane.HeldFramesMax, paper.Sent.Count);
    }

    [Fact]
    public void The_same_frames_with_the_same_seed_have_the_same_fates()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(30); round++)
        {
            var (what, frames, seed) = (Any(random), random.Next(), (ulong)random.NextInt64());
            Assert.Equal(Fates(seed), Fates(seed));

            List<(int, long, int)> Fates(ulong with)
            {
                var paper = new SwitchOnPaper(2).WithAllKnown(2);
                paper.Switch.Impair(1, ImpairDirection.Out, what, with, Never);
                var times = new Random(frames);
                for (var mark = 0; mark < 200; mark++)
                {
                    paper.GoOnTo(paper.NowUs + times.Next(3000));
                    paper.Take(1, Frame(1, 2, mark, bytes: times.Next(60, FrameBytesMax)));
                }

                paper.GoOnTo(paper.NowUs + 100_000_000);
                return paper.Sent;
            }
        }
    }

    [Fact]
    public void Another_seed_and_another_port_have_other_fates()
    {
        Assert.NotEqual(Fates(1, seed: 1), Fates(1, seed: 2));
        Assert.NotEqual(Fates(1, seed: 1), Fates(2, seed: 1));

        static List<int> Fates(int port, ulong seed)
        {
            var paper = new SwitchOnPaper(3).WithAllKnown(3);
            paper.Switch.Impair(port, ImpairDirection.Out, Nothing with { LossPercent = 50 }, seed, Never);
            for (var mark = 0; mark < 100; mark++)
            {
                paper.Take(port, Frame(port, 3, mark));
            }

            return paper.SentBy(3);
        }
    }

    [Fact]
    public void No_frame_is_lost_without_a_number()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(40); round++)
        {
            var paper = new SwitchOnPaper(4);
            var taken = new long[5];
            paper.HasRoom = _ => random.Next(20) > 0;
            for (var step = 0; step < 500; step++)
            {
                paper.GoOnTo(paper.NowUs + random.Next(2000));
                var port = random.Next(1, 5);
                switch (random.Next(30))
                {
                    case 0:
                        paper.Switch.Impair(port, (ImpairDirection)random.Next(3), Any(random), (ulong)step, paper.NowUs + random.Next(200_000));
                        break;
                    case 1:
                        paper.Switch.Lift(port, (ImpairDirection)random.Next(3), paper.NowUs);
                        break;
                    case 2:
                        taken[port]++;
                        paper.Take(port, new byte[random.Next(2) * 2000]);
                        break;
                    default:
                        taken[port]++;
                        paper.Take(port, random.Next(3) == 0 ? Broadcast(port, step) : Frame(port, random.Next(1, 6), step, random.Next(60, FrameBytesMax)));
                        break;
                }

                AssertNothingIsMissing(paper, taken);
            }
        }
    }

    private static void AssertNothingIsMissing(SwitchOnPaper paper, long[] taken)
    {
        var passedIn = 0L;
        for (var port = 1; port < taken.Length; port++)
        {
            var (outward, inward) = (paper.Switch.CountersOf(port, ImpairDirection.Out), paper.Switch.CountersOf(port, ImpairDirection.In));
            Assert.Equal(taken[port], outward.Frames);
            AssertAdds(outward, paper.Switch.HeldBy(port, ImpairDirection.Out));
            AssertAdds(inward, paper.Switch.HeldBy(port, ImpairDirection.In));
            Assert.Equal(inward.Passed, paper.SentBy(port).Count);
            passedIn += inward.Passed;
        }

        Assert.Equal(passedIn, paper.Sent.Count);

        static void AssertAdds(LaneCounters lane, int held) =>
            Assert.Equal(lane.Frames + lane.Duplicated, lane.Passed + lane.Refused + lane.Lost + lane.Overflowed + held);
    }

    private static SwitchOnPaper Impaired(Impairment what, ImpairDirection direction)
    {
        var paper = new SwitchOnPaper(2).WithAllKnown(2);
        paper.Switch.Impair(1, direction, what, seed: 42, Never);
        return paper;
    }

    private static Impairment Any(Random random)
    {
        return new Impairment(Maybe(100), Maybe(20), Maybe(50), random.Next(2) == 0 ? null : random.Next(100, 20_000), Maybe(50), Maybe(50));

        double? Maybe(int max) => random.Next(2) == 0 ? null : random.NextDouble() * max;
    }
}
