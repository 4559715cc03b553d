using LabNet.Core.Qmp;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Qmp;

[Trait("suite", "fake")]
public sealed class QmpSessionTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private static readonly QmpOptions Options = new();

    private readonly FakeQmpServer _server = new();
    private readonly ManualTimeProvider _time = new();
    private bool _listening = true;
    private int _attempts;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact(Timeout = Hang)]
    public async Task The_pauses_between_attempts_grow_to_a_limit_and_begin_anew_after_a_connection()
    {
        _listening = false;
        await using var session = Start();
        await using var signals = session.ReadSignalsAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        foreach (var pauseMs in (int[])[20, 40, 80, 160, 250, 250])
        {
            Assert.IsType<QmpConnectException>((await NextAsync<QmpSignal.ConnectFailed>(signals)).Reason);
            Assert.Equal(TimeSpan.FromMilliseconds(pauseMs), await _time.NextTimerAsync());
            Assert.Equal(QmpSessionState.WaitingToReconnect, session.State);
            _listening = pauseMs == 250 && _attempts == 6;
            _time.Advance(TimeSpan.FromMilliseconds(pauseMs));
        }

        var peer = await _server.AcceptAsync();
        await peer.NegotiateAsync();
        await NextAsync<QmpSignal.Connected>(signals);
        _listening = false;
        peer.Dispose();
        await NextAsync<QmpSignal.Disconnected>(signals);
        await _time.UntilTimerIsSetAsync(Options.ReconnectDelayFirst);
        Assert.Equal(7, _attempts);
    }

    [Fact(Timeout = Hang)]
    public async Task Connected_comes_first_then_the_connections_events_then_its_end()
    {
        await using var session = Start();
        await using var signals = session.ReadSignalsAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        for (var round = 0; round < 5; round++)
        {
            var peer = await _server.AcceptAsync();
            await peer.SendAsync(FakeQmpPeer.Greeting);
            var command = await peer.ReadAsync();
            await peer.SendAsync($$"""{"return": {}, "id": {{command.Id}}}""", """{"event": "STOP"}""", """{"event": "RESUME"}""");
            peer.Dispose();
            Assert.Equal(new Version(7, 2, 22), (await NextAsync<QmpSignal.Connected>(signals)).Greeting.Version);
            Assert.Equal("STOP", (await NextAsync<QmpSignal.Received>(signals)).Event.Name);
            Assert.Equal("RESUME", (await NextAsync<QmpSignal.Received>(signals)).Event.Name);
            await NextAsync<QmpSignal.Disconnected>(signals);
            await _time.UntilTimerIsSetAsync(Options.ReconnectDelayFirst);
            _time.Advance(Options.ReconnectDelayFirst);
        }
    }

    [Fact(Timeout = Hang)]
    public async Task Who_hears_of_the_connection_can_ask_at_once_and_who_hears_of_its_end_is_told_why()
    {
        await using var session = Start();
        await using var signals = session.ReadSignalsAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        for (var round = 0; round < 300; round++)
        {
            var peer = await _server.AcceptAsync();
            await peer.NegotiateAsync();
            await NextAsync<QmpSignal.Connected>(signals);
            var asking = session.ExecuteAsync(MachineCommands.QueryKvm, Cancellation);
            await peer.ReplyAsync(await peer.ReadAsync(), """{"enabled": true, "present": true}""");
            Assert.True((await asking).Enabled);
            peer.Dispose();
            var end = await NextAsync<QmpSignal.Disconnected>(signals);
            var refused = await Assert.ThrowsAsync<QmpDisconnectedException>(() => session.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask());
            Assert.Same(end.Reason, refused.InnerException);
            await _time.UntilTimerIsSetAsync(Options.ReconnectDelayFirst);
            _time.Advance(Options.ReconnectDelayFirst);
        }
    }

    [Fact(Timeout = Hang)]
    public async Task Before_the_first_connection_a_command_is_refused_at_once()
    {
        await using var session = Start();
        await Assert.ThrowsAsync<QmpDisconnectedException>(() => session.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask());
        Assert.Equal(QmpSessionState.Connecting, session.State);
    }

    [Fact(Timeout = Hang)]
    public async Task ConnectNow_ends_the_pause_and_the_next_pauses_begin_small_again()
    {
        _listening = false;
        await using var session = Start();
        foreach (var pauseMs in (int[])[20, 40, 80])
        {
            Assert.Equal(TimeSpan.FromMilliseconds(pauseMs), await _time.NextTimerAsync());
            _time.Advance(TimeSpan.FromMilliseconds(pauseMs));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(160), await _time.NextTimerAsync());
        session.ConnectNow();
        Assert.Equal(TimeSpan.FromMilliseconds(20), await _time.NextTimerAsync());
    }

    [Fact(Timeout = Hang)]
    public async Task ConnectNow_during_an_attempt_makes_the_next_one_follow_without_a_pause()
    {
        var inAttempt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var failAttempt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var session = Start(async cancellationToken =>
        {
            inAttempt.TrySetResult();
            await failAttempt.Task.WaitAsync(cancellationToken);
            return _attempts++ == 0 ? throw new IOException("Nobody is there yet.") : await _server.OpenAsync(cancellationToken);
        });
        await inAttempt.Task;
        session.ConnectNow();
        failAttempt.SetResult();
        await (await _server.AcceptAsync()).NegotiateAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task A_peer_without_a_greeting_is_given_up_and_tried_again()
    {
        await using var session = Start();
        await using var signals = session.ReadSignalsAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var silent = await _server.AcceptAsync();
        await _time.UntilTimerIsSetAsync(Options.GreetingTimeout);
        _time.Advance(Options.GreetingTimeout);
        Assert.IsType<QmpConnectException>((await NextAsync<QmpSignal.ConnectFailed>(signals)).Reason);
        await silent.UntilClosedAsync();
        await _time.UntilTimerIsSetAsync(Options.ReconnectDelayFirst);
        _time.Advance(Options.ReconnectDelayFirst);
        await (await _server.AcceptAsync()).NegotiateAsync();
        await NextAsync<QmpSignal.Connected>(signals);
    }

    [Fact(Timeout = Hang)]
    public async Task A_peer_that_talks_nonsense_is_left_and_tried_again()
    {
        await using var session = Start();
        await using var signals = session.ReadSignalsAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var mad = await _server.AcceptAsync();
        await mad.SendAsync("""{"QMP": {"version": {"qemu": {"micro": -1, "minor": -1, "major": -1}, "package": ""}}}""");
        Assert.IsType<QmpProtocolException>((await NextAsync<QmpSignal.ConnectFailed>(signals)).Reason);
        await _time.UntilTimerIsSetAsync(Options.ReconnectDelayFirst);
        _time.Advance(Options.ReconnectDelayFirst);
        var peer = await _server.AcceptAsync();
        await peer.NegotiateAsync();
        await NextAsync<QmpSignal.Connected>(signals);
        await peer.SendAsync("nonsense");
        Assert.IsType<QmpProtocolException>((await NextAsync<QmpSignal.Disconnected>(signals)).Reason);
        await peer.UntilClosedAsync();
    }

    [Theory(Timeout = Hang)]
    [InlineData("not started")]
    [InlineData("opening")]
    [InlineData("no greeting")]
    [InlineData("negotiating")]
    [InlineData("ready")]
    [InlineData("asking")]
    [InlineData("waiting")]
    public async Task Disposing_ends_promptly_at_every_stage_and_the_signals_end_too(string stage)
    {
        _listening = stage != "waiting";
        var opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = stage switch
        {
            "not started" => New(OpenAsync),
            "opening" => Start(async cancellationToken =>
            {
                opening.SetResult();
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
                throw new InvalidOperationException();
            }),
            _ => Start(),
        };
        var asking = Task.CompletedTask;
        switch (stage)
        {
            case "opening":
                await opening.Task;
                break;
            case "no greeting":
                await _server.AcceptAsync();
                break;
            case "negotiating":
                var peer = await _server.AcceptAsync();
                await peer.SendAsync(FakeQmpPeer.Greeting);
                await peer.ReadAsync();
                break;
            case "ready" or "asking":
                var ready = await _server.AcceptAsync();
                await ready.NegotiateAsync();
                await session.ReadSignalsAsync(Cancellation).FirstAsync(Cancellation);
                asking = stage == "asking" ? session.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask() : asking;
                break;
            case "waiting":
                await _time.UntilTimerIsSetAsync(Options.ReconnectDelayFirst);
                break;
        }

        await session.DisposeAsync();
        Assert.Equal(QmpSessionState.Disposed, session.State);
        await foreach (var signal in session.ReadSignalsAsync(Cancellation))
        {
            Assert.True(signal is QmpSignal.Disconnected or QmpSignal.ConnectFailed, $"{signal}");
        }

        if (stage == "asking")
        {
            await Assert.ThrowsAsync<QmpDisconnectedException>(() => asking);
        }

        Assert.Equal(0, _time.TimersSet);
        session.ConnectNow();
        await session.DisposeAsync();
        await Assert.ThrowsAsync<QmpDisconnectedException>(() => session.ExecuteAsync(RunStateCommands.Cont, Cancellation).AsTask());
    }

    [Fact(Timeout = Hang)]
    public async Task A_flood_of_events_that_nobody_reads_becomes_a_counted_gap_and_commands_go_on()
    {
        const int Events = 100_000;
        await using var session = Start();
        var peer = await _server.AcceptAsync();
        await peer.NegotiateAsync();
        await using var signals = session.ReadSignalsAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        await NextAsync<QmpSignal.Connected>(signals);
        for (var sent = 0; sent < Events; sent += 1000)
        {
            await peer.SendAsync([.. Enumerable.Range(sent, 1000).Select(EventNumber)]);
            var asking = session.ExecuteAsync(MachineCommands.QueryKvm, Cancellation);
            await peer.ReplyAsync(await peer.ReadAsync(), """{"enabled": true, "present": true}""");
            Assert.True((await asking).Enabled);
        }

        for (var number = 0; number < Options.QueuedEventsMax; number++)
        {
            Assert.Equal(number, Number(await NextAsync<QmpSignal.Received>(signals)));
        }

        // The gap stands where the events were lost: what comes now comes after it.
        await peer.SendAsync(EventNumber(Events));
        Assert.Equal(Events - Options.QueuedEventsMax, (await NextAsync<QmpSignal.Gap>(signals)).Events);
        Assert.Equal(Events, Number(await NextAsync<QmpSignal.Received>(signals)));
        peer.Dispose();
        await NextAsync<QmpSignal.Disconnected>(signals);
    }

    private static string EventNumber(int number) => $$"""{"event": "X", "data": {"number": {{number}} } }""";

    private static int Number(QmpSignal.Received received) => received.Event.Data.GetProperty("number").GetInt32();

    private static async Task<TSignal> NextAsync<TSignal>(IAsyncEnumerator<QmpSignal> signals)
        where TSignal : QmpSignal
    {
        Assert.True(await signals.MoveNextAsync());
        return Assert.IsType<TSignal>(signals.Current);
    }

    private QmpSession New(Func<CancellationToken, ValueTask<Stream>> open) => new(open, Options, _time, NullLogger<QmpSession>.Instance);

    private QmpSession Start() => Start(OpenAsync);

    private QmpSession Start(Func<CancellationToken, ValueTask<Stream>> open)
    {
        var session = New(open);
        session.Start();
        return session;
    }

    private ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        _attempts++;
        return _listening ? _server.OpenAsync(cancellationToken) : throw new IOException("Nobody is there.");
    }
}
