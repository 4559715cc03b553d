using System.Text;
using LabNet.Core.Feed;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.Traffic;

/// <summary>
/// Lets every VM of a link ping every other one, from inside the guest, with packets that just fit the link's MTU and must not be
/// fragmented: an answer proves the way there and back and its MTU.
/// </summary>
public sealed class PingMesh(VmRegistry vms, LiveFeed feed, TimeProvider time) : IAsyncDisposable
{
    /// <summary>IPv4 header 20 and ICMP header 8.</summary>
    private const int HeaderBytes = 28;

    /// <summary>A link whose MTU is not known gets small packets.</summary>
    private const int SmallPacketBytes = 84;
    private const int PacketsPerRound = 3;

    /// <summary>Each round costs a guest two processes; this keeps it well below a percent of a TCG guest's time.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>A path's MTU changes when somebody changes it; looking for one costs some pings.</summary>
    private static readonly TimeSpan MtuPeriod = TimeSpan.FromMinutes(10);

    /// <summary>Where packets vanish it is looked for sooner: the small ones may get through.</summary>
    private static readonly TimeSpan MtuPeriodInTrouble = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<(LinkName, VmName, VmName), (DateTimeOffset At, int PacketBytes, bool WasWell)> _mtusMeasured = [];
    private readonly Nudge _guestCameUp = new();
    private readonly FeedSubscription _changes = feed.Subscribe(record => record.Item is VmChanged);
    private Task _loops = Task.CompletedTask;

    public void Start() => _loops = Task.WhenAll(
        Task.Run(() => MeasureLoopAsync(_stopping.Token), CancellationToken.None),
        Task.Run(() => WatchGuestsLoopAsync(_changes, _stopping.Token), CancellationToken.None));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _changes.Dispose();
        await _loops;
        _guestCameUp.Dispose();
        _stopping.Dispose();
    }

    private async Task MeasureLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await MeasureAllAsync(cancellationToken);
                await _guestCameUp.WaitAsync(Period, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>A guest that has just come up is pinged at once.</summary>
    private async Task WatchGuestsLoopAsync(FeedSubscription changes, CancellationToken cancellationToken)
    {
        var answering = new HashSet<VmName>();
        await foreach (var record in changes.ReadAllAsync(CancellationToken.None))
        {
            if (record.Item is not VmChanged { State: var state } || cancellationToken.IsCancellationRequested)
            {
                continue;
            }

            if (state.Agent is not GuestAgentState.Answering)
            {
                answering.Remove(state.Name);
            }
            else if (answering.Add(state.Name))
            {
                _guestCameUp.Give();
            }
        }
    }

    private async Task MeasureAllAsync(CancellationToken cancellationToken)
    {
        foreach (var link in vms.Lab.Links)
        {
            var ends = vms.Vms.SelectMany(vm => vm.State.Definition.Nics.OfType<LinkNic>()
                .Where(nic => nic.Link == link.Name && nic.Address is not null)
                .Select(nic => (Vm: vm, Address: nic.Address!.Value.Address))).ToList();
            foreach (var from in ends.Where(end => end.Vm.State.Agent is GuestAgentState.Answering))
            {
                foreach (var to in ends.Where(end => end.Vm != from.Vm))
                {
                    var ping = await MeasureAsync(link.Name, from.Vm, to.Vm.State.Name, to.Address, cancellationToken);
                    feed.Publish(FeedSource.Lab, ping);
                    if (IsMtuDue(ping, to.Vm))
                    {
                        feed.Publish(FeedSource.Lab, await PathMtuProbe.MeasureAsync(link.Name, from.Vm, to.Vm.State.Name, to.Address, time, cancellationToken));
                    }
                }
            }
        }
    }

    private async Task<PingMeasured> MeasureAsync(
        LinkName link, VmSession from, VmName to, Ipv4Address address, CancellationToken cancellationToken)
    {
        var packetBytes = MtuOf(link, from) ?? SmallPacketBytes;
        var measured = new PingMeasured(link, from.State.Name, to, Sent: 0, Received: 0, packetBytes, RttMs: null, Problem: null, time.GetUtcNow());
        string[] arguments =
            ["-n", "-c", $"{PacketsPerRound}", "-i", "0.2", "-W", "1", "-M", "do", "-s", $"{packetBytes - HeaderBytes}", address.ToString()];
        try
        {
            var result = await from.RunInGuestAsync(new GuestProgram("ping", arguments), cancellationToken);
            var output = Encoding.UTF8.GetString(result.Stdout.Span);
            return PingOutput.TryParse(output, out var sent, out var received, out var rttMs)
                ? measured with { Sent = sent, Received = received, RttMs = rttMs, At = time.GetUtcNow() }
                : measured with { Problem = $"ping said: {Encoding.UTF8.GetString(result.Stderr.Span).Trim()}" };
        }
        catch (GuestAgentException e)
        {
            return measured with { Problem = e.Message };
        }
    }

    /// <summary>Of a VM that stands still nothing would come back, whatever the size.</summary>
    private bool IsMtuDue(PingMeasured ping, VmSession to)
    {
        if (ping.Problem is not null || to.State.Agent is not GuestAgentState.Answering)
        {
            return false;
        }

        var (pair, isWell) = ((ping.Link, ping.From, ping.To), ping.Received > 0);
        if (_mtusMeasured.TryGetValue(pair, out var last) && last.PacketBytes == ping.PacketBytes
            && ping.At - last.At < (isWell == last.WasWell ? MtuPeriod : MtuPeriodInTrouble))
        {
            return false;
        }

        _mtusMeasured[pair] = (ping.At, ping.PacketBytes, isWell);
        return true;
    }

    private int? MtuOf(LinkName link, VmSession vm) =>
        feed.Find<LinkChanged>(FeedSource.Lab, LinkChanged.Key(link, vm.State.Definition.Host))?.Status.MtuBytes;
}
