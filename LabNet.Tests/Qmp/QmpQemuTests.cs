using System.Text;
using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "qemu")]
public sealed class QmpQemuTests
{
    private const int Hang = 120_000;
    private const int Callers = 8;
    private const int Commands = 2_000;

    [Fact(Timeout = Hang)]
    public async Task Every_answer_of_a_real_QEMU_reaches_its_asker_with_events_in_between()
    {
        // Each caller asks for an object of its own: no two answers are alike.
        var objects = Enumerable.Range(0, Callers).SelectMany(i => (string[])["-object", $"memory-backend-ram,id=m{i},size={SizeBytes(i)}"]);
        await using var qemu = await MachinelessQemu.StartAsync(monitors: 2, [.. objects]);
        List<string> events = [];
        await using var connection = await ConnectAsync(qemu.Monitors[0], e => events.Add(e.Name));
        await using var other = await ConnectAsync(qemu.Monitors[1], static _ => { });
        Assert.Equal(connection.Greeting.Version, (await connection.ExecuteAsync(MachineCommands.QueryVersion, TestContext.Current.CancellationToken)).Qemu.ToVersion());

        using var done = new CancellationTokenSource();
        var toggling = Task.Run(() => ToggleAsync(other, done.Token), TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => AskAsync(connection, caller))));
        await done.CancelAsync();
        var toggles = await toggling;

        // QEMU sends an event to all its monitors at once; one more answer and they have all arrived.
        await connection.ExecuteAsync(RunStateCommands.QueryStatus, TestContext.Current.CancellationToken);
        Assert.True(toggles > 0);
        Assert.Equal(Enumerable.Repeat((string[])["RESUME", "STOP"], toggles).SelectMany(e => e), events);
        Assert.Equal(0, connection.UnclaimedReplies);
    }

    private static async Task<QmpConnection> ConnectAsync(Stream stream, Action<QmpEvent> onEvent)
    {
        var connection = await QmpConnection.NegotiateAsync(stream, new QmpOptions(), TimeProvider.System, TestContext.Current.CancellationToken);
        connection.Start(onEvent);
        return connection;
    }

    private static async Task AskAsync(QmpConnection connection, int caller)
    {
        var present = JsonElement.Parse($$"""{"path": "/objects/m{{caller}}", "property": "size"}""");
        var missing = JsonElement.Parse($$"""{"path": "/objects/none{{caller}}", "property": "size"}""");
        for (var number = 0; number < Commands; number++)
        {
            if (number % 10 == 0)
            {
                var refusal = await Assert.ThrowsAsync<QmpCommandException>(
                    () => connection.ExecuteRawAsync("qom-get", missing, TestContext.Current.CancellationToken).AsTask());
                Assert.Equal("DeviceNotFound", refusal.ErrorClass);
                Assert.Contains($"none{caller}'", refusal.Description, StringComparison.Ordinal);
            }
            else
            {
                var size = await connection.ExecuteRawAsync("qom-get", present, TestContext.Current.CancellationToken);
                Assert.Equal($"{SizeBytes(caller)}", Encoding.UTF8.GetString(size.Span));
            }
        }
    }

    private static async Task<int> ToggleAsync(QmpConnection connection, CancellationToken done)
    {
        var toggles = 0;
        for (; !done.IsCancellationRequested; toggles++)
        {
            await connection.ExecuteAsync(RunStateCommands.Cont, TestContext.Current.CancellationToken);
            await connection.ExecuteAsync(RunStateCommands.Stop, TestContext.Current.CancellationToken);
        }

        return toggles;
    }

    private static long SizeBytes(int caller) => (caller + 1) * 1024L * 1024;
}
