using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

/// <summary>Looks at what the kernel has of the lab's links, and how the relay does, and tells when it changes.</summary>
public sealed class LinkWatch(Lab lab, Host host, LiveFeed feed, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly InterfaceNames _names = InterfaceNames.Of(lab);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<(HostName, LinkName), LinkStatus> _told = [];
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = Task.Run(() => WatchLoopAsync(_stopping.Token), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task WatchLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var place in lab.Hosts)
            {
                foreach (var link in lab.Links)
                {
                    TellIfNew(link.IsByRelay ? ReadRelayed(place.Name, link.Name) : Read(place.Name, link.Name));
                }
            }

            await Task.Delay(Period, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private LinkStatus ReadRelayed(HostName on, LinkName link)
    {
        var problem = host.ReadRelay().Problem;
        return new LinkStatus(on, link, LinkTransport.Relay.Word(), LabLimits.RelayMtuBytes, problem is null, problem, LinkTransport.Relay);
    }

    private LinkStatus Read(HostName on, LinkName link)
    {
        var name = _names.Vxlan(on, link);
        var (vxlan, bridge) = (Host.ReadInterface(name), Host.ReadInterface(_names.Bridge(on, link)));
        var problem = (vxlan, bridge) switch
        {
            (null, _) => $"The VXLAN interface {name} is missing. ./infra/lab up makes it.",
            (_, null) => $"The bridge {_names.Bridge(on, link)} is missing. ./infra/lab up makes it.",
            ({ Up: false }, _) => $"{name} is down.",
            (_, { Up: false }) => $"{bridge.Name} is down.",
            _ => null,
        };
        return new LinkStatus(on, link, name, vxlan?.MtuBytes, problem is null, problem);
    }

    private void TellIfNew(LinkStatus status)
    {
        if (!_told.TryGetValue((status.Host, status.Link), out var told) || told != status)
        {
            _told[(status.Host, status.Link)] = status;
            feed.Publish(FeedSource.Lab, new LinkChanged(status));
        }
    }
}
