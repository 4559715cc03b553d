using System.Globalization;

namespace LabNet.Core.Traffic;

/// <summary>
/// Which UDP ports of loopback somebody listens on, and what the kernel dropped there because a socket's buffer was full: nobody else sees
/// that. From /proc/net/udp (proc(5)), where a line is
/// <code>
/// SLOT: ADDRESS:PORT ADDRESS:PORT STATE QUEUES TIMER RETRANSMIT UID TIMEOUT INODE REFERENCES POINTER DROPS
/// </code>
/// with an IPv4 address as a hexadecimal number in the machine's own byte order. A socket counts from its own beginning.
/// </summary>
internal sealed class UdpSockets
{
    private const string Loopback = "0100007F";
    private const int AddressField = 1;
    private const int DropsField = 12;

    private readonly Dictionary<int, (long Last, long Sum)> _drops = [];
    private readonly HashSet<int> _open = [];

    /// <summary>Looks at the sockets of loopback on these ports.</summary>
    public void Read(IReadOnlySet<int> ports) => Read(File.ReadLines("/proc/net/udp"), ports);

    public void Read(IEnumerable<string> lines, IReadOnlySet<int> ports)
    {
        _open.Clear();
        foreach (var line in lines)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > DropsField
                && fields[AddressField].Split(':') is [Loopback, var hex]
                && int.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port)
                && ports.Contains(port)
                && long.TryParse(fields[DropsField], CultureInfo.InvariantCulture, out var drops))
            {
                _open.Add(port);
                var (last, sum) = _drops.GetValueOrDefault(port);
                _drops[port] = (drops, sum + (drops >= last ? drops - last : drops));
            }
        }
    }

    /// <summary>When it was looked at last.</summary>
    public bool IsOpen(int port) => _open.Contains(port);

    /// <summary>Of all sockets that were on this port, one after the other.</summary>
    public long DropsOf(int port) => _drops.GetValueOrDefault(port).Sum;
}
