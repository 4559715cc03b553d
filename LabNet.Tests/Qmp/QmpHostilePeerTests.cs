using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>A peer that does not keep to the protocol after the negotiation, or stops in the middle.</summary>
[Trait("suite", "fake")]
public sealed class QmpHostilePeerTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private readonly FakeQmpServer _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory(Timeout = Hang)]
    [InlineData("garbage\n")]
    [InlineData("{\"return\": {}\n")]
    [InlineData("{}\n")]
    [InlineData("{\"return\": {}, \"id\": 1} {\"return\": {}, \"id\": 2}\n")]
    [InlineData("{\"event\": 7}\n")]
    [InlineData("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, invalid keyword 'garbage'\"}}\r\n")]
    [InlineData("{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input must be a JSON object\"}, \"id\": null}\r\n")]
    public async Task What_is_no_QMP_ends_the_connection_and_every_asker_learns_of_it(string bytes)
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = Enumerable.Range(0, 10).Select(_ => connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask()).ToList();
        await peer.SendBytesAsync(System.Text.Encoding.UTF8.GetBytes(bytes));
        var reason = Assert.IsType<QmpProtocolException>(await connection.Closed);
        foreach (var asker in asking)
        {
            Assert.Same(reason, (await Assert.ThrowsAsync<QmpDisconnectedException>(() => asker)).InnerException);
        }
    }

    [Fact(Timeout = Hang)]
    public async Task Half_a_frame_and_a_close_is_a_protocol_error()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask();
        await peer.ReadAsync();
        await peer.SendBytesAsync("{\"return\": {}, \"i"u8.ToArray());
        peer.Dispose();
        Assert.IsType<QmpProtocolException>(await connection.Closed);
        await Assert.ThrowsAsync<QmpDisconnectedException>(() => asking);
    }

    [Fact(Timeout = Hang)]
    public async Task An_endless_line_is_refused_at_the_limit()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var sending = peer.SendUntilRefusedAsync(20 * 1024 * 1024);
        Assert.IsType<QmpProtocolException>(await connection.Closed);
        await connection.DisposeAsync();
        Assert.InRange(await sending, new QmpOptions().FrameBytesMax, new QmpOptions().FrameBytesMax + (2 * 1024 * 1024));
    }

    [Fact(Timeout = Hang)]
    public async Task An_answer_as_long_as_a_line_may_be_is_taken()
    {
        var options = new QmpOptions { FrameBytesMax = 300_000 };
        var (peer, connection) = await _server.ConnectAsync(options);
        await using var _ = connection;
        foreach (var (tooMuch, first) in ((int, int)[])[(0, 1), (1, 2)])
        {
            var asking = connection.ExecuteRawAsync("query-qmp-schema", arguments: null, Cancellation).AsTask();
            var command = await peer.ReadAsync();
            Assert.Equal(first, command.Id);
            var frame = $$"""{"id": {{command.Id}}, "return": ""}""";
            var text = new string('s', options.FrameBytesMax - frame.Length + tooMuch);
            await peer.SendBytesAsync(System.Text.Encoding.UTF8.GetBytes($"{frame[..^2]}{text}\"}}\n"));
            if (tooMuch == 0)
            {
                Assert.Equal(text.Length + 2, (await asking).Length);
            }
            else
            {
                await Assert.ThrowsAsync<QmpDisconnectedException>(() => asking);
            }
        }
    }

    [Fact(Timeout = Hang)]
    public async Task A_time_beyond_all_clocks_and_blank_lines_do_no_harm()
    {
        List<QmpEvent> events = [];
        var (peer, connection) = await _server.ConnectAsync(onEvent: events.Add);
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.Cont, Cancellation);
        var command = await peer.ReadAsync();
        await peer.SendAsync("", """{"event": "STOP", "timestamp": {"seconds": 9223372036854775807, "microseconds": 0}}""", "  ", "");
        await peer.ReplyAsync(command);
        await asking;
        var stop = Assert.Single(events);
        Assert.Null(stop.TimeNs);
    }

    [Fact(Timeout = Hang)]
    public async Task A_disconnect_reaches_all_of_many_askers()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = Enumerable.Range(0, 500).Select(_ => Task.Run(() => connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask(), Cancellation)).ToList();
        for (var i = 0; i < 500; i++)
        {
            await peer.ReadAsync();
        }

        peer.Dispose();
        foreach (var asker in asking)
        {
            await Assert.ThrowsAsync<QmpDisconnectedException>(() => asker);
        }

        Assert.IsType<QmpDisconnectedException>(await connection.Closed);
    }

    [Fact(Timeout = Hang)]
    public async Task More_commands_than_the_limit_are_refused_and_the_others_go_on()
    {
        var (peer, connection) = await _server.ConnectAsync(new QmpOptions { PendingCommandsMax = 3 });
        await using var _ = connection;
        var asking = Enumerable.Range(0, 3).Select(_ => connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask()).ToList();
        await Assert.ThrowsAsync<InvalidOperationException>(() => connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask());
        await peer.ReplyAsync(await peer.ReadAsync());
        await asking[0];
        var later = connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask();
        for (var i = 0; i < 3; i++)
        {
            await peer.ReplyAsync(await peer.ReadAsync());
        }

        await Task.WhenAll(asking);
        await later;
    }

    [Fact(Timeout = Hang)]
    public async Task While_the_peer_reads_nothing_callers_can_give_up_and_what_they_gave_up_is_not_sent_later()
    {
        var (peer, connection) = await _server.ConnectAsync(new QmpOptions { PendingCommandsMax = 50 });
        await using var _ = connection;
        using var cancellation = new CancellationTokenSource();

        // More than any socket buffer takes: this write stays under way.
        var stuck = connection.ExecuteRawAsync("stuck", System.Text.Json.JsonSerializer.SerializeToElement(new string('x', 8 * 1024 * 1024)), cancellation.Token).AsTask();
        var given = Enumerable.Range(0, 40).Select(i => connection.ExecuteRawAsync($"given-up-{i}", arguments: null, cancellation.Token).AsTask()).ToList();
        var kept = connection.ExecuteRawAsync("kept", arguments: null, Cancellation).AsTask();
        await cancellation.CancelAsync();
        foreach (var asker in (List<Task<ReadOnlyMemory<byte>>>)[stuck, .. given])
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asker);
        }

        Assert.Equal("stuck", (await peer.ReadAsync()).Name);
        var next = await peer.ReadAsync();
        Assert.Equal("kept", next.Name);
        await peer.ReplyAsync(next, "5");
        Assert.Equal("5"u8.ToArray(), (await kept).ToArray());
    }

    [Fact(Timeout = Hang)]
    public async Task Callers_that_keep_giving_up_on_a_deaf_peer_do_not_pile_up()
    {
        var (peer, connection) = await _server.ConnectAsync(new QmpOptions { PendingCommandsMax = 50 });
        await using var _ = connection;
        var stuck = connection.ExecuteRawAsync("stuck", System.Text.Json.JsonSerializer.SerializeToElement(new string('x', 8 * 1024 * 1024)), Cancellation).AsTask();
        for (var i = 0; i < 1000; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var asking = connection.ExecuteRawAsync("given-up", arguments: null, cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }

        await peer.ReplyAsync(await peer.ReadAsync());
        await stuck;
        var last = connection.ExecuteRawAsync("last", arguments: null, Cancellation).AsTask();
        var next = await peer.ReadAsync();
        Assert.Equal("last", next.Name);
        await peer.ReplyAsync(next);
        await last;
    }

    [Fact(Timeout = Hang)]
    public async Task Without_an_answer_in_time_a_caller_gives_up_also_while_its_command_cannot_be_sent()
    {
        var time = new ManualTimeProvider();
        var (peer, connection) = await _server.ConnectAsync(time: time);
        await using var _ = connection;
        var stuck = connection.ExecuteRawAsync("stuck", System.Text.Json.JsonSerializer.SerializeToElement(new string('x', 8 * 1024 * 1024)), Cancellation).AsTask();
        var behind = connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask();
        time.Advance(new QmpOptions().ReplyTimeout + TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<QmpTimeoutException>(() => stuck);
        await Assert.ThrowsAsync<QmpTimeoutException>(() => behind);
        await connection.DisposeAsync();
        await peer.UntilClosedAsync();
    }
}
