using LabNet.Core.GuestAgent;

namespace LabNet.Tests.GuestAgent;

[Trait("suite", "fake")]
public sealed class GuestInfoReaderTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private static readonly Dictionary<string, string> Files = new(StringComparer.Ordinal)
    {
        ["/proc/uptime"] = "50.25 90.00\n",
        ["/proc/loadavg"] = "0.50 0.25 0.10 1/99 1234\n",
        ["/proc/meminfo"] = "MemTotal: 1000 kB\nMemAvailable: 400 kB\n",
        ["/proc/mounts"] = "/dev/vda / ext4 rw 0 0\nworkspace /mnt 9p rw 0 0\nproc /proc proc rw 0 0\n",
    };

    private static readonly Dictionary<string, string> Answers = new(StringComparer.Ordinal)
    {
        ["guest-get-host-name"] = """{"host-name": "box"}""",
        ["guest-get-osinfo"] = """{"id": "debian", "pretty-name": "Debian 12", "kernel-release": "6.1", "machine": "x86_64"}""",
        ["guest-get-timezone"] = """{"zone": "UTC", "offset": 0}""",
        ["guest-get-users"] = """[{"user": "<b>root</b>", "login-time": 1795341833.5}]""",
        ["guest-get-fsinfo"] = """[{"name": "vda", "mountpoint": "/", "type": "ext4", "used-bytes": 10, "total-bytes": 20, "disk": []}]""",
        ["guest-info"] = """{"version": "7.2.0", "supported_commands": [{"name": "guest-ping", "enabled": true, "success-response": true}]}""",
        ["guest-get-time"] = "1767323046000000000",
    };

    private readonly FakeGuestAgent _agent = new();
    private readonly ManualTimeProvider _time = new();
    private readonly GuestAgentClient _client;

    public GuestInfoReaderTests() => _client = new GuestAgentClient(_agent.OpenAsync, _time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task A_guest_tells_all_of_itself()
    {
        var info = await ReadAsync(static _ => null);
        Assert.Equal(("box", "Debian 12", "UTC", "<b>root</b>"), (info.HostName, info.OperatingSystem!.PrettyName, info.TimeZone!.Zone, info.Users!.Value.Single().User));
        Assert.Equal((50.25, 0.25, 1_024_000L), (info.UptimeSeconds, info.Load!.FiveMinutes, info.Memory!.Total));
        Assert.Equal(
            [new GuestFileSystem("vda", "/", "ext4", 10, 20), new GuestFileSystem("workspace", "/mnt", "9p")], info.FileSystems!.Value);
        Assert.Equal(("7.2.0", "guest-ping"), (info.Agent!.Version, info.Agent.SupportedCommands.Single().Name));
        Assert.Equal(new GuestClock(1000, 0), info.Clock);
        Assert.Empty(info.Missing);
    }

    [Fact(Timeout = Hang)]
    public async Task A_part_that_the_agent_does_not_have_is_missing_with_its_reason()
    {
        var info = await ReadAsync(command => command is "guest-get-users" or "guest-get-fsinfo" ? $"{command} is disabled" : null);
        Assert.Null(info.Users);
        Assert.Equal([new GuestFileSystem("/dev/vda", "/", "ext4"), new GuestFileSystem("workspace", "/mnt", "9p")], info.FileSystems!.Value);
        Assert.Equal(["FileSystemSizes", "Users"], info.Missing.Keys);
        Assert.Contains("guest-get-users is disabled", info.Missing["Users"], StringComparison.Ordinal);
        Assert.Equal("box", info.HostName);
    }

    [Fact(Timeout = Hang)]
    public async Task An_agent_that_refuses_everything_leaves_reasons_only()
    {
        var info = await ReadAsync(static _ => "no");
        Assert.Equal(
            ["Agent", "Clock", "FileSystemSizes", "FileSystems", "HostName", "Load", "Memory", "OperatingSystem", "TimeZone", "UptimeSeconds", "Users"],
            info.Missing.Keys.Union(["FileSystemSizes"]).Order(StringComparer.Ordinal));
        Assert.Null(info.FileSystems);
    }

    [Theory(Timeout = Hang)]
    [InlineData("guest-get-osinfo", """{"return": 5}""")]
    [InlineData("guest-get-osinfo", """{"return": {"name": "\ud800"}}""")]
    [InlineData("guest-get-users", """{"return": [{"user": 1}]}""")]
    [InlineData("guest-info", """{"return": {"version": "x", "supported_commands": null}}""")]
    [InlineData("guest-file-read", """{"return": {"count": 1, "buf-b64": "no base64!", "eof": true}}""")]
    [InlineData("guest-file-open", """{"return": "x"}""")]
    [InlineData("guest-get-time", """{"return": 1e400}""")]
    [InlineData("guest-get-time", "garbage")]
    public async Task An_answer_that_makes_no_sense_is_an_unreachable_agent_which_heals(string command, string answer)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var serving = ServeAsync(name => name == command ? answer : null, stop.Token);
        await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => new GuestInfoReader(_client, _time, Cancellation).ReadAsync());
        await stop.CancelAsync();
        await serving;
        Assert.Equal("box", (await ReadAsync(static _ => null)).HostName);
    }

    [Fact(Timeout = Hang)]
    public async Task A_file_is_read_to_its_end_and_closed_also_when_it_comes_in_pieces()
    {
        var reading = _client.ReadTextAsync("/proc/x", Cancellation);
        Assert.Equal("""{"path":"/proc/x","mode":"r"}""", (await _agent.ReadAsync()).Arguments.GetRawText());
        await _agent.ReturnAsync("7");
        foreach (var piece in (string[])["""{"count": 2, "buf-b64": "YWI=", "eof": false}""", """{"count": 1, "buf-b64": "Yw==", "eof": false}""", """{"count": 0, "buf-b64": "", "eof": false}"""])
        {
            Assert.Equal("guest-file-read", (await _agent.ReadAsync()).Name);
            await _agent.ReturnAsync(piece);
        }

        var close = await _agent.ReadAsync();
        Assert.Equal(("guest-file-close", 7), (close.Name, close.Arguments.GetProperty("handle").GetInt64()));
        await _agent.SayAsync("""{"error": {"class": "GenericError", "desc": "no such handle"}}""");
        Assert.Equal("abc", await reading);
    }

    private async Task<GuestInfo> ReadAsync(Func<string, string?> refusal)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var serving = ServeAsync(name => refusal(name) is { } words ? $$$"""{"error": {"class": "CommandNotFound", "desc": "{{{words}}}"}}""" : null, stop.Token);
        var info = await new GuestInfoReader(_client, _time, Cancellation).ReadAsync();
        await stop.CancelAsync();
        await serving;
        return info;
    }

    /// <summary>Plays a good agent, but for what the test says.</summary>
    private async Task ServeAsync(Func<string, string?> instead, CancellationToken stop)
    {
        var path = "";
        while (!stop.IsCancellationRequested)
        {
            var reading = _agent.ReadAsync(stop);
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!reading.IsCompletedSuccessfully)
            {
                return;
            }

            var command = await reading;
            path = command.Name == "guest-file-open" ? command.Arguments.GetProperty("path").GetString()! : path;
            await _agent.SayAsync(instead(command.Name) ?? $$"""{"return": {{AnswerTo(command.Name, path)}}}""");
        }
    }

    private static string AnswerTo(string command, string path) => command switch
    {
        "guest-file-open" => "1000",
        "guest-file-read" => $$"""{"count": 1, "buf-b64": "{{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Files[path]))}}", "eof": true}""",
        "guest-file-close" => "{}",
        _ => Answers[command],
    };
}
