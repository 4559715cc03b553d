using System.Collections.Immutable;
using System.Globalization;

namespace LabNet.Core.Vms;

/// <summary>
/// Reads what QEMU prints for <c>info mtree -f -o</c>: mtree_print_flatview() in softmmu/memory.c (7.2), system/memory.c (since 8.2).
/// <code>
/// text   = { view }
/// view   = "FlatView #" NUMBER eol { space } [ " Root memory region: " NAME eol ] ( "  No rendered FlatView" eol | { range } ) eol
/// space  = ' AS "' NAME '", root: ' NAME [ ", alias " NAME ] eol
/// range  = "  " HEX16 "-" HEX16 " (prio " NUMBER ", " kind "): " NAME [ " @" HEX16 ] owners { " " ACCELERATOR } eol
/// kind   = [ "nv-" ] ( "ram" | "ramd" | "rom" | "romd" | "i/o" )
/// owners = " orphan" | [ " owner:" object ] [ " parent:" object ]
/// object = "{" ( "dev" | "obj" ) " " ( "id=" ID | "path=" PATH | "type=" TYPE ) "}"
/// eol    = [ CR ] LF
/// </code>
/// A view that several address spaces share is printed once, below all their names. Under KVM a range that the kernel maps ends with
/// <c>KVM</c>, once for each of those spaces. Names may have spaces (<c>vga ioports remapped</c>), so a range is read from its end.
/// </summary>
internal static class MemoryTreeText
{
    private const string Memory = " AS \"memory\", root: system";
    private const string Io = " AS \"I/O\", root: io";
    private const string Orphan = " orphan";
    private const string Owner = " owner:{";
    private const string Parent = " parent:{";
    private const int Digits = 16;

    /// <summary>A line that does not fit is kept as it is, also an unfinished last one and a range that begins before the end of the one above it.</summary>
    public static MemoryMap Parse(string text)
    {
        var reading = new Reading();
        var rest = text.AsSpan();
        while (rest.IndexOf('\n') is >= 0 and var end)
        {
            reading.Take(rest[..end].TrimEnd('\r'));
            rest = rest[(end + 1)..];
        }

        if (rest.Length > 0)
        {
            reading.Keep(rest);
        }

        return reading.Map;
    }

