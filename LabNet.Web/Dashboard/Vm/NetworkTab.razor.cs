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
        IReadOnlyList<NicCounters> nics = [.. State.Definition.Nics.Select(nic => NicCounters.Of(nic, nic is LinkNic ? names.Tap(State.Name, nic.Id) : null))];
        return Task.FromResult(new GuestReading<IReadOnlyList<NicCounters>>(nics, Time.GetUtcNow()));
    }

    /// <param name="Tap">Null for a NIC of the user-mode network.</param>
    /// <param name="Counters">As the host sees them: what the guest sends, it receives. Null without a tap.</param>
    private sealed record NicCounters(Nic Nic, string? Tap, InterfaceState? State, InterfaceCounters? Counters)
    {
        public static NicCounters Of(Nic nic, string? tap) =>
            new(nic, tap, tap is null ? null : Host.ReadInterface(tap), tap is null ? null : Host.ReadInterfaceCounters(tap)[0]);
    }
}
