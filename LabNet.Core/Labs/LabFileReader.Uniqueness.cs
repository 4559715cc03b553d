using System.Collections.Immutable;

namespace LabNet.Core.Labs;

internal sealed partial class LabFileReader
{
    private readonly Claims<Ipv4Address> _hostAddresses = new();
    private readonly Claims<(int Vni, int Port)> _segments = new();
    private readonly Claims<MacAddress> _macs = new();
    private readonly Claims<(LinkName Link, Ipv4Address Address)> _linkAddresses = new();
    private readonly Claims<string> _attachedSockets = new();
    private Ipv4Interface? _underlay;

    /// <summary>Gives every NIC without a MAC one that is free: only after all of the file's own are known.</summary>
    private ImmutableArray<LabVm> WithMacs(LabName lab, ImmutableArray<LabVm> vms)
    {
        var taken = _macs.Keys.ToHashSet();
        return [.. vms.Select(vm => vm with { Nics = [.. vm.Nics.Select(nic => WithMac(vm, nic))] })];

        Nic WithMac(LabVm vm, Nic nic) => nic.Mac == default ? nic with { Mac = Free(vm, nic) } : nic;

        MacAddress Free(LabVm vm, Nic nic) =>
            Enumerable.Range(0, int.MaxValue).Select(attempt => MacAddress.Derive(lab, vm.Name, nic.Id, attempt)).First(taken.Add);
    }

    /// <summary>Who has what only one can have.</summary>
    private sealed class Claims<TKey> where TKey : notnull
    {
        private readonly Dictionary<TKey, (string Owner, int Line)> _claims = [];

        public IEnumerable<TKey> Keys => _claims.Keys;

        public void Claim(TKey key, string owner, string what, Place at, List<LabFileMistake> mistakes)
        {
            if (!_claims.TryAdd(key, (owner, at.Line)))
            {
                var first = _claims[key];
                mistakes.Add(new LabFileMistake(at.Line, at.Column, $"{what} is that of {first.Owner} already (line {first.Line})."));
            }
        }
    }
}
