using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

/// <summary>
/// What a lab's relay carries on one machine: <c>plan.json</c> in its folder. LabNet writes it, the relay reads it, also while it runs. The
/// UDP ports of a NIC stay the same as long as the file does, because a QEMU that runs cannot be told others.
/// </summary>
/// <param name="Links">The lab's links by the relay.</param>
/// <param name="Nics">Those of the machine's VMs on these links, and the ports for NICs that are plugged in later.</param>
public sealed record RelayPlan(ImmutableArray<RelayLink> Links, ImmutableArray<RelayNic> Nics)
{
    private const string FileName = "plan.json";

    public static RelayPlan Empty { get; } = new([], []);

    public RelayNic? Find(string name) => Nics.FirstOrDefault(nic => nic.Name == name);

    /// <param name="machine">Which of the lab's machines this is; null in a lab of namespaces, which are all here.</param>
    /// <param name="earlier">Whose NICs keep their ports.</param>
    /// <param name="freePort">A UDP port that is none of these.</param>
    public static RelayPlan For(Lab lab, HostName? machine, RelayPlan earlier, Func<IReadOnlySet<int>, int> freePort)
    {
        var links = lab.Links.Where(link => link.IsByRelay).ToList();
        if (links.Count == 0)
        {
            return Empty;
        }

        var here = NetworkSpec.Here(lab, machine);
        var own = machine is null ? null : here[0].Address.ToString();
        ImmutableArray<string> peers = [.. lab.Hosts.Except(here).Select(host => host.Address.ToString())];
        var taken = earlier.Nics.SelectMany(nic => (int[])[nic.VmUdpPort, nic.RelayUdpPort]).ToHashSet();
        var nics = Wanted(lab, here).Select(nic => earlier.Find(nic.Name) is { } known && known.Link == nic.Link
            ? nic with { VmUdpPort = known.VmUdpPort, RelayUdpPort = known.RelayUdpPort }
            : nic with { VmUdpPort = Free(), RelayUdpPort = Free() });
        return new RelayPlan([.. links.Select(link => new RelayLink(link.Name.ToString(), link.Vni, link.Port, LabLimits.RelayMtuBytes, own, peers))], [.. nics]);

        int Free()
        {
            var port = freePort(taken);
            taken.Add(port);
            return port;
        }
    }

    /// <returns>Empty if there is none.</returns>
    /// <exception cref="IOException"/>
    /// <exception cref="JsonException">It was damaged.</exception>
    public static RelayPlan Read(string folder)
    {
        var path = PathIn(folder);
        return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), RelayPlanJson.Default.RelayPlan) ?? Empty : Empty;
    }

    /// <summary>When it was written; the relay reads it again when that changes.</summary>
    public static DateTime WrittenAt(string folder) => File.GetLastWriteTimeUtc(PathIn(folder));

    /// <exception cref="IOException"/>
    public void Write(string folder)
    {
        // Whole or not at all: the relay may read it at any moment.
        var making = PathIn(folder) + ".new";
        File.WriteAllBytes(making, JsonSerializer.SerializeToUtf8Bytes(this, RelayPlanJson.Default.RelayPlan));
        File.Move(making, PathIn(folder), overwrite: true);
    }

    public bool Equals(RelayPlan? other) => other is not null && Links.SequenceEqual(other.Links) && Nics.SequenceEqual(other.Nics);

    public override int GetHashCode() => HashCode.Combine(Links.Length, Nics.Length);

    private static IEnumerable<RelayNic> Wanted(Lab lab, ImmutableArray<LabHost> here)
    {
        var names = InterfaceNames.Of(lab);
        var byRelay = lab.Links.Where(link => link.IsByRelay).Select(link => link.Name).ToHashSet();
        foreach (var vm in lab.Vms.Where(vm => here.Any(host => host.Name == vm.Host)))
        {
            foreach (var nic in vm.Nics.OfType<LinkNic>().Where(nic => byRelay.Contains(nic.Link)))
            {
                yield return new RelayNic(names.Tap(vm.Name, nic.Id), nic.Link.ToString(), $"{vm.Name}/{nic.Id}", 0, 0);
            }

            foreach (var (link, number) in InterfaceNames.SparesOf(lab, vm).Where(spare => spare.Link.IsByRelay))
            {
                yield return new RelayNic(names.SpareTap(vm.Name, link.Name, number), link.Name.ToString(), $"{vm.Name}/spare{number}", 0, 0);
            }
        }
    }

    private static string PathIn(string folder) => Path.Join(folder, FileName);
}

/// <param name="Vni">VXLAN network identifier, towards other machines.</param>
/// <param name="Port">UDP port of VXLAN.</param>
/// <param name="Address">This machine's among the lab's; null where the lab has no other machine.</param>
/// <param name="Peers">The other machines' addresses.</param>
public sealed record RelayLink(string Name, int Vni, int Port, int MtuBytes, string? Address, ImmutableArray<string> Peers)
{
    /// <summary>An Ethernet header, and one VLAN tag as the kernel's bridges let pass.</summary>
    private const int HeaderBytes = 18;

    /// <summary>What is longer is refused, as by a bridge of this MTU.</summary>
    [JsonIgnore]
    public int FrameBytesMax => MtuBytes + HeaderBytes;

    public bool Equals(RelayLink? other) => other is not null
        && (Name, Vni, Port, MtuBytes, Address) == (other.Name, other.Vni, other.Port, other.MtuBytes, other.Address)
        && Peers.SequenceEqual(other.Peers);

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <param name="Name">As its tap would be called.</param>
/// <param name="Label">The VM and its NIC, such as <c>x86/eth1</c>.</param>
/// <param name="VmUdpPort">Of loopback, QEMU's.</param>
/// <param name="RelayUdpPort">Of loopback, the relay's for this NIC.</param>
public sealed record RelayNic(string Name, string Link, string Label, int VmUdpPort, int RelayUdpPort);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(RelayPlan))]
internal sealed partial class RelayPlanJson : JsonSerializerContext
{
}
