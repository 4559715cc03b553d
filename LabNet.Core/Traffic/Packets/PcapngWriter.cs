using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LabNet.Core.Traffic;

/// <summary>
/// The newer capture format (draft-ietf-opsawg-pcapng), which can hold several interfaces:
/// <code>
/// file  = SHB *IDB *EPB
/// block = TYPE(4) LENGTH(4) body LENGTH(4)            ; a multiple of four bytes
/// SHB   = %x0A0D0D0A: MAGIC(4) MAJOR(2) MINOR(2) %xFFFFFFFFFFFFFFFF *option
/// IDB   = 1: LINKTYPE(2) 0(2) SNAPLEN(4) *option
/// EPB   = 6: INTERFACE(4) HIGH(4) LOW(4) CAPTURED(4) ORIGINAL(4) *BYTE padding *option
/// </code>
/// </summary>
/// <remarks>Writes into a buffer of the caller's; waits for nobody.</remarks>
public sealed class PcapngWriter(IBufferWriter<byte> output)
{
    private const uint SectionType = 0x0a0d0d0a;
    private const uint InterfaceType = 1;
    private const uint PacketType = 6;
    private const ushort CommentOption = 1;
    private const ushort NameOption = 2;
    private const ushort DescriptionOption = 3;
    private const ushort ApplicationOption = 4;
    private const ushort ResolutionOption = 9;
    private const byte Nanoseconds = 9;
    private const int PacketHeadBytes = 28;

    private readonly ArrayBufferWriter<byte> _body = new();

    /// <param name="comment">Of the file as a whole; null for none.</param>
    public void WriteSection(string? comment)
    {
        _body.ResetWrittenCount();
        Add(0x1a2b3c4du);
        Add((ushort)1);
        Add((ushort)0);
        Add(ulong.MaxValue);
        AddText(CommentOption, comment);
        AddText(ApplicationOption, "LabNet");
        EndOptions();
        WriteBlock(SectionType);
    }

    /// <summary>Numbered from 0 in the order of these calls.</summary>
    public void WriteInterface(string name, string? description)
    {
        _body.ResetWrittenCount();
        Add((ushort)1);
        Add((ushort)0);
        Add((uint)PcapFormat.CapturedBytesMax);
        AddText(NameOption, name);
        AddText(DescriptionOption, description);
        AddOption(ResolutionOption, [Nanoseconds]);
        EndOptions();
        WriteBlock(InterfaceType);
    }

    /// <param name="timeNs">UTC nanoseconds since 1970.</param>
    /// <param name="originalBytes">Of the whole frame.</param>
    public void WritePacket(int number, long timeNs, int originalBytes, ReadOnlySpan<byte> frame)
    {
        var padded = (frame.Length + 3) & ~3;
        var length = PacketHeadBytes + padded + 4;
        var block = output.GetSpan(length);
        BinaryPrimitives.WriteUInt32LittleEndian(block, PacketType);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], length);
        BinaryPrimitives.WriteInt32LittleEndian(block[8..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], (uint)(timeNs >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(block[16..], (uint)timeNs);
        BinaryPrimitives.WriteInt32LittleEndian(block[20..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(block[24..], originalBytes);
        frame.CopyTo(block[PacketHeadBytes..]);
        block[(PacketHeadBytes + frame.Length)..(PacketHeadBytes + padded)].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(block[(length - 4)..], length);
        output.Advance(length);
    }

    private void WriteBlock(uint type)
    {
        const int Around = 12;
        var length = _body.WrittenCount + Around;
        var block = output.GetSpan(length);
        BinaryPrimitives.WriteUInt32LittleEndian(block, type);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], length);
        _body.WrittenSpan.CopyTo(block[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(block[(length - 4)..], length);
        output.Advance(length);
    }

    private void AddText(ushort option, string? text)
    {
        if (text is not null)
        {
            AddOption(option, Encoding.UTF8.GetBytes(text));
        }
    }

    private void AddOption(ushort option, ReadOnlySpan<byte> value)
    {
        Add(option);
        Add((ushort)value.Length);
        _body.Write(value);
        while (_body.WrittenCount % 4 != 0)
        {
            _body.Write([(byte)0]);
        }
    }

    private void EndOptions() => Add(0u);

    private void Add(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_body.GetSpan(2), value);
        _body.Advance(2);
    }

    private void Add(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_body.GetSpan(4), value);
        _body.Advance(4);
    }

    private void Add(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_body.GetSpan(8), value);
        _body.Advance(8);
    }
}
