using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Traffic;

/// <summary>A flow within a minute of the history.</summary>
/// <param name="MinuteNs">When the minute begins.</param>
/// <param name="Protocol">As <see cref="FlowKey.Protocol"/>, or <c>others</c> for what was too much.</param>
/// <param name="Source">An IP address, else a MAC address.</param>
public sealed record FlowMinute(
    long MinuteNs,
    CaptureNic From,
    string Protocol,
    int Number,
    string Source,
    int? SourcePort,
    string Destination,
    int? DestinationPort,
    long Packets,
    long Bytes,
    long FirstNs,
    long LastNs);

/// <summary>Up to where a NIC's headers are counted.</summary>
/// <param name="Process">Whose file it is, as <c>QemuProcess.Note</c> names it.</param>
/// <param name="Dump">Which of its files.</param>
/// <param name="ClockNs">See <see cref="DumpClock.OffsetNs"/>.</param>
internal sealed record FlowPosition(CaptureNic Nic, string Process, long Dump, long Offset, long ClockNs);

/// <summary>The flows of the past, in ring.db.</summary>
/// <remarks>Reading is thread-safe; writing is for the ring's writer alone.</remarks>
public sealed class FlowStore(RingWriter ring, long budgetBytes = FlowStore.BudgetBytes)
{
    /// <summary>Some million flow minutes; over it the oldest go.</summary>
    public const long BudgetBytes = 256L << 20;

    private const string Kind = "flows";
    private const int RowBytes = 220;
    private const int TrimmedAtOnce = 5000;

    /// <summary>Those with the most bytes of each minute, the oldest minute first.</summary>
    /// <param name="limit">At most so many of all minutes together.</param>
    public IReadOnlyList<FlowMinute> Read(LinkName link, long fromNs, long toNs, int limit) => ring.Read(reader => reader.Query<Row>(
        """
        SELECT * FROM (
          SELECT minute, vm, nic, protocol, number, source, source_port, destination, destination_port, packets, bytes, first_ns, last_ns FROM flow_minutes
          WHERE link = @link AND minute >= @from AND minute < @to ORDER BY bytes DESC LIMIT @limit)
        ORDER BY minute, bytes DESC
        """,
        new { link = link.ToString(), from = fromNs / FlowMinutes.MinuteNs, to = (toNs + FlowMinutes.MinuteNs - 1) / FlowMinutes.MinuteNs, limit }))
        .Select(row => row.ToMinute()).ToList();

    internal IReadOnlyList<FlowPosition> ReadPositions() => ring.Read(static reader => reader
        .Query<(string Vm, string Nic, string Process, long Dump, long Offset, long Clock)>("SELECT vm, nic, process, dump, offset, clock FROM flow_positions")
        .Select(row => new FlowPosition(new CaptureNic(VmName.Parse(row.Vm), row.Nic), row.Process, row.Dump, row.Offset, row.Clock)).ToList());

    /// <summary>What was counted, and up to where: in one batch, so that nothing counts twice.</summary>
    internal static RingWrite WriteOf(IReadOnlyList<(LinkName Link, long Minute, Flow Flow)> flows, IReadOnlyList<FlowPosition> positions) => (connection, transaction) =>
    {
        var added = 0L;
        foreach (var row in flows.Select(one => Parameters(one.Link, one.Minute, one.Flow)))
        {
            if (connection.Execute(Update, row, transaction) == 0)
            {
                connection.Execute(Insert, row, transaction);
                added += RowBytes;
            }
        }

        connection.Execute(
            "INSERT OR REPLACE INTO flow_positions (vm, nic, process, dump, offset, clock) VALUES (@vm, @Nic, @Process, @Dump, @Offset, @ClockNs)",
            positions.Select(one => new { vm = one.Nic.Vm.ToString(), one.Nic.Nic, one.Process, one.Dump, one.Offset, one.ClockNs }),
            transaction);
        Count(connection, transaction, added);
    };

    /// <summary>A step of <see cref="RingMaintenance"/>.</summary>
    internal bool Trim(SqliteConnection connection, SqliteTransaction transaction)
    {
        var bytes = connection.ExecuteScalar<long>("SELECT bytes FROM kept_bytes WHERE kind = @Kind", new { Kind }, transaction);
        if (bytes <= budgetBytes)
        {
            return false;
        }

        var gone = connection.Execute(
            """
            DELETE FROM flow_minutes WHERE (link, minute, vm, nic, protocol, number, source, source_port, destination, destination_port) IN
              (SELECT link, minute, vm, nic, protocol, number, source, source_port, destination, destination_port FROM flow_minutes ORDER BY minute LIMIT @TrimmedAtOnce)
            """,
            new { TrimmedAtOnce },
            transaction);
        Count(connection, transaction, -(long)gone * RowBytes);
        return gone > 0 && bytes - (gone * RowBytes) > budgetBytes;
    }

    private const string Place =
        """
        link = @link AND minute = @minute AND vm = @vm AND nic = @nic AND protocol = @protocol AND number = @number
          AND source = @source AND source_port = @sourcePort AND destination = @destination AND destination_port = @destinationPort
        """;

    private const string Update =
        $"UPDATE flow_minutes SET packets = packets + @packets, bytes = bytes + @bytes, first_ns = min(first_ns, @firstNs), last_ns = max(last_ns, @lastNs) WHERE {Place}";

    private const string Insert =
        """
        INSERT INTO flow_minutes (link, minute, vm, nic, protocol, number, source, source_port, destination, destination_port, packets, bytes, first_ns, last_ns)
        VALUES (@link, @minute, @vm, @nic, @protocol, @number, @source, @sourcePort, @destination, @destinationPort, @packets, @bytes, @firstNs, @lastNs)
        """;

    private static object Parameters(LinkName link, long minute, Flow flow) => new
    {
        link = link.ToString(),
        minute,
        vm = flow.From.Vm.ToString(),
        nic = flow.From.Nic,
        protocol = flow.Key.Protocol,
        number = flow.Key.Number,
        source = flow.Key.SourceText,
        sourcePort = flow.Key.SourcePort ?? -1,
        destination = flow.Key.DestinationText,
        destinationPort = flow.Key.DestinationPort ?? -1,
        packets = flow.Packets,
        bytes = flow.Bytes,
        firstNs = flow.FirstNs,
        lastNs = flow.LastNs,
    };

    private static void Count(SqliteConnection connection, SqliteTransaction transaction, long bytes) => connection.Execute(
        "INSERT INTO kept_bytes (kind, bytes) VALUES (@Kind, @bytes) ON CONFLICT (kind) DO UPDATE SET bytes = bytes + @bytes", new { Kind, bytes }, transaction);

    private sealed record Row(
        long Minute, string Vm, string Nic, string Protocol, long Number, string Source, long Source_port, string Destination, long Destination_port,
        long Packets, long Bytes, long First_ns, long Last_ns)
    {
        public FlowMinute ToMinute() => new(
            Minute * FlowMinutes.MinuteNs,
            new CaptureNic(VmName.Parse(Vm), Nic),
            Protocol,
            (int)Number,
            Source,
            Port(Source_port),
            Destination,
            Port(Destination_port),
            Packets,
            Bytes,
            First_ns,
            Last_ns);

        private static int? Port(long kept) => kept < 0 ? null : (int)kept;
    }
}
