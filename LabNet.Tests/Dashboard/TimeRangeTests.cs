using LabNet.Web.Dashboard.Charts;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class TimeRangeTests
{
    [Theory]
    [InlineData(null, null, null)]
    [InlineData("", "", "")]
    [InlineData("2h", null, null)]
    [InlineData("5m", "-1", "5000")]
    [InlineData(null, "1000", null)]
    [InlineData(null, "5000", "1000")]
    [InlineData(null, "1000", "1999")]
    [InlineData(null, "1000", "99999999999999999999")]
    [InlineData(null, "0", "253402300799999")]
    public void An_address_that_names_no_time_shows_the_newest_five_minutes(string? word, string? from, string? to) =>
        Assert.Equal(TimeRange.Default, TimeRange.Of(word, from, to));

    [Fact]
    public void Every_range_comes_back_from_its_address()
    {
        var still = TimeRange.Between(DateTimeOffset.FromUnixTimeMilliseconds(1000), DateTimeOffset.FromUnixTimeMilliseconds(61_000));
        foreach (var range in TimeRange.Lives.Select(one => TimeRange.Newest(one.Length)).Append(still))
        {
            var query = range.ToQuery();
            Assert.Equal(range, TimeRange.Of((string?)query["range"], $"{query["from"]}", $"{query["to"]}"));
        }

        Assert.Equal(still.Moved(-0.5).Moved(0.5), still);
        Assert.Equal(TimeSpan.FromMinutes(2), still.Wider().To - still.Wider().From);
    }

    /// <summary>The control makes these addresses of whatever the present one says.</summary>
    [Fact]
    public void The_longest_range_that_can_be_named_can_still_be_moved_and_widened()
    {
        var longest = TimeRange.Of(word: null, "0", $"{new DateTimeOffset(2262, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds()}");
        Assert.False(longest.IsLive);
        foreach (var other in (TimeRange[])[longest.Moved(-1), longest.Moved(1), longest.Wider()])
        {
            Assert.Equal(3, other.ToQuery().Count);
        }
    }
}
