using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Live;

/// <summary>A NIC with the addresses that the guest gave it; those of the lab file until the guest told.</summary>
/// <param name="Caveat">Why they may not hold: "planned", only the lab file says so; "last told", by a guest that no longer runs.</param>
public sealed record NicAddress(Nic Nic, IReadOnlyList<string> Addresses, string? Caveat)
{
    /// <summary>What it is plugged into.</summary>
    public string Network => Nic is LinkNic link ? link.Link.ToString() : "user NAT";

    public static IEnumerable<NicAddress> Of(VmState state) =>
        state.Definition.Nics.Select(nic => Of(nic, state.Guest, state.IsThere));

    private static NicAddress Of(Nic nic, GuestFacts? guest, bool runs)
    {
        // By MAC, not by name: a guest names its interfaces as it likes.
        var mac = nic.Mac.ToString();
        var told = guest?.Interfaces.FirstOrDefault(i => string.Equals(i.Mac, mac, StringComparison.OrdinalIgnoreCase));
        if (told is not null)
        {
            return new NicAddress(nic, [.. told.Addresses.Where(a => !IsLinkLocal(a))], runs ? null : "last told");
        }

        return nic is LinkNic { Address: { } address } ? new NicAddress(nic, [address.ToString()], "planned") : new NicAddress(nic, [], Caveat: null);
    }

    /// <summary>Every IPv6 interface has one of fe80::/10 (RFC 4291 § 2.5.6): it tells nothing and hides the others.</summary>
    private static bool IsLinkLocal(string address) =>
        address.Length > 3 && address.StartsWith("fe", StringComparison.OrdinalIgnoreCase) && char.ToLowerInvariant(address[2]) is '8' or '9' or 'a' or 'b';
}
