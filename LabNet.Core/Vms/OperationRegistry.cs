using System.Collections.Concurrent;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Vms;

/// <summary>Runs what takes time, and knows how it went. Each operation can be cancelled, and is told on the feed and in lab.db.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class OperationRegistry(
    OperationStore store, LiveFeed feed, TimeProvider time, ILogger<OperationRegistry> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Running> _running = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>An operation's id; later ones sort behind.</summary>
    public static string NewId() => Guid.CreateVersion7().ToString("N");

    /// <summary>Starts the work and returns at once.</summary>
    /// <param name="work">Gets a way to report progress (0 to 1) and the token by which the operation is cancelled.</param>
    /// <param name="detail">What exactly, in a few words; null where the kind says all.</param>
    /// <param name="id">Of <see cref="NewId"/>, where something had to know it before; null for a new one.</param>
    public Operation Begin(
        string kind, VmName? vm, Actor actor, Func<IProgress<double>, CancellationToken, Task> work, string? detail = null, string? id = null)
    {
        var operation = new Operation(
            id ?? NewId(), kind, vm, actor.Name, OperationState.Running, Progress: null, time.GetUtcNow(), EndedAt: null, Error: null)
        {
            Detail = detail,
        };
        var running = new Running(operation, CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token));
        _running[operation.Id] = running;
        running.Task = Task.Run(() => RunAsync(running, work), CancellationToken.None);
        return operation;
    }

    /// <summary>As it is now; of those that ended, the ones of the last day.</summary>
    public Operation? Find(string id) => _running.TryGetValue(id, out var running) ? running.Operation : store.Find(id);

    /// <summary>What is under way for the VM.</summary>
    public IReadOnlyList<Operation> RunningOf(VmName vm) => [.. _running.Values.Select(one => one.Operation).Where(one => one.Vm == vm)];

    /// <summary>Ends when the operation does.</summary>
    public async Task<Operation?> WaitAsync(string id, CancellationToken cancellationToken)
    {
        if (_running.TryGetValue(id, out var running))
        {
            return await running.Ended.Task.WaitAsync(cancellationToken);
        }

        return store.Find(id);
    }

    /// <summary>Asks the operation to end; false if it is not running.</summary>
    public bool Cancel(string id)
    {
        if (!_running.TryGetValue(id, out var running))
        {
            return false;
        }

        running.Cancellation.Cancel();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running.Values.Select(r => r.Task));
        _stopping.Dispose();
    }

    private async Task RunAsync(Running running, Func<IProgress<double>, CancellationToken, Task> work)
    {
        Operation Ended(OperationState state, string? error) =>
            running.Operation with { State = state, EndedAt = time.GetUtcNow(), Error = error, Progress = state == OperationState.Succeeded ? 1 : running.Operation.Progress };

        await TellAsync(running, running.Operation);
        try
        {
            await work(new ProgressReport(p => Publish(running, running.Operation with { Progress = p })), running.Cancellation.Token);
            await TellAsync(running, Ended(OperationState.Succeeded, error: null));
        }
        catch (OperationCanceledException) when (running.Cancellation.IsCancellationRequested)
        {
            await TellAsync(running, Ended(OperationState.Cancelled, error: null));
        }
        catch (Exception e)
        {
            LogFailed(e, running.Operation.Kind, running.Operation.Vm);
            await TellAsync(running, Ended(OperationState.Failed, e.Message));
        }

        _running.TryRemove(running.Operation.Id, out _);
        running.Ended.SetResult(running.Operation);
        running.Cancellation.Dispose();
    }

    private async Task TellAsync(Running running, Operation operation)
    {
        Publish(running, operation);
        try
        {
            await store.SaveAsync(operation, CancellationToken.None);
        }
        catch (DatabaseException e)
        {
            LogNotSaved(e, operation.Id);
        }
    }

    private void Publish(Running running, Operation operation)
    {
        running.Operation = operation;
        feed.Publish(operation.Vm is { } vm ? new FeedSource(vm.ToString()) : FeedSource.Lab, new OperationChanged(operation));
    }

    [LoggerMessage(2001, LogLevel.Warning, "Operation {Kind} of {Vm} failed")]
    private partial void LogFailed(Exception exception, string kind, VmName? vm);

    [LoggerMessage(2002, LogLevel.Error, "Operation {Id} could not be written to lab.db; it is known until LabNet ends")]
    private partial void LogNotSaved(Exception exception, string id);

    private sealed class Running(Operation operation, CancellationTokenSource cancellation)
    {
        public Operation Operation { get; set; } = operation;

        public CancellationTokenSource Cancellation { get; } = cancellation;

        public TaskCompletionSource<Operation> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task { get; set; } = Task.CompletedTask;
    }

    /// <summary>Unlike <see cref="Progress{T}"/>, tells in order and at once.</summary>
    private sealed class ProgressReport(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(Math.Clamp(value, 0, 1));
    }
}
