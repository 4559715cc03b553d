using System.Collections.Immutable;
using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>A trace event, and how its text is read.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class TraceEventFormat
{
    /// <summary>memory_region_ops_read and its kind (trace-events of QEMU's softmmu): what a vCPU or a device reads and writes.</summary>
    private const string RegisterAccesses = "memory_region_ops_", Address = "addr", RegionName = "name";

    private readonly TraceText _text;
    private readonly int _address;
    private readonly int _regionName;

    private TraceEventFormat(TraceEventType type, TraceText text)
    {
        (_address, _regionName) = (PlaceOf(type, Address, TraceValueKind.Hex), PlaceOf(type, RegionName, TraceValueKind.Text));
        NamesRegister = type.IsTyped && _address >= 0 && _regionName >= 0 && type.Name.StartsWith(RegisterAccesses, StringComparison.Ordinal);
        Type = NamesRegister ? type with { Arguments = [.. type.Arguments, .. TraceDevice.Added] } : type;
        _text = text;
        Utf8Name = Encoding.UTF8.GetBytes(type.Name);
        PairRole = type.IsTyped ? TracePairRole.Of(type) : null;
    }

    public TraceEventType Type { get; }

    public byte[] Utf8Name { get; }

    /// <summary>Whether the event's last arguments are <see cref="TraceDevice.Added"/>.</summary>
    public bool NamesRegister { get; }

    /// <summary>Null of an event by itself.</summary>
    public TracePairRole? PairRole { get; }

    /// <summary>All of the text is one argument.</summary>
    public static TraceEventFormat Untyped(string name) => new(TraceEventType.Untyped(name), TraceText.Anything);

    /// <param name="format">printf's, without quotation marks.</param>
    public static TraceEventFormat Of(string name, IReadOnlyList<(string Name, string Type)> declared, string format)
    {
        if (!TraceText.TryParse(format, out var text) || text.Conversions.Length > declared.Count - text.Skips)
        {
            return Untyped(name);
        }

        var arguments = ImmutableArray.CreateBuilder<TraceArgument>();
        var next = 0;
        foreach (var conversion in text.Conversions)
        {
            next += conversion.Skips;
            arguments.Add(new TraceArgument(declared[next].Name, declared[next].Type, conversion.Kind));
            next++;
        }

        return new TraceEventFormat(new TraceEventType(name, arguments.ToImmutable(), IsTyped: true), text);
    }

    /// <summary>Reads the arguments from what stands behind the event's name.</summary>
    /// <param name="values">A place for each argument; texts are told to <paramref name="texts"/>, and their numbers there stand here.</param>
    /// <returns>False if the text is none of this event's.</returns>
    public bool TryRead(ReadOnlySpan<byte> text, Span<long> values, TraceTexts texts) => _text.TryMatch(text, values, texts);

    /// <summary>Says which register the access went to, behind the arguments that were read.</summary>
    public void NameRegister(TraceRegisters registers, Span<long> values, TraceTexts texts)
    {
        var register = registers.Find(unchecked((ulong)values[_address]), texts.Utf8Of(values[_regionName]));
        var added = values[(Type.Arguments.Length - TraceDevice.Added.Count)..];
        ((added[0], added[1]), added[2]) = (register.NumbersIn(texts), register.Offset);
    }

    private static int PlaceOf(TraceEventType type, string argument, TraceValueKind kind) => type.Arguments.AsSpan().IndexOf(type.Arguments.FirstOrDefault(one => one.Name == argument && one.Kind == kind));
}
