using System.Text;
using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>
/// A recorded conversation: what the client sent, and QEMU's bytes in between. The recordings were made without <c>id</c>; the ids that
/// a <see cref="QmpConnection"/> gives are put in.
/// </summary>
internal sealed class Transcript
{
    private readonly List<(string Name, JsonElement? Arguments, JsonElement Reply)> _exchanges = [];
    private readonly List<(int AfterCommands, byte[] Bytes)> _said = [];
    private readonly List<string> _events = [];

    public static Transcript Read(string machine, string name)
    {
        var transcript = new Transcript();
        transcript.Say(0, Recording.Read(machine, "greeting").Single());
        transcript.Say(1, """{"return": {}, "id": 0}""");
        foreach (var line in Recording.Read(machine, name))
        {
            transcript.Add(line);
        }

        return transcript;
    }

    public int BytesTotal => _said.Sum(said => said.Bytes.Length);

    /// <param name="cuts">Places in QEMU's bytes, counted from the greeting's first.</param>
    public TranscriptStream CutAt(IReadOnlySet<int> cuts)
    {
        List<(int, byte[])> pieces = [];
        var position = 0;
        foreach (var (after, bytes) in _said)
        {
            var start = 0;
            for (var end = 1; end <= bytes.Length; end++)
            {
                if (end == bytes.Length || cuts.Contains(position + end))
                {
                    pieces.Add((after, bytes[start..end]));
                    start = end;
                }
            }

            position += bytes.Length;
        }

        return new TranscriptStream(pieces);
    }

    /// <summary>Says the client's part through a <see cref="QmpConnection"/> and compares all that arrives.</summary>
    public async Task PlayAsync(Stream stream)
    {
        List<string> events = [];
        await using var connection = await QmpConnection.NegotiateAsync(
            stream, new QmpOptions(), TimeProvider.System, TestContext.Current.CancellationToken);
        connection.Start(e => events.Add(e.Name + (e.Data.ValueKind == JsonValueKind.Undefined ? "" : e.Data.GetRawText())));
        foreach (var (name, arguments, reply) in _exchanges)
        {
            if (reply.TryGetProperty("error", out var error))
            {
                var refusal = await Assert.ThrowsAsync<QmpCommandException>(
                    () => connection.ExecuteRawAsync(name, arguments, TestContext.Current.CancellationToken).AsTask());
                Assert.Equal(error.GetProperty("class").GetString(), refusal.ErrorClass);
                Assert.Equal(error.GetProperty("desc").GetString(), refusal.Description);
            }
            else
            {
                var value = await connection.ExecuteRawAsync(name, arguments, TestContext.Current.CancellationToken);
                Assert.Equal(reply.GetProperty("return").GetRawText(), Encoding.UTF8.GetString(value.Span));
            }
        }

        Assert.IsType<QmpDisconnectedException>(await connection.Closed);
        Assert.Equal(_events, events);
        Assert.Equal(0, connection.UnclaimedReplies);
    }

    private void Add(string line)
    {
        var message = JsonElement.Parse(line);
        if (message.TryGetProperty("execute", out var name))
        {
            _exchanges.Add((name.GetString()!, message.TryGetProperty("arguments", out var arguments) ? arguments : null, default));
        }
        else if (message.TryGetProperty("event", out var eventName))
        {
            _events.Add(eventName.GetString() + (message.TryGetProperty("data", out var data) ? data.GetRawText() : ""));
            Say(_exchanges.Count + 1, line);
        }
        else
        {
            _exchanges[^1] = _exchanges[^1] with { Reply = message };
            Say(_exchanges.Count + 1, $$"""{{line[..^1]}}, "id": {{_exchanges.Count}}}""");
        }
    }

    private void Say(int afterCommands, string line) => _said.Add((afterCommands, Encoding.UTF8.GetBytes(line + "\r\n")));
}