    /// <summary>A line of a view, without its end.</summary>
    internal static MemoryRange? ParseRange(ReadOnlySpan<char> line)
    {
        const int EndsAt = 3 + Digits;
        const string Prio = " (prio ";
        const int PrioAt = EndsAt + Digits;
        if (line.Length < PrioAt + Prio.Length
            || !line.StartsWith("  ", StringComparison.Ordinal)
            || line[2 + Digits] != '-'
            || !TryHex(line.Slice(2, Digits), out var start)
            || !TryHex(line.Slice(EndsAt, Digits), out var end)
            || end < start
            || !line[PrioAt..].StartsWith(Prio, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = line[(PrioAt + Prio.Length)..];
        var comma = rest.IndexOf(", ", StringComparison.Ordinal);
        var close = rest.IndexOf("): ", StringComparison.Ordinal);
        if (comma < 1 || close < comma + 3 || !int.TryParse(rest[..comma], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return null;
        }

        var kind = rest[(comma + 2)..close];
        return IsKind(kind) && TryOwners(rest[(close + 3)..], out var name, out var owner)
            ? new MemoryRange(start, end, WithoutOffset(name, out var offset).ToString(), kind.ToString(), offset, owner)
            : null;
    }

    /// <summary>Takes the owners and what the accelerator added off a range's end; what is left is its name.</summary>
    private static bool TryOwners(ReadOnlySpan<char> text, out ReadOnlySpan<char> name, out MemoryOwner? owner)
    {
        name = default;
        owner = null;
        var brace = text.LastIndexOf('}');
        var orphan = text.LastIndexOf(Orphan, StringComparison.Ordinal);
        if (orphan > brace)
        {
            name = text[..orphan];
            return AreWords(text[(orphan + Orphan.Length)..]);
        }

        if (brace < 0 || !AreWords(text[(brace + 1)..]))
        {
            return false;
        }

        var left = text[..(brace + 1)];
        var parent = TakeLast(ref left, Parent);
        var own = TakeLast(ref left, Owner);
        name = left;
        owner = OwnerOf(own) ?? (parent.StartsWith("dev ", StringComparison.Ordinal) ? OwnerOf(parent) : null);
        return parent.Length > 0 || own.Length > 0;
    }

    /// <summary>What stands in the braces behind a mark, which it takes off the end; empty if the mark is not there.</summary>
    private static ReadOnlySpan<char> TakeLast(ref ReadOnlySpan<char> text, string mark)
    {
        var at = text.LastIndexOf(mark, StringComparison.Ordinal);
        if (at < 0 || text[^1] != '}')
        {
            return default;
        }

        var inside = text[(at + mark.Length)..^1];
        text = text[..at];
        return inside;
    }

    /// <summary>Null for an object that is known by its type alone: its parent says more.</summary>
    private static MemoryOwner? OwnerOf(ReadOnlySpan<char> inside)
    {
        const string Id = "dev id=";
        const string Path = "path=";
        return inside.StartsWith(Id, StringComparison.Ordinal) ? new MemoryOwner(inside[Id.Length..].ToString(), null)
            : inside.Length > 4 && inside[4..].StartsWith(Path, StringComparison.Ordinal) ? new MemoryOwner(null, inside[(4 + Path.Length)..].ToString())
            : null;
    }

    private static ReadOnlySpan<char> WithoutOffset(ReadOnlySpan<char> name, out ulong offset)
    {
        offset = 0;
        var at = name.Length - Digits - 2;
        return at >= 0 && name[at..].StartsWith(" @", StringComparison.Ordinal) && TryHex(name[(at + 2)..], out offset) ? name[..at] : name;
    }

    private static bool TryHex(ReadOnlySpan<char> digits, out ulong value) =>
        ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private static bool IsKind(ReadOnlySpan<char> kind) => kind.StartsWith("nv-", StringComparison.Ordinal)
        ? IsKind(kind[3..])
        : kind is "ram" or "ramd" or "rom" or "romd" or "i/o";

    /// <summary>Nothing, or words with a space before each.</summary>
    private static bool AreWords(ReadOnlySpan<char> text)
    {
        foreach (var word in text.Split(' '))
        {
            if (text[word].ContainsAnyExcept(Letters))
            {
                return false;
            }
        }

        return text.Length == 0 || text[0] == ' ';
    }

    private static readonly System.Buffers.SearchValues<char> Letters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private sealed class Reading
    {
        private readonly ImmutableArray<string>.Builder _unparsed = ImmutableArray.CreateBuilder<string>();
        private ImmutableArray<MemoryRange>.Builder? _memory;
        private ImmutableArray<MemoryRange>.Builder? _io;

        /// <summary>The one above, until it is known which spaces have it.</summary>
        private ImmutableArray<MemoryRange>.Builder? _view;
        private bool _isWanted;

        public MemoryMap Map => new(Flat(AddressSpace.Memory, _memory), Flat(AddressSpace.Io, _io), _unparsed.ToImmutable());

        public void Take(ReadOnlySpan<char> line)
        {
            if (line.StartsWith("FlatView #", StringComparison.Ordinal))
            {
                (_view, _isWanted) = (ImmutableArray.CreateBuilder<MemoryRange>(), false);
            }
            else if (_view is not null && line.StartsWith(" AS \"", StringComparison.Ordinal))
            {
                TakeSpace(line);
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal) && _view is not null)
            {
                TakeRange(line, _view);
            }
            else if (line.Length > 0 && !(_view is not null && line.StartsWith(" Root memory region: ", StringComparison.Ordinal)))
            {
                Keep(line);
            }
        }

        public void Keep(ReadOnlySpan<char> line) => _unparsed.Add(line.ToString());

        private void TakeSpace(ReadOnlySpan<char> line)
        {
            if (_memory is null && line is Memory)
            {
                (_memory, _isWanted) = (_view, true);
            }
            else if (_io is null && line is Io)
            {
                (_io, _isWanted) = (_view, true);
            }
        }

        /// <summary>A view of other spaces, such as those that a device does its DMA in, is passed over.</summary>
        private void TakeRange(ReadOnlySpan<char> line, ImmutableArray<MemoryRange>.Builder view)
        {
            if (!_isWanted || line is "  No rendered FlatView")
            {
                return;
            }

            if (ParseRange(line) is { } range && (view.Count == 0 || range.Start > view[^1].End))
            {
                view.Add(range);
            }
            else
            {
                Keep(line);
            }
        }

        private static FlatMemory? Flat(AddressSpace space, ImmutableArray<MemoryRange>.Builder? ranges) =>
            ranges is null ? null : new FlatMemory(space, ranges.ToImmutable());
    }
}
