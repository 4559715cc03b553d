using System.Collections.Concurrent;
using System.Net.Sockets;

namespace LabNet.Tests.Qmp;

/// <summary>
/// A QEMU of few words, played to whoever connects, one after the other: each command has one answer, which a test may change, hold back or
/// put out of order.
/// </summary>
internal sealed class ScriptedQemu : IAsyncDisposable
{
    /// <summary>The last of those that the pump sends together.</summary>
    private const string BlockStats = "query-blockstats";

    private readonly FakeQmpServer _server = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<string, string> _answers = new(new Dictionary<string, string>
    {
        ["query-kvm"] = """{"enabled": false, "present": true}""",
        ["query-jobs"] = "[]",
        ["query-memory-size-summary"] = $$"""{"base-memory": {{1L << 29}}, "plugged-memory": 0}""",
        ["query-cpus-fast"] = """[{"cpu-index": 0, "qom-path": "/machine/unattached/device[0]", "thread-id": 7, "target": "x86_64"}]""",
        ["query-target"] = """{"arch": "x86_64"}""",
        ["query-pci"] = "[]",
        ["query-named-block-nodes"] = "[]",
        ["query-balloon"] = $$"""{"actual": {{1L << 29}}}""",
        ["x-query-irq"] = """{"human-readable-text": "IRQ statistics for ioapic:\n 1: 5\n"}""",
    });

    private readonly ConcurrentDictionary<string, string> _events = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly Task _serving;
    private TaskCompletionSource _released = Done();
    private FakeQmpPeer? _peer;
    private volatile string? _breaksAt;

    public ScriptedQemu()
    {
        Status = "running";
        _serving = Task.Run(ServeLoopAsync);
    }

    public string Path => _server.Path;

    public string Status
    {
        set => _answers["query-status"] = $$"""{"status": "{{value}}", "running": {{(value == "running" ? "true" : "false")}}}""";
    }

    /// <summary>Whether the answers to commands that were sent together come in the opposite order.</summary>
    public bool AnswersBackwards { get; set; }

    /// <summary>The commands since the last call.</summary>
    public IReadOnlyList<string> TakeAsked()
    {
        var asked = new List<string>();
        while (_asked.TryDequeue(out var name))
        {
            asked.Add(name);
        }

        return asked;
    }

    public void Answer(string command, string value) => _answers[command] = value;

    /// <summary>The command is not known from now on.</summary>
    public void Refuse(string command) => _answers.TryRemove(command, out _);

    /// <summary>The command is answered, and this event follows at once.</summary>
    public void AnswerWithEvent(string command, string value, string line)
    {
        _events[command] = line;
        Answer(command, value);
    }

    /// <summary>The process ends when it gets this command.</summary>
    public void BreakAt(string command) => _breaksAt = command;

    /// <summary>Nothing is answered until <see cref="Release"/>.</summary>
    public void Hold() => _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _released.SetResult();

    public Task SendAsync(params string[] lines) => _peer!.SendAsync(lines);

    /// <summary>The process ends; the next one greets whoever connects anew.</summary>
    public void Break() => _peer!.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _server.DisposeAsync();
        await _serving;
        _ending.Dispose();
    }

    private async Task ServeLoopAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                _peer = await _server.AcceptAsync();
                await _peer.NegotiateAsync();
                await ServeAsync(_peer);
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // One of both ends was closed.
            }
        }
    }

    private async Task ServeAsync(FakeQmpPeer peer)
    {
        var waiting = new Stack<string>();
        while (await peer.ReadOrEndAsync() is { } command)
        {
            _asked.Enqueue(command.Name);
            if (command.Name == _breaksAt)
            {
                peer.Dispose();
                return;
            }

            await _released.Task.WaitAsync(_ending.Token);
            waiting.Push(_answers.TryGetValue(command.Name, out var value)
                ? $$"""{"return": {{value}}, "id": {{command.Id}}}"""
                : $$"""{"error": {"class": "CommandNotFound", "desc": "The command {{command.Name}} has not been found"}, "id": {{command.Id}}}""");
            if (!AnswersBackwards || command.Name == BlockStats)
            {
                await peer.SendAsync([.. waiting, .. _events.TryGetValue(command.Name, out var line) ? (string[])[line] : []]);
                waiting.Clear();
            }
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}
