using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Snapshots;

/// <summary>A real QEMU with a counting guest and a qcow2 disk, whose snapshots are taken by QMP jobs.</summary>
internal sealed partial class CountingQemu : IAsyncDisposable
{
    private readonly CountingGuest _guest;
    private readonly Process _process;
    private readonly QmpConnection _connection;
    private TaskCompletionSource _concluded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CountingQemu(CountingGuest guest, Process process, QmpConnection connection)
    {
        (_guest, _process, _connection) = (guest, process, connection);
        _connection.Start(OnEvent);
    }

    public static async Task<CountingQemu> StartAsync(CountingGuest guest, TestFolder folder, string disk)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder.File("qmp")));
        listener.Listen();

        // timeout ends QEMU also when the test run itself is killed.
        string[] all =
        [
            "--kill-after=5", "120", guest.Binary, "-accel", "tcg", "-m", "64M", "-nodefaults", "-display", "none",
            "-chardev", $"socket,id=m,path={folder.File("qmp")}", "-mon", "chardev=m,mode=control",
            "-blockdev", $"driver=qcow2,node-name=d0,file.driver=file,file.filename={disk}", "-device", "virtio-blk-pci,drive=d0,romfile=",
            .. guest.Arguments(folder),
        ];
        var process = Process.Start(new ProcessStartInfo("timeout", all))!;
        var stream = new NetworkStream(await listener.AcceptAsync(TestContext.Current.CancellationToken), ownsSocket: true);
        return new CountingQemu(guest, process, await QmpConnection.NegotiateAsync(stream, new QmpOptions(), TimeProvider.System, TestContext.Current.CancellationToken));
    }

    /// <summary>Ends when the guest has counted on from there.</summary>
    /// <returns>How far.</returns>
    public async Task<ulong> CountAsync(ulong from)
    {
        ulong counter;
        do
        {
            var memory = await SayAsync($"xp /1{(_guest.CounterBytes == sizeof(ulong) ? 'g' : 'w')}x 0x{_guest.CounterAddress:x}");
            counter = ulong.Parse(memory.Split("0x")[1].Trim(), NumberStyles.HexNumber);
        }
        while (counter <= from);
        return counter;
    }

    /// <summary>The counting register, as QEMU's monitor tells it of a guest that stands.</summary>
    public async Task<ulong> RegisterAsync() =>
        ulong.Parse(CountingRegister().Match(await SayAsync("info registers")).Groups["value"].Value, NumberStyles.HexNumber);

    public async Task StopAsync() => await _connection.ExecuteAsync(RunStateCommands.Stop, TestContext.Current.CancellationToken);

    public async Task ResumeAsync() => await _connection.ExecuteAsync(RunStateCommands.Cont, TestContext.Current.CancellationToken);

    public async Task SaveAsync(string tag)
    {
        _concluded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await RawAsync("snapshot-save", $$"""{"job-id": "{{tag}}", "tag": "{{tag}}", "vmstate": "d0", "devices": ["d0"]}""");
        await _concluded.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Null((await _connection.ExecuteAsync(MachineCommands.QueryJobs, TestContext.Current.CancellationToken)).Single().Error);
        await RawAsync("job-dismiss", $$"""{"id": "{{tag}}"}""");
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void OnEvent(QmpEvent told)
    {
        if (told.Name == "JOB_STATUS_CHANGE" && told.Text("status") == "concluded")
        {
            _concluded.TrySetResult();
        }
    }

    private async Task<string> SayAsync(string line) =>
        JsonDocument.Parse(await RawAsync("human-monitor-command", $$"""{"command-line": "{{line}}"}""")).RootElement.GetString()!;

    private async Task<ReadOnlyMemory<byte>> RawAsync(string command, string arguments) =>
        await _connection.ExecuteRawAsync(command, JsonElement.Parse(arguments), TestContext.Current.CancellationToken);

    [GeneratedRegex(@"\b(?:RCX|ECX|X01)\s*=\s*(?<value>[0-9a-f]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CountingRegister();
}
