using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using LabNet.Core.Consoles;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Tests.Consoles;
using LabNet.Web.Hubs;
using LabNet.Web.Terminal;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Web;

[Trait("suite", "fake")]
public sealed class HubConsoleTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private TestApp _app = null!;
    private FakeConsole _qemu = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(_folder.Path);
        var vms = _app.Get<VmRegistry>();
        _qemu = FakeVm.Prepare(vms.Find(VmName.Parse("x86"))!.Paths);
        vms.Open();
        await _qemu.AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _qemu.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_operator_types_and_all_viewers_see_what_the_guest_makes_of_it()
    {
        await using var ann = await ConnectAsync(Role.Operator);
        await using var bob = await ConnectAsync(Role.Viewer);
        var keys = Channel.CreateUnbounded<ConsoleInput>();
        var seenByAnn = ReadUntilAsync(ann, "x86", from: null, keys, "ok\r\n");
        var seenByBob = ReadUntilAsync(bob, "x86", from: null, Channel.CreateUnbounded<ConsoleInput>(), "ok\r\n");
        keys.Writer.TryWrite(new ConsoleInput.Keys("ls é\r"));
        Assert.Equal("ls é\r", await _qemu.ReadAsync(6));
        await _qemu.WriteAsync("ok\r\n");
        Assert.EndsWith("ok\r\n", (await seenByAnn).Text, StringComparison.Ordinal);
        Assert.EndsWith("ok\r\n", (await seenByBob).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_viewer_who_types_is_refused_and_nothing_reaches_the_guest()
    {
        await using var viewer = await ConnectAsync(Role.Viewer);
        var keys = Channel.CreateUnbounded<ConsoleInput>();
        keys.Writer.TryWrite(new ConsoleInput.Keys("rm -rf /\r"));
        var refusal = await Assert.ThrowsAsync<HubException>(() => ReadUntilAsync(viewer, "x86", from: null, keys, "never"));
        Assert.Contains("console-type needs operator", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(_app.Get<AuditLog>().Read(new AuditQuery(10)), line => line is { Action: "console-type", Result: "forbidden", Origin: "hub" });
    }

    [Fact]
    public async Task Who_comes_back_goes_on_where_he_was()
    {
        await using var first = await ConnectAsync(Role.Viewer);
        var reading = ReadUntilAsync(first, "x86", from: null, Channel.CreateUnbounded<ConsoleInput>(), "one ");
        await _qemu.WriteAsync("one ");
        var next = (await reading).Next;
        await first.StopAsync(TestRun.Ended);
        await _qemu.WriteAsync("two");
        await using var second = await ConnectAsync(Role.Viewer);
        Assert.Equal("two", (await ReadUntilAsync(second, "x86", next, Channel.CreateUnbounded<ConsoleInput>(), "two")).Text);
    }

    [Fact]
    public async Task Who_says_how_far_he_has_seen_is_not_sent_much_more_and_skips_what_is_gone()
    {
        await using var slow = await ConnectAsync(Role.Viewer);
        var keys = Channel.CreateUnbounded<ConsoleInput>();
        keys.Writer.TryWrite(new ConsoleInput.Seen(0));
        var outputs = slow.StreamAsync<ConsoleOutput>(nameof(LabHub.ConsoleFrom), "x86", null, keys.Reader.ReadAllAsync(TestRun.Ended), TestRun.Ended);
        await using var stream = outputs.GetAsyncEnumerator(TestRun.Ended);
        await _qemu.WriteAsync("first");
        Assert.True(await stream.MoveNextAsync());
        for (var turn = 0; turn < 8; turn++)
        {
            await _qemu.WriteAsync(new byte[ConsoleHistory.KeptBytesMax]);
        }

        await _qemu.WriteAsync("THE END");
        long end = 0, missed = 0;
        while (end <= ConsoleViewer.UnseenBytesMax)
        {
            await ReadAsync();
        }

        // Nothing more comes until he says that he saw it; by then the console holds the end, and most of what lies before it is gone.
        await KeptEndsWithAsync("THE END");
        keys.Writer.TryWrite(new ConsoleInput.Seen(long.MaxValue / 2));
        while (!Encoding.ASCII.GetString(stream.Current.Data.Span).EndsWith("THE END", StringComparison.Ordinal))
        {
            await ReadAsync();
        }

        Assert.Equal("first".Length + 8 * ConsoleHistory.KeptBytesMax + "THE END".Length, end);
        Assert.True(missed > 6 * ConsoleHistory.KeptBytesMax, $"{missed}");

        async Task ReadAsync()
        {
            Assert.True(await stream.MoveNextAsync());
            end = stream.Current.Offset + stream.Current.Data.Length;
            missed += stream.Current.MissedBytes;
        }
    }

    [Fact]
    public async Task Keys_that_the_guest_does_not_take_are_told_and_the_stream_goes_on()
    {
        await using var connection = await ConnectAsync(Role.Operator);
        var keys = Channel.CreateUnbounded<ConsoleInput>();
        var outputs = connection.StreamAsync<ConsoleOutput>(nameof(LabHub.Console), "x86", keys.Reader.ReadAllAsync(TestRun.Ended), TestRun.Ended);
        await using var stream = outputs.GetAsyncEnumerator(TestRun.Ended);
        for (var turn = 0; turn < 100; turn++)
        {
            keys.Writer.TryWrite(new ConsoleInput.Keys(new string('x', 8000)));
        }

        string? problem = null;
        while (problem is null)
        {
            Assert.True(await stream.MoveNextAsync());
            problem = stream.Current.Problem;
        }

        Assert.Contains("may be paused", problem, StringComparison.Ordinal);
        await _qemu.WriteAsync("still here");
        while (stream.Current.Problem is not null || !Encoding.ASCII.GetString(stream.Current.Data.Span).Contains("still here", StringComparison.Ordinal))
        {
            Assert.True(await stream.MoveNextAsync());
        }
    }

    [Fact]
    public async Task A_VM_that_the_lab_does_not_have_is_told()
    {
        await using var connection = await ConnectAsync(Role.Viewer);
        var refusal = await Assert.ThrowsAsync<HubException>(() => ReadUntilAsync(connection, "nobody", from: null, Channel.CreateUnbounded<ConsoleInput>(), "never"));
        Assert.Contains("There is no VM \"nobody\"", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"columns": 0, "rows": 24}""")]
    [InlineData("""{"columns": 80}""")]
    [InlineData("""{"columns": 80, "rows": 99999999999}""")]
    [InlineData("""{"seen": "far"}""")]
    [InlineData("17")]
    [InlineData("null")]
    public async Task What_is_no_key_ends_the_stream_and_nothing_else(string item)
    {
        using var socket = await OpenSocketAsync(Role.Operator);
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        await SendAsync(socket, """{"type":4,"invocationId":"1","streamIds":["k"],"target":"Console","arguments":["x86"]}""");
        await SendAsync(socket, $$"""{"type":2,"invocationId":"k","item":{{item}}}""");
        var told = await ReadUntilAsync(socket, "\"type\":3");
        Assert.Contains("error", told, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await (await _app.NewClientAsync(Role.Viewer)).GetAsync("/api/v1/vms/x86", TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task Without_a_token_or_from_a_foreign_page_there_is_no_hub()
    {
        await Assert.ThrowsAsync<WebSocketException>(() => OpenSocketAsync(role: null));
        await Assert.ThrowsAsync<WebSocketException>(() => OpenSocketAsync(Role.Admin, origin: "http://evil.example"));
    }

    private async Task KeptEndsWithAsync(string end)
    {
        await foreach (var chunk in _app.Get<VmRegistry>().Find(VmName.Parse("x86"))!.ReadConsoleAsync(from: null, ConsoleHistory.KeptBytesMax, TestRun.Ended))
        {
            if (Encoding.ASCII.GetString(chunk.Bytes.Span).EndsWith(end, StringComparison.Ordinal))
            {
                return;
            }
        }
    }

    private async Task<HubConnection> ConnectAsync(Role role)
    {
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton<IConnectionFactory>(new WebSocketConnections((await _app.TokenAsync(role)).Secret.Reveal()));
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(HubAddress));
        builder.AddJsonProtocol(json => HubRegistration.ConfigureJson(json.PayloadSerializerOptions));
        var connection = builder.Build();
        await connection.StartAsync(TestRun.Ended);
        return connection;
    }

    private Uri HubAddress => new UriBuilder(_app.Address) { Scheme = "ws", Path = HubRegistration.Path }.Uri;

    private async Task<ClientWebSocket> OpenSocketAsync(Role? role, string? origin = null)
    {
        var socket = new ClientWebSocket();
        if (role is { } known)
        {
            socket.Options.SetRequestHeader("Authorization", "Bearer " + (await _app.TokenAsync(known)).Secret.Reveal());
        }

        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        await socket.ConnectAsync(HubAddress, TestRun.Ended);
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + "\u001e"), WebSocketMessageType.Text, endOfMessage: true, TestRun.Ended);

    private static async Task<string> ReadUntilAsync(ClientWebSocket socket, string word)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        while (!text.ToString().Contains(word, StringComparison.Ordinal))
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(), TestRun.Ended);
            text.Append(Encoding.UTF8.GetString(buffer, 0, result.Count));
            if (result.MessageType == WebSocketMessageType.Close)
            {
                break;
            }
        }

        return text.ToString();
    }

    private static async Task<(string Text, ConsolePosition Next)> ReadUntilAsync(
        HubConnection connection, string vm, ConsolePosition? from, Channel<ConsoleInput> keys, string end)
    {
        var text = new StringBuilder();
        await foreach (var output in connection.StreamAsync<ConsoleOutput>(nameof(LabHub.ConsoleFrom), vm, from, keys.Reader.ReadAllAsync(TestRun.Ended), TestRun.Ended))
        {
            text.Append(Encoding.UTF8.GetString(output.Data.Span));
            if (text.ToString().EndsWith(end, StringComparison.Ordinal))
            {
                return (text.ToString(), new ConsolePosition(output.Stream, output.Offset + output.Data.Length));
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
