using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Workbench;

/// <summary>Builds by a script of the test's own in place of infra/lab.</summary>
[Trait("suite", "fake")]
public sealed class PciBuilderTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private static readonly Actor Operator = new("olga", Role.Operator, "test");

    private readonly TestFolder _folder = new();
    private readonly Database _database;
    private readonly OperationRegistry _operations;
    private readonly AuditLog _audit;
    private readonly PciBuilder _builder;

    public PciBuilderTests()
    {
        var time = TimeProvider.System;
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        var feed = new LiveFeed(time);
        _operations = new OperationRegistry(new OperationStore(_database, time), feed, time, NullLogger<OperationRegistry>.Instance);
        _audit = new AuditLog(_database, feed, time);
        var settings = new HostSettings(_folder.Path, _folder.Path, "", "", Machine: null) { PciFolder = _folder.File("pci") };
        _builder = new PciBuilder(new Host(settings, time, NullLogger<Host>.Instance), _operations, _audit);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _operations.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = Hang)]
    public async Task A_build_says_what_it_does_and_is_told_to_whoever_asks()
    {
        Script("""echo "$@"; echo "cache $LABNET_CACHE" >&2; echo built""");
        var changes = 0;
        _builder.Changed += (_, _) => Interlocked.Increment(ref changes);
        Assert.Null(_builder.Last);
        var ended = await EndAsync(await _builder.BeginAsync(force: true, Operator, Cancellation));
        Assert.Equal((OperationState.Succeeded, "pci-build", null), (ended.State, ended.Kind, ended.Vm));
        Assert.Equal(["pci build --force", $"cache {_folder.Path}", "built"], _builder.Lines);
        Assert.Equal(ended.Id, _builder.Last!.Id);
        Assert.InRange(changes, 4, 10);
        var line = Assert.Single(_audit.Read(new AuditQuery(10)));
        Assert.Equal(("olga", "pci-build", "force", "accepted"), (line.Actor, line.Action, line.Detail, line.Result));
    }

    [Fact(Timeout = Hang)]
    public async Task A_build_that_fails_says_so_in_the_compilers_words()
    {
        Script("""echo compiling; echo "labnet-edu.c:12: error: expected ';'" >&2; exit 3""");
        var ended = await EndAsync(await _builder.BeginAsync(force: false, Operator, Cancellation));
        Assert.Equal(OperationState.Failed, ended.State);
        Assert.Equal("The devices were not built (exit status 3); those of before stay. compiling\nlabnet-edu.c:12: error: expected ';'", ended.Error);
    }

    [Fact(Timeout = Hang)]
    public async Task A_build_that_is_cancelled_ends_with_all_that_it_started_and_another_can_begin()
    {
        // The child writes its own number down, and a line when it is there.
        Script($"""bash -c 'echo $$ >{_folder.File("child")}; echo running; exec sleep 1000'""");
        var running = new TaskCompletionSource();
        _builder.Changed += (_, _) =>
        {
            if (_builder.Lines.Contains("running"))
            {
                running.TrySetResult();
            }
        };
        var first = await _builder.BeginAsync(force: false, Operator, Cancellation);
        await running.Task.WaitAsync(Cancellation);
        var refusal = await Assert.ThrowsAsync<VmConflictException>(() => _builder.BeginAsync(force: false, Operator, Cancellation));
        Assert.Contains("A build goes on", refusal.Message, StringComparison.Ordinal);
        Assert.True(_operations.Cancel(first.Id));
        Assert.Equal(OperationState.Cancelled, (await EndAsync(first)).State);
        var child = (await File.ReadAllTextAsync(_folder.File("child"), Cancellation)).Trim();
        while (!HasEnded(child))
        {
            await Task.Yield();
        }

        Script("echo again");
        Assert.Equal(OperationState.Succeeded, (await EndAsync(await _builder.BeginAsync(force: false, Operator, Cancellation))).State);
        Assert.Equal(["again"], _builder.Lines);
    }

    [Fact(Timeout = Hang)]
    public async Task Of_a_build_that_says_very_much_the_last_lines_are_kept_each_cut_to_what_can_be_read()
    {
        Script("""for i in {1..1000}; do echo $i; done; printf 'x%.0s' {1..1000}; echo""");
        await EndAsync(await _builder.BeginAsync(force: false, Operator, Cancellation));
        Assert.Equal((400, "602", 401), (_builder.Lines.Length, _builder.Lines[0], _builder.Lines[^1].Length));
    }

    [Fact(Timeout = Hang)]
    public async Task A_viewer_builds_nothing_and_a_script_that_is_missing_is_told()
    {
        await Assert.ThrowsAsync<ForbiddenException>(() => _builder.BeginAsync(force: false, new Actor("vera", Role.Viewer, "test"), Cancellation));
        Assert.Equal("forbidden", Assert.Single(_audit.Read(new AuditQuery(10))).Result);
        Assert.Null(_builder.Last);
        var ended = await EndAsync(await _builder.BeginAsync(force: false, Operator, Cancellation));
        Assert.Equal(OperationState.Failed, ended.State);
        Assert.Contains("No such file", ended.Error, StringComparison.Ordinal);
    }

    /// <summary>Killed, and at most not taken note of yet by whoever started it.</summary>
    private static bool HasEnded(string pid) => !File.Exists($"/proc/{pid}/stat") || File.ReadAllText($"/proc/{pid}/stat").Split(' ')[2] is "Z" or "X";

    private async Task<Operation> EndAsync(Operation operation) => (await _operations.WaitAsync(operation.Id, Cancellation))!;

    private void Script(string body)
    {
        var path = _folder.File("lab");
        File.WriteAllText(path, $"#!/usr/bin/env bash\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
