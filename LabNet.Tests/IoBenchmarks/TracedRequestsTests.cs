using LabNet.Core.IoBenchmarks;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.IoBenchmarks;

[Trait("suite", "unit")]
public sealed class TracedRequestsTests
{
    [Fact]
    public void The_disk_that_was_as_busy_as_fio_says_is_the_one_that_was_measured() =>
        Assert.Equal(new TracedIo(1000, 1, 2, 3, 4), TracedRequests.Choose([Disk(20), Disk(1000)], 990));

    [Fact]
    public void Of_two_disks_that_were_as_busy_none_is_told() => Assert.Null(TracedRequests.Choose([Disk(1000), Disk(2000)], 990));

    [Theory]
    [InlineData(499)]
    [InlineData(0)]
    public void What_was_traced_in_part_tells_nothing(long traced) => Assert.Null(TracedRequests.Choose(traced == 0 ? [] : [Disk(traced)], 1000));

    private static TraceLatency Disk(long requests) => new(requests, 1, 2, 3, 4);
}
