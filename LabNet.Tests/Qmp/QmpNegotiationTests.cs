using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "fake")]
public sealed class QmpNegotiationTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private readonly FakeQmpServer _server = new();
    private readonly ManualTimeProvider _time = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact(Timeout = Hang)]
    public async Task The_greeting_is_kept_and_unknown_members_of_it_are_skipped()
    {
        var (peer, negotiating) = await _server.BeginAsync();
        await peer.SendAsync("""{"new": [1], "QMP": {"capabilities": ["oob", "new"], "version": {"package": "p", "qemu": {"major": 99, "minor": 1, "micro": 0, "x": 1}}}}""");
        await peer.ReplyAsync(await peer.ReadAsync());
        await using var connection = await negotiating;
        Assert.Equal(new QmpGreeting(new Version(99, 1, 0), "p"), connection.Greeting);
    }

    [Theory(Timeout = Hang)]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n")]
    [InlineData("(qemu) \n")]
    [InlineData("{\"return\": {}}\r\n")]
    [InlineData("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": -1, \"minor\": 2, \"major\": 7}, \"package\": \"\"}}}\r\n")]
    [InlineData("\0\0\0\0\n")]
    public async Task Garbage_instead_of_a_greeting_is_a_protocol_error_and_the_connection_is_closed(string garbage)
    {
        var (peer, negotiating) = await _server.BeginAsync();
        await peer.SendBytesAsync(System.Text.Encoding.UTF8.GetBytes(garbage));
        await Assert.ThrowsAsync<QmpProtocolException>(() => negotiating);
        await peer.UntilClosedAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task Half_a_greeting_and_a_close_is_a_protocol_error()
    {
        var (peer, negotiating) = await _server.BeginAsync();
        await peer.SendBytesAsync("{\"QMP\": {"u8.ToArray());
        peer.Dispose();
        await Assert.ThrowsAsync<QmpProtocolException>(() => negotiating);
    }

    [Fact(Timeout = Hang)]
    public async Task A_close_instead_of_a_greeting_is_a_failure_to_connect()
    {
        var (peer, negotiating) = await _server.BeginAsync();
        peer.Dispose();
        await Assert.ThrowsAnyAsync<QmpConnectException>(() => negotiating);
    }

    [Fact(Timeout = Hang)]
    public async Task No_greeting_in_time_is_a_failure_to_connect_that_names_the_likely_reason()
    {
        var (peer, negotiating) = await _server.BeginAsync(time: _time);
        await _time.UntilTimerIsSetAsync(new QmpOptions().GreetingTimeout);
        _time.Advance(new QmpOptions().GreetingTimeout - TimeSpan.FromTicks(1));
        Assert.False(negotiating.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));
        var failure = await Assert.ThrowsAsync<QmpConnectException>(() => negotiating);
        Assert.Contains("Another client", failure.Message, StringComparison.Ordinal);
        await peer.UntilClosedAsync();
        Assert.Equal(0, _time.TimersSet);
    }

    [Fact(Timeout = Hang)]
    public async Task A_greeting_and_then_silence_is_a_failure_to_connect()
    {
        var (peer, negotiating) = await _server.BeginAsync(time: _time);
        await peer.SendAsync(FakeQmpPeer.Greeting);
        Assert.Equal("qmp_capabilities", (await peer.ReadAsync()).Name);
        _time.Advance(new QmpOptions().GreetingTimeout);
        await Assert.ThrowsAsync<QmpConnectException>(() => negotiating);
        await peer.UntilClosedAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task Cancelling_ends_the_negotiation_and_closes_the_socket()
    {
        using var cancellation = new CancellationTokenSource();
        var stream = await _server.OpenAsync(TestContext.Current.CancellationToken);
        var negotiating = QmpConnection.NegotiateAsync(stream, new QmpOptions(), _time, cancellation.Token);
        var peer = await _server.AcceptAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => negotiating);
        await peer.UntilClosedAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task A_refused_negotiation_tells_what_QEMU_said()
    {
        var (peer, negotiating) = await _server.BeginAsync();
        await peer.SendAsync(FakeQmpPeer.Greeting);
        var command = await peer.ReadAsync();
        await peer.SendAsync($$"""{"id": {{command.Id}}, "error": {"class": "CommandNotFound", "desc": "not today"} }""");
        var refusal = await Assert.ThrowsAsync<QmpCommandException>(() => negotiating);
        Assert.Equal(("qmp_capabilities", "CommandNotFound", "not today"), (refusal.Command, refusal.ErrorClass, refusal.Description));
    }

    [Fact(Timeout = Hang)]
    public async Task What_QEMU_says_between_the_negotiation_and_the_start_is_not_lost()
    {
        var (peer, negotiating) = await _server.BeginAsync();
        await peer.SendAsync(FakeQmpPeer.Greeting);
        var command = await peer.ReadAsync();
        await peer.SendAsync($$"""{"return": {}, "id": {{command.Id}}}""", """{"event": "STOP"}""", """{"event": "RESUME"}""");
        await using var connection = await negotiating;
        List<string> events = [];
        connection.Start(e => events.Add(e.Name));
        peer.Dispose();
        await connection.Closed;
        Assert.Equal(["STOP", "RESUME"], events);
    }

    [Fact(Timeout = Hang)]
    public async Task A_greeting_longer_than_a_line_may_be_is_refused_before_it_fills_the_memory()
    {
        var options = new QmpOptions { FrameBytesMax = 1024 * 1024 };
        var (peer, negotiating) = await _server.BeginAsync(options);
        var sent = await peer.SendUntilRefusedAsync(20 * 1024 * 1024);
        await Assert.ThrowsAsync<QmpProtocolException>(() => negotiating);
        Assert.InRange(sent, options.FrameBytesMax, options.FrameBytesMax + (2 * 1024 * 1024));
    }
}
