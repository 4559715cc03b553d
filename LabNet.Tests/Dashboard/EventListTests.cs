using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Web.Dashboard.Events;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class EventListTests
{
    [Fact]
    public void An_event_is_there_once_in_its_place_and_the_oldest_make_room()
    {
        var list = new EventList([Of(3), Of(2), Of(1)], shownMax: 3);
        list.Add(Of(3));
        list.Add(Of(5));
        list.Add(Of(4));
        Assert.Equal([5L, 4L, 3L], list.Shown.Select(e => e.Sequence));
        list.Add(Of(5) with { Source = new FeedSource("arm") });
        Assert.Equal(["arm", "x86", "x86"], list.Shown.Select(e => e.Source.Name));
    }

    [Fact]
    public void A_held_list_stays_and_counts_what_is_new()
    {
        var list = new EventList([Of(1)], shownMax: 3) { IsHeld = true };
        list.Add(Of(1));
        list.Add(Of(2));
        list.Add(Of(3));
        Assert.Equal((1, 2L), (list.Shown.Count, list.Withheld));
    }

    private static LabEvent Of(long number) => new(number, new FeedSource("x86"), number, number * 1000, EventKind.Qmp, "STOP", "", Data: null);
}
