using System.Globalization;

namespace LabNet.Core.Traffic;

/// <summary>
/// What the kernel dropped because a UDP socket's buffer was full: nobody else sees these. From /proc/net/udp (proc(5)), where a line is
/// <code>
/// SLOT: ADDRESS:PORT ADDRESS:PORT STATE QUEUES TIMER RETRANSMIT UID TIMEOUT INODE REFERENCES POINTER DROPS
/// </code>
/// with an IPv4 address as a hexadecimal number in the machine's own byte order. A socket counts from its own beginning.
/// </summary>
internal sealed class UdpDrops
{
    private const string Loopback = "0100007F";
    private const int AddressField = 1;
    private const int DropsField = 12;

    private readonly Dictionary<int, (long Last, long Sum)> _byPort = [];

    /// <summary>Looks at the sockets of loopback on these ports.</summary>
    public void Read(IReadOnlySet<int> ports) => Read(File.ReadLines("/proc/net/udp"), ports);

    public void Read(IEnumerable<string> lines, IReadOnlySet<int> ports)
    {
        foreach (var line in lines)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > DropsField
                && fields[AddressField].Split(':') is [Loopback, var hex]
                && int.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port)
                && ports.Contains(port)
                && long.TryParse(fields[DropsField], CultureInfo.InvariantCulture, out var drops))
            {
                var (last, sum) = _byPort.GetValueOrDefault(port);
                _byPort[port] = (drops, sum + (drops >= last ? drops - last : drops));
            }
        }
    }

    /// <summary>Of all sockets that were on this port, one after the other.</summary>
    public long Of(int port) => _byPort.GetValueOrDefault(port).Sum;
}
