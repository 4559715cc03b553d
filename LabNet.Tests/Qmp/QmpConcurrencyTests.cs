using System.Text;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "fake")]
public sealed class QmpConcurrencyTests : IAsyncDisposable
{
    private const int Hang = 60_000;
    private const int Callers = 8;
    private const int Commands = 10_000;

    private readonly FakeQmpServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact(Timeout = Hang)]
    public async Task Every_answer_reaches_its_asker_however_they_are_mixed()
    {
        var events = 0L;
        var (peer, connection) = await _server.ConnectAsync(onEvent: e => events += e.Data.GetProperty("weight").GetInt32());
        await using var _ = connection;
        var serving = Task.Run(() => ServeAsync(peer, Seed.Print()), TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => AskAsync(connection, caller))));
        var sent = await serving;
        peer.Dispose();
        await connection.Closed;
        Assert.Equal(sent, events);
        Assert.Equal(0, connection.UnclaimedReplies);
    }

    private static async Task AskAsync(QmpConnection connection, int caller)
    {
        for (var number = 0; number < Commands; number++)
        {
            var asked = new Echo(caller, number);
            Assert.Equal(asked, await connection.ExecuteAsync(EchoCommand.Echo, asked, TestContext.Current.CancellationToken));
        }
    }

    /// <summary>Waits until every caller that is not done has asked, then answers some of them in random order with events in between.</summary>
    private static async Task<long> ServeAsync(FakeQmpPeer peer, Random random)
    {
        List<FakeQmpCommand> open = [];
        var (read, sent) = (0, 0L);
        var left = Enumerable.Repeat(Commands, Callers).ToArray();
        while (left.Any(l => l > 0))
        {
            while (open.Count < left.Count(l => l > 0))
            {
                open.Add(await peer.ReadAsync());
                read++;
            }

            var bytes = new StringBuilder();
            var answers = random.Next(1, open.Count + 1);
            for (var i = 0; i < answers; i++)
            {
                if (random.Next(3) == 0)
                {
                    var weight = random.Next(100);
                    sent += weight;
                    bytes.Append($$"""{"event": "X", "data": {"weight": {{weight}} } }""").Append("\r\n");
                }

                var command = open[random.Next(open.Count)];
                open.Remove(command);
                left[command.Arguments.GetProperty("caller").GetInt32()]--;
                bytes.Append($$"""{"return": {{command.Arguments.GetRawText()}}, "id": {{command.Id}}}""").Append("\r\n");
            }

            await peer.SendBytesAsync(Encoding.UTF8.GetBytes(bytes.ToString()));
        }

        Assert.Equal(Callers * Commands, read);
        return sent;
    }
}
