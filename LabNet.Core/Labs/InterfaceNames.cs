using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace LabNet.Core.Labs;

/// <summary>
/// The names of a lab's network interfaces on its hosts: a letter for the role (t tap, b bridge, x VXLAN), four hexadecimal digits of a
/// hash of the lab's name, and what it belongs to: <c>t-3f2a-x86eth1</c>, <c>b-3f2a-ares</c>; with several links <c>b-3f2a-ares-lab</c>.
/// What does not fit, or would be said of two things, ends in a hash instead. No two are equal in a lab, and the same lab has always the
/// same names. Two labs of one machine differ but for one chance in 65,536.
/// </summary>
public sealed class InterfaceNames
{
    /// <summary>IFNAMSIZ of linux/if.h is 16 with the closing zero byte.</summary>
    public const int LengthMax = 15;

    private const int ReadableMax = 8;

    /// <summary>So many letters of a name that does not fit stay; the rest is the hash's: 20 bits.</summary>
    private const int LettersKept = 3;

    private readonly ImmutableDictionary<(char Role, string Owner), string> _names;

    private InterfaceNames(ImmutableDictionary<(char Role, string Owner), string> names) => _names = names;

    public static InterfaceNames Of(Lab lab)
    {
        var wanted = Wanted(lab).ToList();
        var prefix = Hash(lab.Name.ToString(), length: 4);
        var readable = wanted.Where(one => one.Readable.Length <= ReadableMax)
            .GroupBy(one => (one.Role, one.Readable))
            .Where(group => group.Count() == 1)
            .Select(group => group.Single())
            .ToList();
        var names = readable.ToDictionary(one => (one.Role, one.Owner), one => $"{one.Role}-{prefix}-{one.Readable}");
        var taken = names.Values.ToHashSet(StringComparer.Ordinal);
        foreach (var (role, owner, text) in wanted.Except(readable))
        {
            names.Add((role, owner), Enumerable.Range(0, int.MaxValue).Select(attempt => Shortened(attempt)).First(taken.Add));

            string Shortened(int attempt) =>
                $"{role}-{prefix}-{text[..Math.Min(LettersKept, text.Length)]}{Hash($"{owner}/{attempt}", ReadableMax - LettersKept)}";
        }

        return new InterfaceNames(names.ToImmutableDictionary());
    }

    /// <exception cref="KeyNotFoundException">The lab has no such NIC on a link.</exception>
    public string Tap(VmName vm, NicId nic) => _names[('t', $"{vm}/{nic}")];

    /// <summary>A tap for a NIC that is plugged in while the VM runs.</summary>
    /// <param name="number">1 to <see cref="LabLimits.SpareTaps"/>.</param>
    /// <exception cref="KeyNotFoundException">LabNet starts no such VM, or the lab has no such link.</exception>
    public string SpareTap(VmName vm, LinkName link, int number) => _names[('t', $"{vm}/{link}/{number}")];

    /// <exception cref="KeyNotFoundException">The lab has no such host or link.</exception>
    public string Bridge(HostName host, LinkName link) => _names[('b', $"{host}/{link}")];

    /// <exception cref="KeyNotFoundException">The lab has no such host or link.</exception>
    public string Vxlan(HostName host, LinkName link) => _names[('x', $"{host}/{link}")];

    private static IEnumerable<(char Role, string Owner, string Readable)> Wanted(Lab lab)
    {
        foreach (var (host, link) in lab.Hosts.SelectMany(host => lab.Links.Select(link => (host, link))))
        {
            var readable = lab.Links.Length == 1 ? $"{host.Name}" : $"{host.Name}-{link.Name}";
            yield return ('b', $"{host.Name}/{link.Name}", readable);
            yield return ('x', $"{host.Name}/{link.Name}", readable);
        }

        foreach (var vm in lab.Vms)
        {
            foreach (var nic in vm.Nics.OfType<LinkNic>())
            {
                yield return ('t', $"{vm.Name}/{nic.Id}", $"{vm.Name}{nic.Id}");
            }

            foreach (var (link, number) in SparesOf(lab, vm))
            {
                yield return ('t', $"{vm.Name}/{link.Name}/{number}", lab.Links.Length == 1 ? $"{vm.Name}-s{number}" : $"{vm.Name}-{link.Name}-s{number}");
            }
        }
    }

    internal static IEnumerable<(Link Link, int Number)> SparesOf(Lab lab, LabVm vm) => vm is StartedVm
        ? lab.Links.SelectMany(link => Enumerable.Range(1, LabLimits.SpareTaps).Select(number => (link, number)))
        : [];

    internal static string Hash(string text, int length) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..length];
}
