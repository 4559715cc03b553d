using System.Buffers.Binary;

namespace LabNet.Core.Snapshots;

/// <summary>A value in a device's saved state.</summary>
public abstract record SavedValue;

/// <summary>A number, or an array of numbers of one width; as QEMU stored them, big endian.</summary>
/// <param name="Bytes">All of them, one behind the other.</param>
/// <param name="Width">Bytes of each: 1, 2, 4 or 8.</param>
/// <param name="IsSigned">Whether they are two's complement.</param>
/// <param name="IsArray">Whether the field is an array, also of one.</param>
public sealed record SavedNumbers(ReadOnlyMemory<byte> Bytes, int Width, bool IsSigned, bool IsArray) : SavedValue
{
    /// <summary>How many there are.</summary>
    public int Count => Bytes.Length / Width;

    /// <summary>The bits of one, without a sign extended.</summary>
    /// <param name="index">From 0.</param>
    public ulong this[int index]
    {
        get
        {
            var bytes = Bytes.Span.Slice(index * Width, Width);
            return Width switch
            {
                1 => bytes[0],
                2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
                4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
                _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
            };
        }
    }

    /// <summary>In words: hexadecimal, or decimal below ten and for negative ones.</summary>
    /// <param name="index">From 0.</param>
    public string TextOf(int index)
    {
        var unused = 64 - (Width * 8);
        var signed = (long)(this[index] << unused) >> unused;
        return (IsSigned && signed < 0) || this[index] < 10 ? $"{(IsSigned ? signed : (long)this[index])}" : $"0x{this[index]:x}";
    }
}

/// <summary>Bytes whose inner form QEMU does not describe.</summary>
public sealed record SavedBytes(ReadOnlyMemory<byte> Bytes) : SavedValue;

/// <summary>Fields in the order that they are stored in. Names can occur twice.</summary>
public sealed record SavedFields(IReadOnlyList<SavedField> Fields) : SavedValue;

/// <summary>A field by the name that it has in QEMU's source, such as <c>env.eip</c>; an element of an array of structures is <c>name[3]</c>.</summary>
public sealed record SavedField(string Name, SavedValue Value);
