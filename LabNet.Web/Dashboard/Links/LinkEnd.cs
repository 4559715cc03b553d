using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Links;

/// <summary>A NIC on a link: how it stands, and what goes through it.</summary>
/// <param name="Id">The lab file's; null of one that was plugged in, which faults cannot name.</param>
/// <param name="Address">On the link; null if the lab file gives none.</param>
/// <param name="SentBytesPerSecond">By the VM; null while nobody measures it.</param>
/// <param name="Word">How it stands, in a word or two.</param>
/// <param name="Pings">From the VM and to it, over this link.</param>
public sealed record LinkEnd(
    LabVm Vm,
    CaptureNic Nic,
    NicId? Id,
    string? Address,
    double? SentBytesPerSecond,
    double? ReceivedBytesPerSecond,
    Tone Tone,
    string Word,
    string? Detail,
    IReadOnlyList<PingMeasured> Pings)
{
    /// <summary>Whether frames pass as they should.</summary>
    public bool IsBroken => Tone is Tone.Bad or Tone.Warning;

    /// <summary>All NICs on the link, in the lab's order.</summary>
    public static IReadOnlyList<LinkEnd> Of(LinksView view, Link link, DateTimeOffset now)
    {
        var pings = LinkHealth.Of(view.Lab, link).Pings;
        return
        [
            .. view.Lab.Lab.Vms.SelectMany(vm => vm.Nics.OfType<LinkNic>().Where(nic => nic.Link == link.Name)
                .Select(nic => Of(view, vm, nic.Id.ToString(), nic.Id, nic.Address?.ToString(), pings, now))
                .Concat(PluggedOf(view, vm, link).Select(id => Of(view, vm, id, id: null, address: null, pings, now)))),
        ];
    }

    private static IEnumerable<string> PluggedOf(LinksView view, LabVm vm, Link link) =>
        view.Lab.Vm(vm.Name)?.Plugged.Where(device => device.Netdev is not null && device.Link == link.Name.ToString()).Select(device => device.Id) ?? [];

    private static LinkEnd Of(LinksView view, LabVm vm, string name, NicId? id, string? address, IReadOnlyList<PingMeasured> pings, DateTimeOffset now)
    {
        var state = view.Lab.Vm(vm.Name);
        var isThere = state is { IsThere: true };
        var sample = isThere && view.Samples.GetValueOrDefault(vm.Name) is { } newest && newest.IsPresent(now.ToUnixTimeNs()) ? newest : null;
        var faults = view.Faults.Values.Where(fault => fault.Vm == vm.Name && fault.State == FaultState.Active && NicOf(fault.Spec) == id && id is not null).ToList();
        var (tone, word, detail) = Standing(state, faults);
        return new LinkEnd(
            vm, new CaptureNic(vm.Name, name), id, address, RateOf(sample, MetricCatalogue.NicSent, name), RateOf(sample, MetricCatalogue.NicReceived, name),
            tone, word, detail, [.. pings.Where(ping => ping.From == vm.Name || ping.To == vm.Name)]);
    }

    /// <summary>The NIC that a fault breaks; null of one that breaks something else.</summary>
    public static NicId? NicOf(FaultSpec spec) => spec switch
    {
        LinkDownFault down => down.Nic,
        LinkFlapFault flap => flap.Nic,
        LinkImpairFault impair => impair.Nic,
        _ => null,
    };

    private static (Tone Tone, string Word, string? Detail) Standing(VmState? state, List<Fault> faults) =>
        state is null ? (Tone.Quiet, "not known yet", null)
        : !state.IsThere ? (Tone.Quiet, "VM is off", null)
        : faults.Find(fault => fault.Spec is LinkDownFault) is { } down ? (Tone.Bad, "link down", LinkWords.What(down.Spec))
        : faults.Find(fault => fault.Spec is LinkFlapFault) is { } flap ? (Tone.Warning, "flaps", LinkWords.What(flap.Spec))
        : faults.Find(fault => fault.Spec is LinkImpairFault) is { } impair ? (Tone.Warning, "impaired", LinkWords.What(impair.Spec))
        : (Tone.Good, "up", null);

    private static double? RateOf(MetricSample? sample, MetricDefinition metric, string nic) =>
        sample?[new MetricKey(metric, nic)] is { } rate && !double.IsNaN(rate) ? rate : null;
}
