using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Snapshots;

/// <summary>
/// One VM's snapshots. Before QEMU is asked for anything the step is written down, in lab.db and beside the disk; what came of it is what QEMU
/// says, at once or to a LabNet that comes later.
/// </summary>
/// <remarks>Thread-safe. One thing at a time: whoever comes while something is under way is refused.</remarks>
public sealed partial class VmSnapshots : IAsyncDisposable
{
    private readonly SnapshotStore _store;
    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FeedSource _source;
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Held by whoever changes the tree by more than one step: an operation, or the loop that compares.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _sync = new();
    private SnapshotTree _tree;
    private bool _isKept = true;

    /// <summary>Whether QEMU may have ended, or may yet be found to have ended, in the middle of a job.</summary>
    private bool _mayBeDamaged;
    private Task _loop = Task.CompletedTask;

    internal VmSnapshots(VmSession vm, SnapshotStore store, LiveFeed feed, TimeProvider time, ILogger logger)
    {
        (Vm, _store, _feed, _time, _logger) = (vm, store, feed, time, logger);
        _source = new FeedSource(vm.State.Name.ToString());
        _tree = SnapshotTree.Empty(vm.State.Name);
    }

    public VmSession Vm { get; }

    public SnapshotTree Tree
    {
        get
        {
            lock (_sync)
            {
                return _tree;
            }
        }
    }

    internal void Start()
    {
        Show(Load());
        _mayBeDamaged = Tree.Step is not null;
        Vm.BeforeStart = RepairAfterDeathAsync;
        _loop = Task.Run(() => ReconcileLoopAsync(_stopping.Token), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Vm.BeforeStart = null;
        await _stopping.CancelAsync();
        await _loop;
        _turn.Dispose();
        _stopping.Dispose();
    }

    /// <summary>The one of both copies that is newer; a LabNet may have ended between writing them, and either file may be lost.</summary>
    private SnapshotTree Load()
    {
        SnapshotTree? kept = null, beside = null;
        try
        {
            kept = _store.Find(Vm.State.Name);
        }
        catch (Exception e) when (e is DatabaseException or JsonException)
        {
            LogNotRead(Vm.State.Name.ToString(), "lab.db", e.Message);
        }

        try
        {
            beside = SnapshotDocument.ReadFrom(Vm.Paths.Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            LogNotRead(Vm.State.Name.ToString(), "the file beside its disk", e.Message);
        }

        return (kept?.Revision ?? -1) >= (beside?.Revision ?? -1) ? kept ?? SnapshotTree.Empty(Vm.State.Name) : beside!;
    }

    /// <summary>Changes the tree only if that could be written down.</summary>
    /// <exception cref="DatabaseException">Nothing was changed.</exception>
    private async Task<SnapshotTree> ChangeAsync(Func<SnapshotTree, SnapshotTree> change)
    {
        var next = Next(change);
        await KeepAsync(next);
        Show(next);
        return next;
    }

    /// <summary>Changes the tree to what is so already; it is written down as soon as that is possible.</summary>
    private async Task LearnAsync(Func<SnapshotTree, SnapshotTree> change)
    {
        var next = Next(change);
        if (ReferenceEquals(next, Tree))
        {
            return;
        }

        Show(next);
        await TryKeepAsync();
    }

    private async Task TryKeepAsync()
    {
        try
        {
            await KeepAsync(Tree);
            _isKept = true;
        }
        catch (DatabaseException e)
        {
            _isKept = false;
            LogNotKept(Vm.State.Name.ToString(), e.Message);
        }
    }

    private SnapshotTree Next(Func<SnapshotTree, SnapshotTree> change)
    {
        var now = Tree;
        var next = change(now);
        return ReferenceEquals(next, now) ? now : next with { Revision = now.Revision + 1 };
    }

    private async Task KeepAsync(SnapshotTree tree)
    {
        await _store.SaveAsync(tree, CancellationToken.None);
        try
        {
            SnapshotDocument.WriteTo(Vm.Paths.Folder, tree);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that is full is where lab.db may have had room still; the copy is for the day when lab.db is lost.
            LogNotKept(Vm.State.Name.ToString(), e.Message);
        }
    }

    private void Show(SnapshotTree tree)
    {
        lock (_sync)
        {
            _tree = tree;
            _feed.Publish(_source, new SnapshotsChanged(tree));
        }
    }

    private void Tell(string name, string text, SnapshotTimes? times = null) => _feed.Publish(_source, new SnapshotTold(name, text, times));

    [LoggerMessage(3501, LogLevel.Error, "{Vm}: its snapshots could not be read from {Place}: {Problem}")]
    private partial void LogNotRead(string vm, string place, string problem);

    [LoggerMessage(3502, LogLevel.Error, "{Vm}: what is known of its snapshots could not be written down: {Problem}")]
    private partial void LogNotKept(string vm, string problem);

    [LoggerMessage(3503, LogLevel.Warning, "{Vm}: its snapshots could not be compared: {Problem}")]
    private partial void LogNotCompared(string vm, string problem);

    /// <inheritdoc cref="VmSession.RunJobAsync"/>
    private async Task<string?> RunJobAsync<TArguments>(QmpCommand<TArguments, QmpNothing> command, TArguments arguments, string jobId)
    {
        _mayBeDamaged = true;
        var error = await Vm.RunJobAsync(command, arguments, jobId);
        _mayBeDamaged = false;
        return error;
    }
}
