using LabNet.Core.Snapshots;
using LabNet.Web.Dashboard.Vm.Snapshots;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class SnapshotWordsTests
{
    private static readonly SnapshotTree Tree = SampleSnapshots.Tree(
        "d",
        SampleSnapshots.Of("a"),
        SampleSnapshots.Of("b", "a"),
        SampleSnapshots.Of("c", "b"),
        SampleSnapshots.Of("d", "a"),
        SampleSnapshots.Of("other") with { Origin = SnapshotOrigin.External },
        SampleSnapshots.Of("deleted") with { Standing = SnapshotStanding.Deleted },
        SampleSnapshots.Of("e", "deleted"),
        SampleSnapshots.Of("f", "deleted"),
        SampleSnapshots.Of("g", "b"));

    [Theory]
    [InlineData("a", "b", "“b” came from “a”.")]
    [InlineData("c", "a", "“c” came from “a”, with one snapshot between them.")]
    [InlineData("d", "now", "“Now” came from “d”.")]
    [InlineData("a", "now", "“Now” came from “a”, with one snapshot between them.")]
    [InlineData("c", "now", "Both came from “a”, by ways of their own.")]
    [InlineData("c", "g", "Both came from “b”, by ways of their own.")]
    [InlineData("e", "f", "Both came from “deleted”, which is not there any more, by ways of their own.")]
    [InlineData("other", "a", "That they have anything in common is not known: neither came from the other, nor both from a third.")]
    public void How_two_are_related_is_told_as_far_as_it_is_known(string a, string b, string relation)
    {
        var chosen = ChosenSnapshots.Of(Tree, new SnapshotChoice(a, b));
        Assert.Equal(relation, SnapshotWords.Relation(Tree, chosen.A!, chosen.B!));
    }

    [Fact]
    public void Of_a_machine_whose_past_is_in_doubt_nothing_is_claimed()
    {
        var chosen = ChosenSnapshots.Of(Tree, new SnapshotChoice("a", "now"));
        Assert.Equal("What the machine is now came from, nobody knows for certain.", SnapshotWords.Relation(Tree with { HeadDoubt = "A reason." }, chosen.A!, chosen.B!));
    }

    [Theory]
    [InlineData(null, null, null, null, false)]
    [InlineData("a", null, "a", null, false)]
    [InlineData("a", "now", "a", "now", false)]
    [InlineData("a", "a", "a", null, false)]
    [InlineData(null, "b", "b", null, false)]
    [InlineData("a", "nosuch", "a", null, true)]
    [InlineData("nosuch", "b", "b", null, true)]
    [InlineData("deleted", null, null, null, true)]
    public void What_the_address_asks_for_is_there_or_told_as_missing(string? a, string? b, string? first, string? second, bool missing)
    {
        var chosen = ChosenSnapshots.Of(Tree, new SnapshotChoice(a, b));
        Assert.Equal((first, second, missing), (chosen.A?.Word, chosen.B?.Word, chosen.Problem is not null));
    }

    [Fact]
    public void A_letter_moves_without_ever_standing_twice()
    {
        var none = new SnapshotChoice(A: null, B: null);
        Assert.Equal(new("a", null), none.WithA("a"));
        Assert.Equal(new("a", null), none.WithB("a"));
        var both = new SnapshotChoice("a", "b");
        Assert.Equal(new("c", "b"), both.WithA("c"));
        Assert.Equal(new("b", null), both.WithA("b"));
        Assert.Equal(new("a", "c"), both.WithB("c"));
        Assert.Equal(new("b", "a"), both.WithB("a"));
        Assert.Equal(new("a", null), new SnapshotChoice("a", B: null).WithB("a"));
    }
}
