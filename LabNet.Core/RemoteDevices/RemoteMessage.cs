using System.Buffers.Binary;

namespace LabNet.Core.RemoteDevices;

/// <summary>What a message is about; from 0x80 on it goes from the device to QEMU.</summary>
internal enum RemoteOp : byte
{
    Hello = 0x01,
    Read = 0x02,
    Write = 0x03,
    Reset = 0x04,
    DmaData = 0x05,
    Ping = 0x06,

    PeerHello = 0x81,
    ReadDone = 0x82,
    Irq = 0x84,
    DmaRead = 0x85,
    DmaWrite = 0x86,
    Pong = 0x87,
}

/// <summary>
/// A message of labnet-remote's protocol, 24 bytes, little endian: u8 op, u8 size, u16 flags, u32 seq, u64 address, u64 value. Described in
/// docs/pci-remote.md.
/// </summary>
internal readonly record struct RemoteMessage(RemoteOp Op, byte Size = 0, ushort Flags = 0, uint Seq = 0, ulong Address = 0, ulong Value = 0)
{
    public const int Bytes = 24;
    public const int DataBytesMax = 4096;
    public const ulong Version = 1;

    public const ushort Restored = 1;
    public const ushort Error = 1;
    public const ushort High = 1;
    public const ushort Low = 2;

    /// <summary>How many bytes of data follow it.</summary>
    public int DataBytes => Op is RemoteOp.DmaData or RemoteOp.DmaWrite ? (int)Math.Min(Value, int.MaxValue) : 0;

    public static RemoteMessage Parse(ReadOnlySpan<byte> bytes) => new(
        (RemoteOp)bytes[0],
        bytes[1],
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));

    public void Write(Span<byte> bytes)
    {
        bytes[0] = (byte)Op;
        bytes[1] = Size;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Seq);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Address);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Value);
    }
}
