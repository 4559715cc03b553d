using System.Text;
using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "fake")]
public sealed class QmpConnectionTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private readonly FakeQmpServer _server = new();
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact(Timeout = Hang)]
    public async Task Answers_find_their_askers_in_any_order_with_events_before_between_and_after()
    {
        List<string> events = [];
        var (peer, connection) = await _server.ConnectAsync(onEvent: e => events.Add(e.Name));
        await using var _ = connection;
        var first = connection.ExecuteAsync(MachineCommands.QueryKvm, Cancellation).AsTask();
        var firstCommand = await peer.ReadAsync();
        var second = connection.ExecuteAsync(MachineCommands.QueryKvm, Cancellation).AsTask();
        var secondCommand = await peer.ReadAsync();
        await peer.SendAsync(
            """{"event": "STOP"}""",
            $$"""{"return": {"enabled": true, "present": true}, "id": {{secondCommand.Id}}}""",
            """{"event": "RESUME"}""",
            $$"""{"id": {{firstCommand.Id}}, "return": {"enabled": false, "present": true, "new": {} } }""",
            """{"event": "RESET"}""");
        Assert.Equal(new KvmInfo(Enabled: false, Present: true), await first);
        Assert.Equal(new KvmInfo(Enabled: true, Present: true), await second);
        peer.Dispose();
        await connection.Closed;
        Assert.Equal(["STOP", "RESUME", "RESET"], events);
    }

    [Fact(Timeout = Hang)]
    public async Task A_run_state_that_nobody_knows_yet_survives_the_way_there_and_back()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.QueryStatus, Cancellation);
        await peer.ReplyAsync(await peer.ReadAsync(), """{"status": "folded-in-half", "running": false}""");
        var status = await asking;
        Assert.Equal(new StatusInfo(new RunState("folded-in-half"), Running: false), status);
        Assert.Equal("\"folded-in-half\"", JsonSerializer.Serialize(status.Status));
    }

    [Theory(Timeout = Hang)]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"status": 5, "running": true}""")]
    [InlineData("""{"status": null, "running": true}""")]
    [InlineData("""{"status": "running", "running": "yes"}""")]
    [InlineData("99999999999999999999999999")]
    public async Task An_answer_of_another_shape_is_its_askers_protocol_error_and_nobody_elses(string value)
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.QueryStatus, Cancellation).AsTask();
        await peer.ReplyAsync(await peer.ReadAsync(), value);
        await Assert.ThrowsAsync<QmpProtocolException>(() => asking);
        await AssertAnswersAsync(peer, connection);
    }

    [Fact(Timeout = Hang)]
    public async Task An_answer_with_invalid_UTF8_is_its_askers_protocol_error_and_nobody_elses()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.QueryStatus, Cancellation).AsTask();
        var command = await peer.ReadAsync();
        await peer.SendBytesAsync((byte[])[.. """{"return": {"running": true, "status": " """u8, 0xC3, 0x28, .. Encoding.UTF8.GetBytes($"\"}}, \"id\": {command.Id}}}\n")]);
        await Assert.ThrowsAsync<QmpProtocolException>(() => asking);
        await AssertAnswersAsync(peer, connection);
    }

    [Fact(Timeout = Hang)]
    public async Task A_refusal_is_told_with_QEMUs_class_and_words()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask();
        var command = await peer.ReadAsync();
        await peer.SendAsync($$"""{"id": {{command.Id}}, "error": {"class": "GenericError", "desc": "Resetting the Virtual Machine is required", "new": 1} }""");
        var refusal = await Assert.ThrowsAsync<QmpCommandException>(() => asking);
        Assert.Equal(("cont", "GenericError", "Resetting the Virtual Machine is required"), (refusal.Command, refusal.ErrorClass, refusal.Description));
        await AssertAnswersAsync(peer, connection);
    }

    [Fact(Timeout = Hang)]
    public async Task Answers_that_nobody_waits_for_are_counted_and_dropped()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.Cont, Cancellation);
        var command = await peer.ReadAsync();
        await peer.SendAsync(
            """{"return": {}, "id": 4711}""",
            """{"return": {}, "id": "text"}""",
            """{"return": {} }""",
            """{"error": {"class": "GenericError", "desc": ""}, "id": 4711}""");
        await peer.ReplyAsync(command);
        await peer.ReplyAsync(command);
        await asking;
        await AssertAnswersAsync(peer, connection);
        Assert.Equal(5, connection.UnclaimedReplies);
    }

    [Fact(Timeout = Hang)]
    public async Task An_answer_after_a_cancellation_is_dropped_and_the_next_command_gets_its_own()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        using var cancellation = new CancellationTokenSource();
        var given = connection.ExecuteAsync(RunStateCommands.QueryStatus, cancellation.Token).AsTask();
        var command = await peer.ReadAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        var next = connection.ExecuteAsync(RunStateCommands.QueryStatus, Cancellation);
        await peer.ReplyAsync(command, """{"status": "paused", "running": false}""");
        await peer.ReplyAsync(await peer.ReadAsync(), """{"status": "running", "running": true}""");
        Assert.Equal(RunState.Running, (await next).Status);
        Assert.Equal(1, connection.UnclaimedReplies);
    }

    [Fact(Timeout = Hang)]
    public async Task A_command_that_was_cancelled_before_is_never_sent()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => connection.ExecuteAsync(RunStateCommands.Quit, new CancellationToken(canceled: true)).AsTask());
        await AssertAnswersAsync(peer, connection);
    }

    [Fact(Timeout = Hang)]
    public async Task Without_an_answer_in_time_the_asker_gives_up_and_a_late_one_is_dropped()
    {
        var options = new QmpOptions();
        var (peer, connection) = await _server.ConnectAsync(options, _time);
        await using var _ = connection;
        var asking = connection.ExecuteAsync(RunStateCommands.QueryStatus, Cancellation).AsTask();
        var command = await peer.ReadAsync();
        _time.Advance(options.ReplyTimeout - TimeSpan.FromSeconds(1));
        Assert.False(asking.IsCompleted);
        var younger = connection.ExecuteAsync(RunStateCommands.QueryStatus, Cancellation).AsTask();
        var youngerCommand = await peer.ReadAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        var silence = await Assert.ThrowsAsync<QmpTimeoutException>(() => asking);
        Assert.Contains("query-status", silence.Message, StringComparison.Ordinal);
        Assert.False(younger.IsCompleted);
        await peer.ReplyAsync(command, """{"status": "paused", "running": false}""");
        await peer.ReplyAsync(youngerCommand, """{"status": "running", "running": true}""");
        Assert.Equal(RunState.Running, (await younger).Status);
        Assert.Equal(1, connection.UnclaimedReplies);
    }

    [Fact(Timeout = Hang)]
    public async Task Raw_commands_carry_their_arguments_as_given_and_answer_the_value_as_it_came()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        const string Arguments = """{"a\"b":["\u00e9\n",1.50,null,{"id":9}]}""";
        var asking = connection.ExecuteRawAsync("x \"y\"", JsonElement.Parse(Arguments), Cancellation);
        var command = await peer.ReadAsync();
        Assert.Equal("x \"y\"", command.Name);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Arguments), command.Arguments));
        await peer.ReplyAsync(command, """ [1.50,  {"a":null}]""");
        Assert.Equal("""[1.50,  {"a":null}]""", Encoding.UTF8.GetString((await asking).Span));
    }

    [Fact(Timeout = Hang)]
    public async Task After_the_end_every_command_tells_why_at_once()
    {
        var (peer, connection) = await _server.ConnectAsync();
        peer.Dispose();
        var reason = await connection.Closed;
        var refused = await Assert.ThrowsAsync<QmpDisconnectedException>(() => connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask());
        Assert.Same(reason, refused.InnerException);
        await connection.DisposeAsync();
        await Assert.ThrowsAsync<QmpDisconnectedException>(() => connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask());
        await connection.DisposeAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task Disposing_ends_those_who_wait()
    {
        var (peer, connection) = await _server.ConnectAsync();
        var asking = connection.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask();
        await peer.ReadAsync();
        await connection.DisposeAsync();
        await Assert.ThrowsAsync<QmpDisconnectedException>(() => asking);
        await peer.UntilClosedAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task An_asker_that_blocks_its_thread_holds_up_neither_the_reader_nor_others()
    {
        List<string> events = [];
        var (peer, connection) = await _server.ConnectAsync(onEvent: e => events.Add(e.Name));
        await using var _ = connection;
        using var release = new ManualResetEventSlim();
        var blocking = BlockAfterAnswerAsync();
        await peer.ReplyAsync(await peer.ReadAsync());
        for (var i = 0; i < 20; i++)
        {
            await peer.SendAsync("""{"event": "STOP"}""");
            await AssertAnswersAsync(peer, connection);
        }

        Assert.Equal(20, events.Count);
        Assert.False(blocking.IsCompleted);
        release.Set();
        await blocking;

        async Task BlockAfterAnswerAsync()
        {
            await connection.ExecuteAsync(RunStateCommands.Cont, Cancellation);
            release.Wait(Cancellation);
        }
    }

    private static async Task AssertAnswersAsync(FakeQmpPeer peer, QmpConnection connection)
    {
        var asking = connection.ExecuteAsync(MachineCommands.QueryKvm, Cancellation);
        var command = await peer.ReadAsync();
        Assert.Equal("query-kvm", command.Name);
        await peer.ReplyAsync(command, """{"enabled": true, "present": true}""");
        Assert.True((await asking).Enabled);
    }
}
