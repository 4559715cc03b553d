using System.Buffers.Binary;

namespace LabNet.Core.Traffic;

/// <summary>
/// Behind which port a MAC address was last heard. A port has only so many, so that a guest that makes them up cannot drive out those of
/// others; for what is not known here a switch floods.
/// </summary>
internal sealed class MacTable
{
    public const int AddressesPerPortMax = 256;

    /// <summary>As long as a Linux bridge remembers.</summary>
    public const long ForgetAfterUs = 300_000_000;

    private const ulong GroupBit = 1UL << 40;

    private readonly Dictionary<ulong, (int Port, long SeenUs)> _seen = [];
    private readonly Dictionary<int, int> _counts = [];

    public static ulong Destination(ReadOnlySpan<byte> frame) => Read(frame);

    public static ulong Source(ReadOnlySpan<byte> frame) => Read(frame[6..]);

    public static bool IsGroup(ulong mac) => (mac & GroupBit) != 0;

    public void Learn(ulong mac, int port, long nowUs)
    {
        if (IsGroup(mac))
        {
            return;
        }

        var known = _seen.TryGetValue(mac, out var entry);
        if (!known || entry.Port != port)
        {
            if (CountOf(port) >= AddressesPerPortMax && !ForgetOld(port, nowUs))
            {
                return;
            }

            if (known)
            {
                _counts[entry.Port]--;
            }

            _counts[port] = CountOf(port) + 1;
        }

        _seen[mac] = (port, nowUs);
    }

    /// <summary>Null for one that was not heard lately.</summary>
    public int? Find(ulong mac, long nowUs) => _seen.TryGetValue(mac, out var entry) && nowUs - entry.SeenUs <= ForgetAfterUs ? entry.Port : null;

    public void Forget(int port)
    {
        foreach (var (mac, _) in _seen.Where(entry => entry.Value.Port == port).ToList())
        {
            _seen.Remove(mac);
        }

        _counts.Remove(port);
    }

    private int CountOf(int port) => _counts.GetValueOrDefault(port);

    private bool ForgetOld(int port, long nowUs)
    {
        var old = _seen.Where(entry => entry.Value.Port == port && nowUs - entry.Value.SeenUs > ForgetAfterUs).Select(entry => entry.Key).ToList();
        old.ForEach(mac => _seen.Remove(mac));
        _counts[port] = CountOf(port) - old.Count;
        return old.Count > 0;
    }

    private static ulong Read(ReadOnlySpan<byte> bytes) => ((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);
}
