using LabNet.Core.TraceEvents;
using static LabNet.Tests.TraceEvents.SampleEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceExportTests
{
    private const int Many = 1_000_000;

    public static readonly TheoryData<TraceExportFormat> Formats = [.. Enum.GetValues<TraceExportFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_million_events_take_no_memory_but_what_they_are_themselves(TraceExportFormat format)
    {
        // Once before, so that what is made once does not count.
        WriteNow(format, 10_000);
        var events = AllocatedBy(() => Assert.Equal(Many, EventsOf(Many).Count()));
        var pipe = new CountingPipe();
        var written = AllocatedBy(() => pipe = WriteNow(format, Many));
        TestContext.Current.TestOutputHelper?.WriteLine($"{format}: {(double)(written - events) / Many:0.00} B allocated and {(double)pipe.Bytes / Many:0.0} B written for each event");
        Assert.InRange(written - events, long.MinValue, Many);
        Assert.InRange(pipe.UnflushedMax, 1, (64 << 10) + 1024);
        Assert.InRange(pipe.Flushes, pipe.Bytes >> 17, (pipe.Bytes >> 16) + 2);
    }

    [Fact]
    public async Task Cancelling_ends_it_between_two_events()
    {
        using var cancelling = new CancellationTokenSource();
        var pipe = new CountingPipe();
        var writing = TraceExport.WriteAsync(CancelAt(1000, cancelling), TraceExportFormat.Csv, pipe, cancelling.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        Assert.InRange(pipe.Bytes, 1, 1000 * 1000);
    }

    [Fact]
    public async Task It_ends_when_nobody_reads_any_more()
    {
        var pipe = new CountingPipe { IsReaderGone = true };
        await TraceExport.WriteAsync(EventsOf(Many).ToAsyncEnumerable(), TraceExportFormat.Ndjson, pipe, TestContext.Current.CancellationToken);
        Assert.Equal(2, pipe.Flushes);
    }

    private static CountingPipe WriteNow(TraceExportFormat format, int count)
    {
        var pipe = new CountingPipe();
        Assert.True(TraceExport.WriteAsync(EventsOf(count).ToAsyncEnumerable(), format, pipe, CancellationToken.None).IsCompletedSuccessfully);
        return pipe;
    }

    /// <summary>Requests, 32 at once, and register accesses.</summary>
    private static IEnumerable<TraceEvent> EventsOf(int count)
    {
        const int AtOnce = 32;
        var begins = Enumerable.Range(0, AtOnce).Select(request => BeginAt(0, request)).ToArray();
        var ends = Enumerable.Range(0, AtOnce).Select(request => EndAt(0, request, AtOnce)).ToArray();
        var access = At(0, Access, [0, 1, 2, 3, 4, "vga.mmio \"x\""]);
        for (var number = 0; number < count; number++)
        {
            var place = number % (AtOnce * 3);
            yield return (place < AtOnce ? begins[place] : place < AtOnce * 2 ? ends[place - AtOnce] : access) with { Sequence = number, TimeNs = StartNs + (number * 1000L) };
        }
    }

    private static long AllocatedBy(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async IAsyncEnumerable<TraceEvent> CancelAt(int count, CancellationTokenSource cancelling)
    {
        foreach (var traced in EventsOf(Many))
        {
            if (traced.Sequence == count)
            {
                await cancelling.CancelAsync();
            }

            cancelling.Token.ThrowIfCancellationRequested();
            yield return traced;
        }
    }
}
