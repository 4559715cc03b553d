using System.Text;

namespace LabNet.Core.Snapshots;

/// <summary>
/// What a snapshot is called in a qcow2 file. QEMU takes any bytes there, and then finds them again in its command line, in tables of the human
/// monitor and by an id that looks like a number; so tags are made of letters, digits, dots, dashes and underscores, and begin with a letter.
/// </summary>
internal static class SnapshotTag
{
    /// <summary>QEMU cuts a name at 255 bytes.</summary>
    private const int LengthMax = 64;

    /// <summary>A name is for people; more than this is a note.</summary>
    public const int NameLengthMax = 300;

    /// <summary>Why the name cannot be had; null if it can.</summary>
    public static string? MistakeOf(string name) =>
        string.IsNullOrWhiteSpace(name) ? "A snapshot needs a name."
        : name.Length > NameLengthMax ? $"A snapshot's name has at most {NameLengthMax} characters; this one has {name.Length}. The rest can go into its note."
        : name.Any(char.IsControl) ? "A snapshot's name cannot have control characters, such as line ends."
        : null;

    /// <summary>A tag that reads like the name, and is none of those in use.</summary>
    public static string For(string name, IReadOnlySet<string> inUse)
    {
        var tag = new StringBuilder();
        foreach (var c in name)
        {
            if (tag.Length == LengthMax)
            {
                break;
            }

            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '_')
            {
                tag.Append(c);
            }
            else if (tag.Length > 0 && tag[^1] != '-')
            {
                tag.Append('-');
            }
        }

        var plain = tag.ToString().Trim('-', '.');
        if (plain.Length == 0 || !char.IsAsciiLetter(plain[0]))
        {
            plain = plain.Length == 0 ? "snapshot" : $"s-{plain}";
        }

        return Enumerable.Range(1, inUse.Count + 1).Select(number => number == 1 ? plain : $"{plain}-{number}").First(one => !inUse.Contains(one));
    }
}
