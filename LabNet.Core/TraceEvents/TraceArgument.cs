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
