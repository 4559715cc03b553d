using System.Collections.Concurrent;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Traffic;

/// <summary>All captures of the lab: those that go on, and those that are kept.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class CaptureRegistry(
    VmRegistry vms, CaptureStore store, string folder, LiveFeed feed, TimeProvider time, ILogger<CaptureRegistry> logger) : IAsyncDisposable
{
    /// <summary>Of all that is kept and all that may still come; over it the oldest go.</summary>
    public const long BudgetBytes = 4L << 30;

    /// <summary>Each looks at its files twenty times a second.</summary>
    public const int RunningMax = 16;

    /// <summary>Left on the disk for everything else.</summary>
    private const long LeftFreeBytes = 512L << 20;
    private const string DumpPrefix = "labnet-capture-";

    private readonly ConcurrentDictionary<string, Capture> _kept = new();
    private readonly ConcurrentDictionary<string, (CaptureRun Run, Task Loop)> _running = new();
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _sweepLoop = Task.CompletedTask;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Capture> All =>
        [.. _running.Values.Select(one => one.Run.Capture).Concat(_kept.Values).DistinctBy(one => one.Id).OrderByDescending(one => one.StartedAt)];

    public Capture? Find(string id) => _running.TryGetValue(id, out var running) ? running.Run.Capture : _kept.GetValueOrDefault(id);

    /// <summary>Goes on with what an earlier LabNet left. After the VMs are opened.</summary>
    public void Start()
    {
        try
        {
            foreach (var capture in store.Read())
            {
                if (!capture.IsRunning)
                {
                    _kept[capture.Id] = capture;
                }
                else if (capture.Parts.All(part => vms.Find(part.Nic.Vm) is not null))
                {
                    Run(new CaptureRun(capture, FolderOf(capture.Id), vm => vms.Find(vm)!, store, feed, time, logger));
                }
                else
                {
                    _kept[capture.Id] = capture with { End = CaptureEnd.Failed, Problem = "The lab file has one of its VMs no longer." };
                }
            }
        }
        catch (Exception e) when (e is DatabaseException or IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            LogNotRead(e);
        }

        var changes = feed.Subscribe(record => record.Item is VmChanged);
        _sweepLoop = Task.Run(() => SweepLoopAsync(changes, _stopping.Token), CancellationToken.None);
    }

    /// <summary>Begins one for the actor (operator); answers when QEMU writes.</summary>
    /// <exception cref="ArgumentException">There is a <see cref="CaptureRequest.Mistake"/>, or the filter is none.</exception>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">A VM or NIC is not there, or there is no room.</exception>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="QmpException"/>
    public async Task<Capture> BeginAsync(CaptureRequest request, Actor actor, CancellationToken cancellationToken)
    {
        var mistake = request.Mistake() ?? (CaptureFilter.TryParse(request.Filter, out _, out var wrong) ? null : $"filter: {wrong}");
        if (mistake is not null)
        {
            throw new ArgumentException(mistake, nameof(request));
        }

        foreach (var nic in request.Nics)
        {
            await Vm(nic.Vm).AllowAsync("capture", $"{nic.Nic}{(request.Filter.Length == 0 ? "" : $": {request.Filter}")}", actor, cancellationToken);
            ThrowUnlessPossible(nic);
        }

        await _changing.WaitAsync(cancellationToken);
        try
        {
            await MakeRoomAsync(request.MaxBytes, cancellationToken);
            return await BeginAsync(New(request, actor), cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Ends one for the actor (operator); it is kept. Of one that has ended nothing changes.</summary>
    /// <exception cref="ForbiddenException"/>
    public async Task<Capture> StopAsync(Capture capture, Actor actor, CancellationToken cancellationToken)
    {
        await AllowAsync("capture-stop", capture, actor, cancellationToken);
        if (!_running.TryGetValue(capture.Id, out var running))
        {
            return Find(capture.Id) ?? capture;
        }

        running.Run.Stop();
        return await running.Run.Ended.WaitAsync(cancellationToken);
    }

    /// <summary>Removes one that has ended, with its packets, for the actor (operator).</summary>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">It goes on.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task RemoveAsync(Capture capture, Actor actor, CancellationToken cancellationToken)
    {
        await AllowAsync("capture-remove", capture, actor, cancellationToken);
        if (_running.ContainsKey(capture.Id))
        {
            throw new VmConflictException($"The capture {capture.Id} goes on. Stop it first.");
        }

        await RemoveAsync(capture, $"asked for by {actor.Name}", cancellationToken);
    }

    /// <summary>Its packets as they are by now.</summary>
    /// <exception cref="IOException">The files are gone.</exception>
    public CapturedPackets OpenPackets(Capture capture) => CapturedPackets.Open(capture, FolderOf(capture.Id));

    /// <summary>Those that go on are left to the next LabNet.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sweepLoop;
        foreach (var (run, loop) in _running.Values)
        {
            await loop;
            run.Dispose();
        }

        _changing.Dispose();
        _stopping.Dispose();
    }

    private string FolderOf(string id) => Path.Join(folder, id);

    private VmSession Vm(VmName name) => vms.Find(name) ?? throw new VmConflictException($"The lab has no VM {name}.");

    private void ThrowUnlessPossible(CaptureNic nic)
    {
        var vm = Vm(nic.Vm);
        if (vm.State.Definition is AttachedVm)
        {
            throw new VmConflictException(vm.WhyNoTraffic!);
        }

        vm.ThrowUnlessConnected();
        if (vm.Nics.All(one => one.Id != nic.Nic))
        {
            throw new VmConflictException($"{nic.Vm} has no NIC \"{nic.Nic}\"; there is {string.Join(", ", vm.Nics.Select(one => one.Id).DefaultIfEmpty("none"))}.");
        }
    }

    private Capture New(CaptureRequest request, Actor actor)
    {
        var (id, now) = (Capture.NewId(), time.GetUtcNow());
        return new Capture(
            id,
            [.. request.Nics.Select((nic, number) => new CapturePart(nic, $"{DumpPrefix}{id}-{number}", Vm(nic.Vm).Process?.Note ?? ""))],
            request.Filter,
            request.MaxBytes,
            now,
            request.Duration is { } duration ? now + duration : null,
            actor.Name);
    }

    /// <summary>Written down before QEMU is asked: whatever happens to LabNet, the next one knows what to end.</summary>
    private async Task<Capture> BeginAsync(Capture capture, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(FolderOf(capture.Id), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await store.SaveAsync(capture, cancellationToken);
        var run = new CaptureRun(capture, FolderOf(capture.Id), Vm, store, feed, time, logger);
        try
        {
            await run.BeginAsync(cancellationToken);
        }
        catch
        {
            run.Dispose();
            await store.DeleteAsync(capture.Id, CancellationToken.None);
            Directory.Delete(FolderOf(capture.Id), recursive: true);
            throw;
        }

        feed.Publish(FeedSource.Lab, new CaptureChanged(capture, CaptureStep.Began));
        Run(run);
        return capture;
    }

    private void Run(CaptureRun run)
    {
        var began = new TaskCompletionSource();
        var loop = Task.Run(
            async () =>
            {
                await began.Task;
                await run.RunLoopAsync(_stopping.Token);
                if (run.Ended.IsCompletedSuccessfully && _running.TryRemove(run.Capture.Id, out _))
                {
                    _kept[run.Capture.Id] = run.Capture;
                    run.Dispose();
                }
            },
            CancellationToken.None);
        _running[run.Capture.Id] = (run, loop);
        began.SetResult();
    }

    private async Task MakeRoomAsync(long wantedBytes, CancellationToken cancellationToken)
    {
        var reserved = _running.Values.Sum(one => one.Run.Capture.MaxBytes) + wantedBytes;
        if (_running.Count >= RunningMax || reserved > BudgetBytes)
        {
            throw new VmConflictException(
                $"{_running.Count} captures go on, with up to {reserved - wantedBytes} bytes; {RunningMax} and {BudgetBytes} bytes are possible. Stop one, or ask for fewer bytes.");
        }

        foreach (var oldest in _kept.Values.OrderBy(one => one.StartedAt))
        {
            if (reserved + _kept.Values.Sum(one => one.Bytes) > BudgetBytes)
            {
                await RemoveAsync(oldest, "newer ones need its room", cancellationToken);
            }
        }

        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (new DriveInfo(folder).AvailableFreeSpace is var free && free - LeftFreeBytes < wantedBytes)
        {
            throw new VmConflictException($"The disk of {folder} has {free >> 20} MiB left, of which {LeftFreeBytes >> 20} stay free: too little for {wantedBytes} bytes.");
        }
    }

    private async Task RemoveAsync(Capture capture, string why, CancellationToken cancellationToken)
    {
        await store.DeleteAsync(capture.Id, cancellationToken);
        _kept.TryRemove(capture.Id, out _);
        if (Directory.Exists(FolderOf(capture.Id)))
        {
            Directory.Delete(FolderOf(capture.Id), recursive: true);
        }

        feed.Publish(FeedSource.Lab, new CaptureChanged(capture, CaptureStep.Removed, why));
    }

    private async Task AllowAsync(string action, Capture capture, Actor actor, CancellationToken cancellationToken)
    {
        foreach (var vm in capture.Parts.Select(part => part.Nic.Vm).Distinct())
        {
            if (vms.Find(vm) is { } session)
            {
                await session.AllowAsync(action, capture.Id, actor, cancellationToken);
            }
            else
            {
                actor.Require(Role.Operator, action);
            }
        }
    }

    [LoggerMessage(3601, LogLevel.Error, "The captures that are kept could not be read")]
    private partial void LogNotRead(Exception exception);

    [LoggerMessage(3602, LogLevel.Warning, "{Vm}: what captures left in QEMU could not be looked for: {Reason}")]
    private partial void LogNotSwept(VmName vm, string reason);
}
