using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "fake")]
public sealed class QmpTogetherTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private static readonly QmpCommand<JsonElement> Size = QomCommands.Get.With(new QomGetArguments("/machine/\"quoted\"", "size"));
    private static readonly CompleteQmpCommand[] Commands = [RunStateCommands.QueryStatus, MachineCommands.QueryKvm, Size];

    private readonly FakeQmpServer _server = new();
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact(Timeout = Hang)]
    public async Task Each_answer_is_read_by_its_command_whatever_the_order_and_a_refusal_spoils_no_other()
    {
        var (peer, connection) = await _server.ConnectAsync();
        await using var _ = connection;
        var asking = connection.ExecuteAsync(Commands, Cancellation).AsTask();
        var (status, kvm, size) = (await peer.ReadAsync(), await peer.ReadAsync(), await peer.ReadAsync());
        Assert.Equal((status.Id + 1, status.Id + 2), (kvm.Id, size.Id));
        Assert.Equal("""{"path":"/machine/\u0022quoted\u0022","property":"size"}""", size.Arguments.GetRawText());
        await peer.ReplyAsync(size, "5");
        await peer.SendAsync($$"""{"error": {"class": "GenericError", "desc": "not now"}, "id": {{kvm.Id}}}""");
        await peer.ReplyAsync(status, """{"status": "running", "running": true}""");
        var replies = await asking;
        Assert.Equal(RunState.Running, replies.Read(RunStateCommands.QueryStatus).Status);
        Assert.Equal(5, replies.Read(Size).GetInt32());
        Assert.Equal((null, "not now"), replies.ReadUnlessRefused(MachineCommands.QueryKvm));
        Assert.Equal("not now", Assert.Throws<QmpCommandException>(() => replies.Read(MachineCommands.QueryKvm)).Description);
        Assert.Equal((true, false), (replies.Has(Size), replies.Has(MachineCommands.QueryJobs)));
        Assert.Throws<ArgumentException>(() => replies.Read(MachineCommands.QueryJobs));
    }

    [Fact(Timeout = Hang)]
    public async Task Nothing_is_asked_by_no_question()
    {
        var (_, connection) = await _server.ConnectAsync();
        await using var open = connection;
        Assert.False((await connection.ExecuteAsync([], Cancellation)).Has(Size));
    }

    [Fact(Timeout = Hang)]
    public async Task Who_waits_too_long_learns_which_command_QEMU_works_on_and_the_rest_of_the_answers_is_dropped()
    {
        var (peer, connection) = await _server.ConnectAsync(new QmpOptions { ReplyTimeout = TimeSpan.FromSeconds(60) }, _time);
        await using var _ = connection;
        var asking = connection.ExecuteAsync(Commands, Cancellation).AsTask();
        var (status, kvm, size) = (await peer.ReadAsync(), await peer.ReadAsync(), await peer.ReadAsync());
        await peer.ReplyAsync(status, """{"status": "running", "running": true}""");
        await AnswerOneMoreAsync(peer, connection);
        _time.Advance(TimeSpan.FromSeconds(60));
        var late = await Assert.ThrowsAsync<QmpTimeoutException>(() => asking);
        Assert.Contains("query-kvm", late.Message, StringComparison.Ordinal);
        await peer.ReplyAsync(kvm, """{"enabled": false, "present": true}""");
        await peer.ReplyAsync(size, "5");
        await AnswerOneMoreAsync(peer, connection);
        Assert.Equal(2, connection.UnclaimedReplies);
    }

    [Fact(Timeout = Hang)]
    public async Task Giving_up_and_a_connection_that_ends_free_all_of_them()
    {
        var options = new QmpOptions { PendingCommandsMax = Commands.Length };
        var (peer, connection) = await _server.ConnectAsync(options);
        await using var _ = connection;
        using var enough = new CancellationTokenSource();
        var given = connection.ExecuteAsync(Commands, enough.Token).AsTask();
        await peer.ReadAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await connection.ExecuteAsync(MachineCommands.QueryKvm, Cancellation));
        await enough.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => given);
        var lost = connection.ExecuteAsync(Commands, Cancellation).AsTask();
        peer.Dispose();
        var reason = await Assert.ThrowsAsync<QmpDisconnectedException>(() => lost);
        Assert.Contains("query-status", reason.Message, StringComparison.Ordinal);
    }

    /// <summary>When it is answered, what QEMU sent before has been read.</summary>
    private static async Task AnswerOneMoreAsync(FakeQmpPeer peer, QmpConnection connection)
    {
        var asking = connection.ExecuteAsync(MachineCommands.QueryJobs, Cancellation).AsTask();
        await peer.ReplyAsync(await peer.ReadAsync(), "[]");
        Assert.Empty(await asking);
    }
}
