using System.Collections.Immutable;

namespace LabNet.Core.TraceEvents;

/// <summary>What an argument's values are, by the way in which QEMU prints them.</summary>
public enum TraceValueKind
{
    /// <summary>With a sign.</summary>
    Number,

    /// <summary>Without a sign.</summary>
    Natural,

    /// <summary>Without a sign, printed in base 16: addresses, flags, registers.</summary>
    Hex,

    /// <summary>UTF-8, as it stood in the log.</summary>
    Text,
}

/// <summary>An argument that an event's text shows.</summary>
/// <param name="Name">As QEMU declares it, such as <c>nsectors</c>.</param>
/// <param name="Type">C's type, such as <c>uint64_t</c> or <c>void *</c>.</param>
public sealed record TraceArgument(string Name, string Type, TraceValueKind Kind);

/// <summary>A trace event.</summary>
/// <param name="Name">As QEMU knows it, such as <c>virtio_blk_handle_read</c>.</param>
/// <param name="Arguments">Those that the event's text shows, in the text's order.</param>
/// <param name="IsTyped">False of an event that the catalogue does not have, or whose declaration is not understood: its text is one argument.</param>
public sealed record TraceEventType(string Name, ImmutableArray<TraceArgument> Arguments, bool IsTyped)
{
    /// <summary>The one argument of an event that is not typed: all of its text.</summary>
    public const string UntypedArgument = "text";

    /// <summary>Lines that are no trace event, as they stand in the log; no event of QEMU has such a name.</summary>
    public static TraceEventType Unparsed { get; } = Untyped("(unparsed)");

    /// <summary>An event of which only the name is known.</summary>
    public static TraceEventType Untyped(string name) => new(name, [new TraceArgument(UntypedArgument, "char *", TraceValueKind.Text)], IsTyped: false);

    /// <summary>Whether an argument before this one has the same name: where a name leads to one value, the first one's counts.</summary>
    /// <param name="argument">A place in <see cref="Arguments"/>.</param>
    public bool IsRepeated(int argument)
    {
        for (var before = 0; before < argument; before++)
        {
            if (Arguments[before].Name == Arguments[argument].Name)
            {
                return true;
            }
        }

        return false;
    }

    public bool Equals(TraceEventType? other) =>
        other is not null && Name == other.Name && IsTyped == other.IsTyped && Arguments.AsSpan().SequenceEqual(other.Arguments.AsSpan());

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}
