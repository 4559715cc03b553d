using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.SwitchOnPaper;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class FrameSwitchTests
{
    [Fact]
    public void A_frame_goes_to_everybody_until_its_receiver_is_known()
    {
        var paper = new SwitchOnPaper(3);
        paper.Take(1, Frame(1, 2, mark: 7));
        Assert.Equal([(2, 0, 7), (3, 0, 7)], paper.Sent);
        paper.Take(2, Frame(2, 1, mark: 8));
        Assert.Equal((1, 0, 8), paper.Sent[^1]);
        paper.Take(1, Broadcast(1, mark: 9));
        Assert.Equal([7, 9], paper.SentBy(3));
    }

    [Fact]
    public void Whoever_moves_is_found_again_and_whoever_is_silent_for_long_is_forgotten()
    {
        var paper = new SwitchOnPaper(3).WithAllKnown(3);
        paper.Take(3, Frame(2, 1));
        paper.Take(1, Frame(1, 2, mark: 5));
        Assert.Equal([5], paper.SentBy(3));
        Assert.Empty(paper.SentBy(2));
        paper.NowUs = MacTable.ForgetAfterUs + 1;
        paper.Take(1, Frame(1, 2, mark: 6));
        Assert.Equal([6], paper.SentBy(2));
    }

    [Fact]
    public void A_guest_that_makes_up_addresses_does_not_drive_out_those_of_others()
    {
        var paper = new SwitchOnPaper(3).WithAllKnown(3);
        for (var number = 1000; number < 1000 + (3 * MacTable.AddressesPerPortMax); number++)
        {
            paper.Take(1, Frame(number, 2));
        }

        paper.Sent.Clear();
        paper.Take(2, Frame(2, 3, mark: 4));
        Assert.Equal([(3, 0, 4)], paper.Sent);

        // Nor does it fill the table: what is over its share is flooded.
        paper.Take(2, Frame(2, 1000 + (2 * MacTable.AddressesPerPortMax), mark: 5));
        Assert.Equal([5], paper.SentBy(1));
        Assert.Equal([4, 5], paper.SentBy(3));
    }

    [Fact]
    public void What_came_from_another_machine_goes_to_no_other_machine()
    {
        var paper = new SwitchOnPaper(1);
        paper.Switch.AddPort(8, "peer8", isPeer: true);
        paper.Switch.AddPort(9, "peer9", isPeer: true);
        paper.Take(8, Broadcast(50, mark: 1));
        paper.Take(9, Frame(51, 50, mark: 2));
        Assert.Equal([(1, 0, 1)], paper.Sent);
        paper.Take(1, Broadcast(1, mark: 3));
        Assert.Equal([3], paper.SentBy(8));
        Assert.Equal([3], paper.SentBy(9));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(13, false)]
    [InlineData(18, true)]
    [InlineData(FrameBytesMax, true)]
    [InlineData(FrameBytesMax + 1, false)]
    [InlineData(65_535, false)]
    public void A_frame_of_no_sensible_size_is_refused_and_counted(int bytes, bool fits)
    {
        var paper = new SwitchOnPaper(2);
        paper.Take(1, bytes < 18 ? new byte[bytes] : Frame(1, 2, bytes: bytes));
        Assert.Equal(fits ? 1 : 0, paper.Sent.Count);
        Assert.Equal(fits ? 0 : 1, paper.Switch.CountersOf(1, ImpairDirection.Out).Refused);
        Assert.Equal(bytes, paper.Switch.CountersOf(1, ImpairDirection.Out).Bytes);
    }

    [Fact]
    public void A_port_without_room_costs_its_own_frames_alone()
    {
        var paper = new SwitchOnPaper(3).WithAllKnown(3);
        paper.HasRoom = port => port != 2;
        paper.Take(1, Broadcast(1, mark: 5));
        Assert.Equal([5], paper.SentBy(3));
        Assert.Equal(1, paper.Switch.CountersOf(2, ImpairDirection.In).Overflowed);
        Assert.Equal(0, paper.Switch.CountersOf(1, ImpairDirection.Out).Overflowed);
    }

    [Fact]
    public void Nothing_goes_to_a_port_that_nobody_is_behind()
    {
        var paper = new SwitchOnPaper(3).WithAllKnown(3);
        paper.Switch.SetUp(2, isUp: false);
        paper.Take(1, Frame(1, 2, mark: 1));
        paper.Take(1, Broadcast(1, mark: 2));
        Assert.Equal([(3, 0, 2)], paper.Sent);
        paper.Switch.SetUp(2, isUp: true);
        paper.Take(1, Frame(1, 2, mark: 3));
        Assert.Equal([3], paper.SentBy(2));
    }

    [Fact]
    public void A_port_that_is_gone_gets_nothing_more()
    {
        var paper = new SwitchOnPaper(3).WithAllKnown(3);
        paper.Switch.RemovePort(2);
        paper.Take(1, Frame(1, 2, mark: 5));
        Assert.Equal([(3, 0, 5)], paper.Sent);
    }
}
