using System.Buffers.Binary;
using System.Text;

namespace LabNet.Tests.Snapshots;

/// <summary>Writes a migration stream as QEMU would, piece by piece.</summary>
internal sealed class StateWriter
{
    public const int PageBytes = 4096;

    private readonly List<byte> _bytes = [];

    /// <summary>Magic, version 3 and a configuration without more than a machine's type.</summary>
    public static StateWriter Begin() => new StateWriter().Text("QEVM").UInt32(3).Byte(7).UInt32(10).Text("pc-test-1.");

    public StateWriter Byte(byte value)
    {
        _bytes.Add(value);
        return this;
    }

    public StateWriter UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public StateWriter UInt64(ulong value) => UInt32((uint)(value >> 32)).UInt32((uint)value);

    public StateWriter Text(string value)
    {
        _bytes.AddRange(Encoding.ASCII.GetBytes(value));
        return this;
    }

    public StateWriter Name(string value) => Byte((byte)value.Length).Text(value);

    public StateWriter Page(byte filler)
    {
        _bytes.AddRange(Enumerable.Repeat(filler, PageBytes));
        return this;
    }

    /// <summary>The head of a section: 1 starts one, 4 is a whole one.</summary>
    public StateWriter Section(byte type, uint number, string name, uint instance = 0) => Byte(type).UInt32(number).Name(name).UInt32(instance).UInt32(4);

    public StateWriter Part(byte type, uint number) => Byte(type).UInt32(number);

    public StateWriter Footer(uint number) => Byte(0x7e).UInt32(number);

    /// <summary>What starts the memory: its blocks by name and size.</summary>
    public StateWriter Memory(params (string Name, uint Bytes)[] blocks)
    {
        Section(1, 2, "ram").UInt64((ulong)blocks.Sum(block => block.Bytes) | 4);
        foreach (var (name, bytes) in blocks)
        {
            Name(name).UInt64(bytes);
        }

        return UInt64(0x10).Footer(2);
    }

    /// <summary>The end, and the description of the whole sections.</summary>
    public byte[] End(string? devices = null)
    {
        Byte(0);
        if (devices is not null)
        {
            var json = $$"""{"page_size": 4096, "devices": [{{devices}}]}""";
            Byte(6).UInt32((uint)json.Length).Text(json);
        }

        return [.. _bytes];
    }
}
