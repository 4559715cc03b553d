using System.Net;
using System.Net.Sockets;

namespace LabNet.Web.Access;

/// <summary>
/// Counts login attempts, so that a broken script or a guesser neither fills the audit log nor keeps the machine busy. (Guessing a
/// secret of 256 bits is hopeless anyway.)
/// </summary>
internal sealed class LoginAttempts(TimeProvider time)
{
    public const int AttemptsMax = 10;

    /// <summary>Bounds the memory; whoever comes beyond it shares one count.</summary>
    public const int AddressesMax = 4096;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const int Ipv6NetworkBytes = 8;
    private static readonly IPAddress Others = IPAddress.None;

    private readonly Lock _sync = new();
    private readonly Dictionary<IPAddress, (DateTimeOffset Since, int Count)> _counts = [];

    /// <summary>Counts one more attempt; false if that is one too many.</summary>
    public bool TryBegin(IPAddress? from)
    {
        var now = time.GetUtcNow();
        lock (_sync)
        {
            var key = KeyFor(from, now);
            var (since, count) = _counts.TryGetValue(key, out var known) && now - known.Since < Window ? known : (now, 0);
            _counts[key] = (since, Math.Min(count, AttemptsMax) + 1);
            return count < AttemptsMax;
        }
    }

    /// <summary>A login succeeded: the slips before it no longer count.</summary>
    public void Forget(IPAddress? from)
    {
        lock (_sync)
        {
            _counts.Remove(Network(from));
        }
    }

    private IPAddress KeyFor(IPAddress? from, DateTimeOffset now)
    {
        var key = Network(from);
        if (_counts.Count < AddressesMax || _counts.ContainsKey(key))
        {
            return key;
        }

        foreach (var (old, _) in _counts.Where(entry => now - entry.Value.Since >= Window).ToList())
        {
            _counts.Remove(old);
        }

        return _counts.Count < AddressesMax ? key : Others;
    }

    /// <summary>One IPv6 host commonly owns a whole /64, so it counts as one.</summary>
    private static IPAddress Network(IPAddress? address)
    {
        if (address is null)
        {
            return Others;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(Ipv6NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
