using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Snapshots;

/// <summary>A lab of one real machine whose snapshots are taken.</summary>
internal sealed class SnapshotLab : IAsyncDisposable
{
    private string? _mounted;

    private SnapshotLab(LabOnThisMachine lab) => Lab = lab;

    public LabOnThisMachine Lab { get; }

    public VmSession Vm => Lab.Vm("box");

    public VmSnapshots Snapshots => Lab.Snapshots.Of(Vm.State.Name);

    public SnapshotTree Tree => Snapshots.Tree;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="diskMegabytes">Of a file system of the VM's own, for who wants to fill it (root only); null for the one of the machine.</param>
    public static async Task<SnapshotLab> StartAsync(string architecture, bool share = true, int? diskMegabytes = null)
    {
        var lab = new SnapshotLab(LabOnThisMachine.Open($$"""
            name: snapshots
            hosts:
              here: { kind: namespace, address: 10.99.7.1 }
            vms:
              box: { host: here, arch: {{architecture}}, memory: 256M, cpus: 1, image: debian{{(share ? ", share: workspace" : "")}} }
            """, keepsSnapshots: true));
        if (diskMegabytes is { } size)
        {
            var folder = lab.Vm.Paths.Folder;
            Directory.CreateDirectory(folder);
            await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}M", "labnet-test", folder);
            lab._mounted = folder;
        }

