using LabNet.Core.GuestAgent;

namespace LabNet.Tests.GuestAgent;

[Trait("suite", "fake")]
public sealed class GuestAgentClientTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private readonly FakeGuestAgent _agent = new();
    private readonly ManualTimeProvider _time = new();
    private readonly GuestAgentClient _client;

    public GuestAgentClientTests() => _client = new GuestAgentClient(_agent.OpenAsync, _time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task The_client_synchronizes_once_and_then_asks_command_after_command()
    {
        var name = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        var sync = await _agent.ReadAnyAsync();
        Assert.Equal("guest-sync-delimited", sync.Name);
        await _agent.SyncAsync(sync);
        Assert.Equal("guest-get-host-name", (await _agent.ReadAnyAsync()).Name);
        await _agent.ReturnAsync("""{"host-name": "box", "new": 1}""");
        Assert.Equal("box", (await name).HostName);
        var ping = _client.ExecuteAsync(GuestAgentCommands.Ping, Cancellation);
        Assert.Equal("guest-ping", (await _agent.ReadAnyAsync()).Name);
        await _agent.ReturnAsync("{}");
        await ping;
    }

    [Fact(Timeout = Hang)]
    public async Task A_paused_guest_gives_no_answer_and_its_late_one_is_dropped()
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        await _agent.ReadAsync();
        _time.Advance(GuestAgentClient.AnswerTimeout);
        Assert.Contains("guest-get-host-name", (await Assert.ThrowsAsync<GuestAgentTimeoutException>(() => asking)).Message, StringComparison.Ordinal);

        await _agent.ReturnAsync("""{"host-name": "late"}""");
        var next = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        await _agent.ReadAsync();
        await _agent.ReturnAsync("""{"host-name": "box"}""");
        Assert.Equal("box", (await next).HostName);
    }

    [Fact(Timeout = Hang)]
    public async Task An_agent_that_does_not_even_synchronize_is_a_time_out_and_old_synchronizations_count_for_nothing()
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.Ping, Cancellation);
        var old = await _agent.ReadAnyAsync();
        _time.Advance(GuestAgentClient.AnswerTimeout);
        await Assert.ThrowsAsync<GuestAgentTimeoutException>(() => asking);

        var next = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        var fresh = await _agent.ReadAnyAsync();
        await _agent.SyncAsync(old);
        await _agent.ReturnAsync("""{"host-name": "between"}""");
        await _agent.SyncAsync(fresh);
        Assert.Equal("guest-get-host-name", (await _agent.ReadAnyAsync()).Name);
        await _agent.ReturnAsync("""{"host-name": "box"}""");
        Assert.Equal("box", (await next).HostName);
    }

    /// <summary>As QEMU's virtio-console does when its client went away just while the guest wrote.</summary>
    [Fact(Timeout = Hang)]
    public async Task A_port_that_holds_back_the_guests_output_is_freed_by_a_new_connection()
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.Ping, Cancellation);
        await _agent.ReadAnyAsync();
        _time.Advance(GuestAgentClient.AnswerTimeout);
        await Assert.ThrowsAsync<GuestAgentTimeoutException>(() => asking);
        var connections = _agent.Connections;
        await AssertAnswersAsync();
        Assert.Equal(connections + 1, _agent.Connections);
    }

    [Fact(Timeout = Hang)]
    public async Task Delimiters_and_garbage_before_the_synchronization_are_passed_over()
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        var sync = await _agent.ReadAnyAsync();
        await _agent.SendAsync(Bytes("\xFF\xFF\n{\"return\": 5}\n[garbage\n\xFF{\"return\": \"x\"}\n{\"return\"\xFF\xFF: 1}\n\n"));
        await _agent.SendAsync(Bytes("\xFF\xFF\n{\"half\": \xFF{\"re"));
        await _agent.SyncAsync(sync);
        Assert.Equal("guest-get-host-name", (await _agent.ReadAnyAsync()).Name);
        await _agent.ReturnAsync("""{"host-name": "box"}""");
        Assert.Equal("box", (await asking).HostName);
    }

    [Theory(Timeout = Hang)]
    [InlineData("garbage\n")]
    [InlineData("{\"return\": {\"host-name\": 5}}\n")]
    [InlineData("{\"return\": {}}\n")]
    [InlineData("{\"return\": null}\n")]
    [InlineData("{\"return\": {\"host-name\": null}}\n")]
    [InlineData("{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 9223372036854775807, \"microseconds\": 0}}\n")]
    [InlineData("{\"error\": 5}\n")]
    [InlineData("\xFF\n")]
    public async Task An_answer_that_makes_no_sense_is_an_unreachable_agent_and_the_next_one_begins_afresh(string answer)
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        await _agent.ReadAsync();
        await _agent.SendAsync(Bytes(answer));
        await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => asking);
        await AssertAnswersAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task Half_an_answer_and_the_end_of_QEMU_is_an_unreachable_agent()
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        await _agent.ReadAsync();
        await _agent.SendAsync("{\"return\": {\"host-"u8.ToArray());
        _agent.Disconnect();
        await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => asking);
        await AssertAnswersAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task An_agent_that_is_replaced_in_the_middle_of_an_answer_is_found_again()
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.GetHostName, Cancellation);
        await _agent.ReadAsync();

        // The old one died while it wrote; the guest's service manager starts a new one, on the same socket.
        await _agent.SendAsync("{\"return\": {\"host-name\": \"ol"u8.ToArray());
        _time.Advance(GuestAgentClient.AnswerTimeout);
        await Assert.ThrowsAsync<GuestAgentTimeoutException>(() => asking);
        await AssertAnswersAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task Nobody_at_the_socket_is_an_unreachable_agent()
    {
        await using var client = new GuestAgentClient(_ => throw new System.Net.Sockets.SocketException(111), _time);
        await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => client.ExecuteAsync(GuestAgentCommands.Ping, Cancellation));
    }

    [Fact(Timeout = Hang)]
    public async Task A_refusal_is_told_and_leaves_the_agent_in_step()
    {
        var asking = _client.ExecuteAsync(GuestAgentCommands.GetOsInfo, Cancellation);
        await _agent.ReadAsync();
        await _agent.SayAsync("""{"error": {"class": "CommandNotFound", "desc": "Command guest-get-osinfo has been disabled"}}""");
        var refusal = await Assert.ThrowsAsync<GuestAgentCommandException>(() => asking);
        Assert.Equal(("guest-get-osinfo", "CommandNotFound"), (refusal.Command, refusal.ErrorClass));
        var next = _client.ExecuteAsync(GuestAgentCommands.Ping, Cancellation);
        Assert.Equal("guest-ping", (await _agent.ReadAnyAsync()).Name);
        await _agent.ReturnAsync("{}");
        await next;
    }

    [Fact(Timeout = Hang)]
    public async Task Many_callers_take_turns_and_each_gets_its_own_answer()
    {
        const int Callers = 8;
        const int Commands = 300;
        var serving = Task.Run(
            async () =>
            {
                for (var i = 0; i < Callers * Commands; i++)
                {
                    var command = await _agent.ReadAsync();
                    await _agent.ReturnAsync($$"""{"exited": true, "exitcode": {{command.NumberText}} }""");
                }
            },
            Cancellation);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < Commands; i++)
            {
                var number = (caller * Commands) + i;
                Assert.Equal(number, await AskAsync(number, Cancellation));
            }
        })));
        await serving;
    }

    [LongFormFact(Hang)]
    public async Task Whoever_gives_up_and_whenever_a_late_answer_never_reaches_another()
    {
        var random = Seed.Print();
        for (var number = 0; number < LongForm.Rounds(1500); number++)
        {
            using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var asking = AskAsync(number, cancellation.Token);
            switch (random.Next(6))
            {
                case 0:
                    // Before the agent has read anything.
                    await GiveUpAsync(asking, cancellation, random);
                    break;
                case 1:
                    // While it synchronizes, or after the command if it is in step; it answers late, as all that comes later.
                    var read = await _agent.ReadAnyAsync();
                    await GiveUpAsync(asking, cancellation, random);
                    await AnswerAnyAsync(read);
                    break;
                case 2:
                    // After the command.
                    var command = await _agent.ReadAsync();
                    await GiveUpAsync(asking, cancellation, random);
                    await AnswerAnyAsync(command);
                    break;
                case 3:
                    // In the middle of the answer, whose rest comes when the next one asks.
                    var half = await _agent.ReadAsync();
                    await _agent.SendAsync("{\"return\": {\"exited\""u8.ToArray());
                    await GiveUpAsync(asking, cancellation, random);
                    await _agent.SendAsync(System.Text.Encoding.UTF8.GetBytes($": true, \"exitcode\": {half.NumberText}}}}}\n"));
                    break;
                case 4:
                    // Just while the answer comes: the one or the other.
                    var racing = await _agent.ReadAsync();
                    await Task.WhenAll(AnswerAnyAsync(racing), cancellation.CancelAsync());
                    try
                    {
                        Assert.Equal(number, await asking);
                    }
                    catch (OperationCanceledException)
                    {
                    }

                    break;
                default:
                    await AnswerAnyAsync(await ReadOwnAsync(number));
                    Assert.Equal(number, await asking);
                    break;
            }
        }

        // Commands of those who gave up may stand before it: a real agent answers them all, in their order.
        async Task<AgentCommand> ReadOwnAsync(int number)
        {
            while (true)
            {
                var command = await _agent.ReadAsync();
                if (command.Number == number)
                {
                    return command;
                }

                await AnswerAnyAsync(command);
            }
        }
    }

    [Fact(Timeout = Hang)]
    public async Task Disposing_ends_the_one_who_waits_for_the_agent_and_those_who_wait_for_their_turn()
    {
        var asking = Enumerable.Range(0, 4).Select(number => AskAsync(number, Cancellation)).ToList();
        await _agent.ReadAnyAsync();
        await _client.DisposeAsync();
        foreach (var asker in asking)
        {
            await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => asker);
        }

        await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => AskAsync(5, Cancellation));
    }

    private async Task GiveUpAsync(Task asking, CancellationTokenSource cancellation, Random random)
    {
        if (random.Next(2) == 0)
        {
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }
        else
        {
            // The clock is moved only when the asker has set its timer: before that its time has not begun.
            await _time.UntilTimerIsSetAsync(GuestAgentClient.AnswerTimeout);
            _time.Advance(GuestAgentClient.AnswerTimeout);
            await Assert.ThrowsAsync<GuestAgentTimeoutException>(() => asking);
        }
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.Latin1.GetBytes(text);

    private Task AnswerAnyAsync(AgentCommand command) => command.Name == "guest-sync-delimited"
        ? _agent.SyncAsync(command)
        : _agent.ReturnAsync($$"""{"exited": true, "exitcode": {{command.NumberText}} }""");

    private async Task<int?> AskAsync(int number, CancellationToken cancellationToken) =>
        (await _client.ExecuteAsync(GuestAgentCommands.QueryExecStatus, new ExecStatusArguments(number), cancellationToken)).Exitcode;

    private async Task AssertAnswersAsync()
    {
        var asking = AskAsync(77, Cancellation);
        var command = await _agent.ReadAsync();
        await AnswerAnyAsync(command);
        Assert.Equal(77, await asking);
    }
}
