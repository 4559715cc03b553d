namespace LabNet.Core.Traffic;

/// <summary>
/// What QEMU before 8.0 writes in front of each frame of a tap: the header that virtio devices have for their checksums and segments (virtio 1.2,
/// 5.1.6), of 10, 12 or 20 bytes, as the guest's driver has it. No file says so. A frame of a NIC has the NIC's address in it, sent or received,
/// which tells where the frame begins.
/// </summary>
/// <param name="address">The NIC's own.</param>
internal sealed class VnetHeader(ulong address)
{
    private const int EtherBytes = 14;

    /// <summary>What Linux's driver has stands first: a frame that fits nothing is taken for one of those.</summary>
    private static readonly int[] Lengths = [12, 10, 0, 20];

    private int _length = Lengths[0];

    /// <summary>How many bytes stand before the frame.</summary>
    public int LengthOf(ReadOnlySpan<byte> record)
    {
        if (!IsOurs(record, _length))
        {
            foreach (var length in Lengths)
            {
                if (IsOurs(record, length))
                {
                    _length = length;
                    break;
                }
            }
        }

        return Math.Min(_length, record.Length);
    }

    private bool IsOurs(ReadOnlySpan<byte> record, int at)
    {
        if (record.Length < at + EtherBytes)
        {
            return false;
        }

        var headers = PacketParser.Parse(record.Slice(at, EtherBytes));
        return headers.EtherSource == address || headers.EtherDestination == address;
    }
}