        Assert.Equal(OperationState.Succeeded, (await lab.Lab.DoAsync("box", VmAction.Start)).State);
        await lab.Lab.UntilAsync("box", state => state.Agent is GuestAgentState.Answering);
        return lab;
    }

    public Task<Operation> BeginTakeAsync(string name) => Snapshots.BeginTakeAsync(name, "", LabOnThisMachine.Tester, Cancellation);

    public Task<Operation> BeginRestoreAsync(Snapshot snapshot, bool snapshotFirst) =>
        Snapshots.BeginRestoreAsync(snapshot, snapshotFirst, LabOnThisMachine.Tester, Cancellation);

    public async Task<Snapshot> TakeAsync(string name)
    {
        await DoneAsync(await BeginTakeAsync(name));
        return Tree.There.Single(snapshot => snapshot.Name == name);
    }

    public Task<Operation> EndAsync(Operation operation) => Lab.EndAsync(operation);

    public async Task DoneAsync(Operation operation)
    {
        var ended = await EndAsync(operation);
        Assert.True(ended.State == OperationState.Succeeded, $"{ended.Kind} {ended.Detail}: {ended.Error}");
    }

    /// <summary>What a shell in the guest prints.</summary>
    public async Task<string> InGuestAsync(string script)
    {
        var result = await Vm.ExecAsync(new GuestProgram("/bin/sh", ["-c", script]), LabOnThisMachine.Tester, Cancellation);
        Assert.True(result.ExitCode == 0, Encoding.UTF8.GetString(result.Stderr.Span));
        return Encoding.UTF8.GetString(result.Stdout.Span);
    }

    /// <summary>As somebody else would, by the socket that is left free for them.</summary>
    public async Task SaveElsewhereAsync(string tag)
    {
        using var events = Vm.WatchQmpEvents();
        await ElsewhereAsync(SnapshotCommands.Save, new SnapshotArguments("others", tag, "vda", ["vda"]), "others");
        await events.ReadAllAsync(Cancellation).FirstAsync(record => record.Item is QmpEventSeen { Event.Name: "RESUME" }, Cancellation);
        await Lab.UntilAsync("box", state => state.RunState == RunState.Running);
    }

    public Task DeleteElsewhereAsync(string tag) => ElsewhereAsync(SnapshotCommands.Delete, new SnapshotDeleteArguments("others", tag, ["vda"]), "others");

    /// <summary>Ends when so many things have happened to the VM, or the operation has ended.</summary>
    public async Task WaitForRecordsAsync(int records, Operation operation)
    {
        using var changes = Lab.Feed.Subscribe(record => record.Source.Name == "box");
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var seen = changes.ReadAllAsync(enough.Token).Take(records).CountAsync(enough.Token).AsTask();
        await Task.WhenAny(seen, EndAsync(operation));
        await enough.CancelAsync();
        await ((Task)seen).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends when the tree has nothing under way and the guest, if it runs, has what it is owed.</summary>
    public async Task SettleAsync()
    {
        await Lab.UntilAsync("box", state => !state.IsThere && state.Process is VmProcessState.Off or VmProcessState.Exited
            || (state.RunState == RunState.Running && state.Agent is GuestAgentState.Answering && state.Jobs.All(job => job.Status == "concluded")));
        using var changes = Lab.Feed.Subscribe(record => record.Source.Name == "box" && record.Item is SnapshotsChanged);
        await Snapshots.ReadAsync(Cancellation);
        var trees = changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(Cancellation)).Select(record => ((SnapshotsChanged)record.Item).Tree);
        await trees.FirstAsync(tree => tree.Step is null && (tree.Debt == GuestDebt.None || !Vm.State.IsThere), Cancellation);
    }

    /// <summary>The tags that the disk holds, by qemu-img.</summary>
    public async Task<IEnumerable<string>> ReadHeldAsync()
    {
        using var info = JsonDocument.Parse(await RunAsync("qemu-img", "info", "--force-share", "--output=json", Vm.Paths.Disk));
        return info.RootElement.TryGetProperty("snapshots", out var snapshots)
            ? [.. snapshots.EnumerateArray().Select(one => one.GetProperty("name").GetString()!).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Leaks are what a killed QEMU may leave, and qemu-img repairs them; anything worse is not.</summary>
    public async Task CheckDiskAsync(string told)
    {
        const int Leaks = 3;
        var (status, output) = await RunToEndAsync("qemu-img", "check", Vm.Paths.Disk);
        Assert.True(status is 0 or Leaks, $"{told}: {output}");
    }

    /// <summary>Leaves so much room on the VM's own file system.</summary>
    public void FillUpTo(long freeBytes)
    {
        var drive = new DriveInfo(_mounted!);
        using var filler = File.Create(Path.Join(_mounted, "filler"));
        filler.Write(new byte[drive.AvailableFreeSpace - freeBytes]);
    }

    public void FreeAll() => File.Delete(Path.Join(_mounted, "filler"));

    public async ValueTask DisposeAsync()
    {
        if (_mounted is not null)
        {
            if (Vm.State.IsThere)
            {
                await Lab.DoAsync("box", VmAction.Kill);
            }

            await RunAsync("umount", "--lazy", _mounted);
        }

        await Lab.DisposeAsync();
    }

    /// <summary>Loads by one of LabNet's own jobs, as if the LabNet that began it were gone; ends when LabNet knows of it and the guest has what it is owed.</summary>
    public async Task LoadUnseenAsync(Snapshot snapshot)
    {
        using var changes = Lab.Feed.Subscribe(record => record.Source.Name == "box" && record.Item is SnapshotsChanged);
        await using (var qmp = await ConnectAsync())
        {
            await qmp.ExecuteAsync(SnapshotCommands.Load, new SnapshotArguments($"labnet-load-{snapshot.Id}", snapshot.Tag, "vda", ["vda"]), Cancellation);
        }

        await changes.ReadAllAsync(Cancellation).FirstAsync(
            record => ((SnapshotsChanged)record.Item).Tree is { Debt: GuestDebt.None } tree && tree.Head == snapshot.Id, Cancellation);
    }

    private async Task<QmpConnection> ConnectAsync()
    {
        var stream = await Vm.Host.OpenSocketAsync(Vm.Paths.UserSocket, Cancellation);
        var qmp = await QmpConnection.NegotiateAsync(stream, new QmpOptions(), TimeProvider.System, Cancellation);
        qmp.Start(static _ => { });
        return qmp;
    }

    private async Task ElsewhereAsync<TArguments>(QmpCommand<TArguments, QmpNothing> command, TArguments arguments, string job)
    {
        await using var qmp = await ConnectAsync();
        await qmp.ExecuteAsync(command, arguments, Cancellation);
        await Lab.UntilAsync("box", state => state.Jobs.Any(one => one.Id == job && one.Status == "concluded"));
        await qmp.ExecuteAsync(SnapshotCommands.Dismiss, new IdArguments(job), Cancellation);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (status, output) = await RunToEndAsync(program, arguments);
        Assert.True(status == 0, output);
        return output;
    }

    private static async Task<(int Status, string Output)> RunToEndAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, output + await errors);
    }
}
