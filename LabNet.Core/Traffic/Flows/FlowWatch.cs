using System.Collections.Concurrent;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Traffic;

/// <summary>Counts what goes over the lab's links, by flow, as long as LabNet runs.</summary>
public sealed partial class FlowWatch(VmRegistry vms, FlowStore store, RingWriter ring, LiveFeed feed, TimeProvider time, ILogger<FlowWatch> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandOnPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<CaptureNic, FlowSource> _sources = [];
    private readonly ConcurrentDictionary<LinkName, bool> _off = new();
    private readonly Dictionary<LinkName, FlowLink> _links = vms.Lab.Links.ToDictionary(link => link.Name, link => new FlowLink(link.Name));
    private IReadOnlyDictionary<CaptureNic, FlowPosition> _left = new Dictionary<CaptureNic, FlowPosition>();
    private List<FlowPosition> _kept = [];
    private Task _handing = Task.CompletedTask;
    private Task _loop = Task.CompletedTask;
    private long _handedAt;

    /// <summary>Before the ring's writer is started.</summary>
    public void Open() => ring.AddMaintenance(store.Trim);

    /// <summary>After the VMs are opened.</summary>
    public void Start()
    {
        try
        {
            _left = store.ReadPositions().ToDictionary(position => position.Nic);
        }
        catch (DatabaseException e)
        {
            LogFault(e);
        }

        _handedAt = time.GetTimestamp();
        _loop = Task.Run(() => WatchLoopAsync(_stopping.Token), CancellationToken.None);
    }

    /// <summary>Whether a link's flows are counted.</summary>
    public bool IsOn(LinkName link) => !_off.ContainsKey(link);

    /// <summary>Has a link's flows counted or not, for the actor (operator), until LabNet ends: the next one counts all of them.</summary>
    /// <exception cref="ForbiddenException"/>
    public async Task SwitchAsync(LinkName link, bool on, Actor actor, CancellationToken cancellationToken)
    {
        foreach (var vm in vms.Vms.Where(vm => vm.Nics.Any(nic => nic.Link == link)))
        {
            await vm.AllowAsync("flows", $"{link} {(on ? "on" : "off")}", actor, cancellationToken);
        }

        if (on)
        {
            _off.TryRemove(link, out _);
        }
        else
        {
            _off[link] = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        foreach (var source in _sources.Values)
        {
            source.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task WatchLoopAsync(CancellationToken cancellationToken)
    {
        var toldAt = time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var elapsed = time.GetElapsedTime(toldAt);
                if (elapsed >= Second)
                {
                    toldAt = time.GetTimestamp();
                    await EnsureAllAsync(cancellationToken);
                    Tell(elapsed);
                }

                ReadAll();
                HandOnIfDue();
                await Task.Delay(Glance, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                LogFault(e);
                await Task.Delay(FaultPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        HandOn();
        await _handing.WaitAsync(EndPatience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task EnsureAllAsync(CancellationToken cancellationToken)
    {
        var there = vms.Vms.SelectMany(vm => vm.Nics.Where(nic => nic.Link is not null).Select(nic => (Vm: vm, Nic: nic))).ToList();
        foreach (var (vm, nic) in there)
        {
            var name = new CaptureNic(vm.State.Name, nic.Id);
            if (!_sources.TryGetValue(name, out var source))
            {
                _sources[name] = source = new FlowSource(vm, nic, nic.Link!.Value, _left.GetValueOrDefault(name));
            }

            // What the VM sent last, before its QEMU ended, is not in the next one's file.
            Drain(source);
            try
            {
                await (IsOn(source.Link) ? source.EnsureAsync(cancellationToken) : source.EndAsync(cancellationToken));
            }
            catch (QmpException e)
            {
                // QEMU is busy or gone: it is asked again.
                LogNotWatched(name.ToString(), e.Message);
            }
        }

        foreach (var gone in _sources.Keys.Where(name => there.TrueForAll(one => one.Vm.State.Name != name.Vm || one.Nic.Id != name.Nic)).ToList())
        {
            _sources.Remove(gone, out var source);
            Drain(source!);
            source!.Dispose();
        }
    }

    private void ReadAll()
    {
        foreach (var source in _sources.Values)
        {
            Drain(source);
        }
    }

    private void Drain(FlowSource source)
    {
        if (!_links.TryGetValue(source.Link, out var link))
        {
            return;
        }

        // A burst does not keep the others waiting for long.
        const int ReadsAtOnce = 64;
        for (var reads = 0; reads < ReadsAtOnce && source.Read((key, bytes, timeNs) => link.Add(source.Nic, key, bytes, timeNs)); reads++)
        {
        }
    }

    private void Tell(TimeSpan elapsed)
    {
        foreach (var link in _links.Values)
        {
            var gaps = _sources.Values.Where(source => source.Link == link.Name).Sum(source => source.Gaps);
            if (link.Tell(elapsed, gaps, time.GetUnixTimeNs()) is { } changed)
            {
                feed.Publish(FeedSource.Lab, changed);
            }
        }
    }

    /// <summary>Also when much was read: what is not handed on takes room in QEMU's place.</summary>
    private void HandOnIfDue()
    {
        const long MuchBytes = 8L << 20;
        var unkept = Positions().Sum(now => now.Offset - (_kept.Find(kept => kept.Nic == now.Nic && kept.Dump == now.Dump)?.Offset ?? 0));
        if (time.GetElapsedTime(_handedAt) >= HandOnPeriod || unkept >= MuchBytes)
        {
            HandOn();
        }
    }

    /// <summary>While the disk takes nothing, what was counted waits here, and QEMU's files fill up.</summary>
    private void HandOn()
    {
        if (!_handing.IsCompleted)
        {
            return;
        }

        // By now the database has what was handed on the last time.
        foreach (var kept in _kept)
        {
            _sources.GetValueOrDefault(kept.Nic)?.Free(kept);
        }

        _handedAt = time.GetTimestamp();
        var flows = _links.Values.SelectMany(link => link.Minutes.Take().Select(one => (link.Name, one.Minute, one.Flow))).ToList();
        var positions = Positions();
        if (flows.Count > 0 || !positions.SequenceEqual(_kept))
        {
            _kept = positions;
            _handing = ring.WriteAsync(FlowStore.WriteOf(flows, positions), CancellationToken.None).AsTask();
        }
    }

    private List<FlowPosition> Positions() => [.. _sources.Values.Select(source => source.Position).OfType<FlowPosition>()];

    [LoggerMessage(3621, LogLevel.Error, "Counting flows failed by a fault of LabNet and goes on")]
    private partial void LogFault(Exception exception);

    [LoggerMessage(3622, LogLevel.Debug, "{Nic}: its flows cannot be counted at the moment: {Reason}")]
    private partial void LogNotWatched(string nic, string reason);
}
