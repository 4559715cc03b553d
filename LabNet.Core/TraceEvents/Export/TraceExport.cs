using System.IO.Pipelines;

namespace LabNet.Core.TraceEvents;

/// <summary>What exported trace events are written as; docs/trace-export.md tells what each has.</summary>
public enum TraceExportFormat
{
    /// <summary>Perfetto's protobuf, see <see cref="PerfettoTraceWriter"/>.</summary>
    Perfetto,

    /// <summary>See <see cref="CsvTraceWriter"/>.</summary>
    Csv,

    /// <summary>A line of JSON for each event, see <see cref="TraceEventJson"/>.</summary>
    Ndjson,
}

/// <summary>Writes trace events into a stream that may be much larger than the memory.</summary>
public static class TraceExport
{
    /// <summary>So much is gathered before it is sent: enough for few calls, little enough to hold for each download.</summary>
    private const int GatheredBytes = 64 << 10;

    /// <summary>
    /// Ends when all is written, or nobody reads any more. Who reads slowly slows down the events. If the first event cannot be had, nothing
    /// was written; once there is one, what was written so far is sent, so that whatever fails then is seen to break off.
    /// </summary>
    /// <param name="events">Oldest first; of several VMs by time.</param>
    /// <param name="to">One that counts what is not flushed yet, as those of streams, pipes and Kestrel do. It stays open.</param>
    public static async Task WriteAsync(IAsyncEnumerable<TraceEvent> events, TraceExportFormat format, PipeWriter to, CancellationToken cancellationToken)
    {
        using var writer = WriterOf(format, to);
        await using var reading = events.GetAsyncEnumerator(cancellationToken);
        var isThere = await reading.MoveNextAsync();
        writer.Begin();
        await to.FlushAsync(cancellationToken);
        for (; isThere; isThere = await reading.MoveNextAsync())
        {
            writer.Write(reading.Current);
            if (to.UnflushedBytes >= GatheredBytes && (await to.FlushAsync(cancellationToken)).IsCompleted)
            {
                return;
            }
        }

        writer.End();
        await to.FlushAsync(cancellationToken);
    }

    private static ITraceWriter WriterOf(TraceExportFormat format, PipeWriter to) => format switch
    {
        TraceExportFormat.Perfetto => new PerfettoTraceWriter(to),
        TraceExportFormat.Csv => new CsvTraceWriter(to),
        TraceExportFormat.Ndjson => new NdjsonTraceWriter(to),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}
