using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Host = LabNet.Core.Hosts.Host;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>A VM's NICs, as host and guest count them.</summary>
public sealed partial class NetworkTab
{
    private static readonly QemuQuestion[] Questions = [new("query-rx-filter")];

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private Host Machine { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public LabView View { get; set; } = default!;

    private List<PingMeasured> Pings =>
    [
        .. View.Pings.Values.Where(ping => ping.From == State.Name || ping.To == State.Name)
            .OrderBy(ping => ping.Link.ToString(), StringComparer.Ordinal)
            .ThenBy(ping => ping.From.ToString(), StringComparer.Ordinal)
            .ThenBy(ping => ping.To.ToString(), StringComparer.Ordinal),
    ];

    private Task<GuestReading<IReadOnlyList<NicCounters>>> ReadHostAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        var names = InterfaceNames.Of(View.Lab);
        IReadOnlyList<NicCounters> nics =
        [
            .. State.Definition.Nics.Select(nic => NicCounters.Of(
                Machine, nic.Id.ToString(), nic.Model.Word(), nic.Mac.ToString(), (nic as LinkNic)?.Link.ToString(), nic is LinkNic ? names.Tap(State.Name, nic.Id) : null)),
            .. State.Plugged.Where(device => device.Netdev is not null).Select(nic => NicCounters.Of(Machine, nic.Id, nic.Kind, nic.Mac, nic.Link, nic.Tap)),
        ];
        return Task.FromResult(new GuestReading<IReadOnlyList<NicCounters>>(nics, Time.GetUtcNow()));
    }

    /// <param name="Link">Null for the user-mode network, as the next.</param>
    /// <param name="Counters">As the host sees them: what the guest sends, it receives. Null without a tap or a port of the relay.</param>
    private sealed record NicCounters(string Id, string Model, string? Mac, string? Link, string? Tap, InterfaceState? State, InterfaceCounters? Counters)
    {
        public static NicCounters Of(Host host, string id, string model, string? mac, string? link, string? tap) =>
            new(id, model, mac, link, tap, tap is null ? null : host.ReadNicState(tap), tap is null ? null : host.ReadNicCounters(tap)[0]);
    }
}
