using System.Buffers.Binary;
using System.Text;

namespace LabNet.Core.Snapshots;

/// <summary>
/// The stream: magic <c>QEVM</c>, version 3; the configuration (7); sections, each a type, a number of 4 bytes and, at its first time (1 start, 4
/// whole), a name, an instance and a version; its content; a footer (0x7e and the number again). 2 and 3 go on with and end a started one. 0 ends
/// the stream, and the description follows. A content's length is written nowhere: the description has it.
/// </summary>
internal sealed class SavedStateReader(Stream state, SavedDescription description)
{
    private const uint Magic = 0x5145_564d;
    private const uint Version = 3;
    private const int FooterBytes = 1 + sizeof(uint);

    private const byte End = 0;
    private const byte SectionStart = 1;
    private const byte SectionPart = 2;
    private const byte SectionEnd = 3;
    private const byte SectionFull = 4;
    private const byte Subsection = 5;
    private const byte Configuration = 7;
    private const byte Footer = 0x7e;

    private const int PageBitsUsual = 12;
    private const int PageBitsMin = 10;
    private const int PageBitsMax = 16;

    /// <summary>Sections are kept as bytes: all of a VM's have about a MiB.</summary>
    private const int SectionBytesMax = 16 << 20;
    private const long SectionsBytesMax = 128L << 20;

    private readonly SavedStateBytes _bytes = new(state);
    private readonly List<SavedSection> _sections = [];
    private readonly Dictionary<uint, string> _started = [];
    private SavedMemoryReader _memory = null!;
    private long _sectionsBytes;

    /// <exception cref="SavedStateException"/>
    public SavedMachine Run(CancellationToken cancellationToken)
    {
        if (_bytes.TakeUInt32() != Magic || _bytes.TakeUInt32() is not Version)
        {
            throw new SavedStateException("The machine's state does not begin as QEMU's migration stream of version 3.");
        }

        var (machineType, pageBytes) = ReadConfiguration();
        _memory = new SavedMemoryReader(_bytes, pageBytes);
        while (_bytes.TakeByte() is not End and var type)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadSection(type, cancellationToken);
        }

        return new SavedMachine(machineType, pageBytes, _sections, _memory.Blocks, description.IsThere);
    }

    /// <summary>A length of 4 bytes and the machine's type; then subsections, each with a form of its own.</summary>
    private (string? MachineType, int PageBytes) ReadConfiguration()
    {
        var pageBits = PageBitsUsual;
        if (_bytes.Peek(1) is not [Configuration])
        {
            return (null, 1 << pageBits);
        }

        _bytes.Take(1);
        var length = _bytes.TakeUInt32();
        var machineType = length <= byte.MaxValue ? Encoding.UTF8.GetString(_bytes.Take((int)length)) : throw Misplaced("a machine type");
        while (_bytes.Peek(1) is [Subsection])
        {
            _bytes.Take(1);
            var name = _bytes.TakeName();
            _bytes.Take(sizeof(uint));
            switch (name)
            {
                case "configuration/target-page-bits":
                    pageBits = (int)_bytes.TakeUInt32();
                    break;
                case "configuration/uuid":
                    _bytes.Take(16);
                    break;
                case "configuration/capabilities":
                    for (var count = _bytes.TakeUInt32(); count > 0; count--)
                    {
                        _bytes.TakeName();
                    }

                    break;
                default:
                    throw Misplaced($"a part of the configuration that is not known here, \"{name}\"");
            }
        }

        return pageBits is >= PageBitsMin and <= PageBitsMax ? (machineType, 1 << pageBits) : throw Misplaced($"a page size of 2^{pageBits}");
    }

    private void ReadSection(byte type, CancellationToken cancellationToken)
    {
        var number = _bytes.TakeUInt32();
        switch (type)
        {
            case SectionStart or SectionFull:
                var (name, instance, version) = (_bytes.TakeName(), _bytes.TakeUInt32(), _bytes.TakeUInt32());
                if (type == SectionStart)
                {
                    _started[number] = name;
                }

                if (name == "ram")
                {
                    _memory.ReadPart(cancellationToken);
                }
                else
                {
                    Keep(type == SectionFull ? ReadWhole(number, name, instance, version) : Opaque(number, name, instance, version, "it comes in parts"));
                }

                break;
            case SectionPart or SectionEnd when _started.TryGetValue(number, out var started):
                if (started == "ram")
                {
                    _memory.ReadPart(cancellationToken);
                }
                else
                {
                    Keep(Opaque(number, started, instance: 0, version: 0, "it comes in parts"));
                }

                break;
            default:
                throw Misplaced($"a section of type {type} and number {number}");
        }

        if (_bytes.TakeByte() != Footer || _bytes.TakeUInt32() != number)
        {
            throw Misplaced($"no footer of section {number}");
        }
    }

    private void Keep(SavedSection section)
    {
        _sectionsBytes += section.Bytes.Length;
        if (_sectionsBytes > SectionsBytesMax)
        {
            throw new SavedStateException($"The machine's devices have more than {SectionsBytesMax >> 20} MiB of state.");
        }

        _sections.Add(section);
    }

    private SavedSection ReadWhole(uint number, string name, uint instance, uint version)
    {
        if (description.Next(name, instance) is not { } device)
        {
            return Opaque(number, name, instance, version, description.IsThere ? "QEMU did not describe it" : "the state has no description");
        }

        if (SavedFieldReader.LengthOf(device) is not (<= SectionBytesMax and var length) || !IsFooter(_bytes.Peek((int)length + FooterBytes), number))
        {
            return Opaque(number, name, instance, version, "its description does not fit its length");
        }

        ReadOnlyMemory<byte> content = _bytes.Take((int)length).ToArray();
        var fields = SavedFieldReader.Read(device, content);
        return new SavedSection(name, instance, version, content, fields, fields is null ? "its description does not fit its content" : null);
    }

    /// <summary>Without a description, a section ends at the first footer of its own that something follows which can follow it.</summary>
    private SavedSection Opaque(uint number, string name, uint instance, uint version, string why)
    {
        const int NextHeadBytes = 1 + sizeof(uint);
        Span<byte> footer = stackalloc byte[FooterBytes];
        footer[0] = Footer;
        BinaryPrimitives.WriteUInt32BigEndian(footer[1..], number);
        for (int from = 0, want = 4096; ; want = Math.Min(want * 2, SectionBytesMax))
        {
            var seen = _bytes.Peek(want);
            while (seen[from..].IndexOf(footer) is >= 0 and var at)
            {
                var next = seen[(from + at + FooterBytes)..];
                if (next.Length < NextHeadBytes && seen.Length == want && want < SectionBytesMax)
                {
                    break;
                }

                if (next is [End, ..] or [SectionPart or SectionEnd or SectionStart or SectionFull, _, _, _, _, ..])
                {
                    return new SavedSection(name, instance, version, _bytes.Take(from + at).ToArray(), Fields: null, why);
                }

                from += at + 1;
            }

            if (seen.Length < want || want == SectionBytesMax)
            {
                throw Misplaced($"the section {name}, whose end is not found");
            }

            from = Math.Max(from, seen.Length - FooterBytes - NextHeadBytes);
        }
    }

    private static bool IsFooter(ReadOnlySpan<byte> bytes, uint number) =>
        bytes.Length >= FooterBytes && bytes[^FooterBytes] == Footer && BinaryPrimitives.ReadUInt32BigEndian(bytes[^sizeof(uint)..]) == number;

    private SavedStateException Misplaced(string what) => new($"The machine's state has {what} before byte {_bytes.Position}.");
}
