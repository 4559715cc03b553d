using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>A row as it is before it is packed. Values are decimals and strings.</summary>
internal sealed record SampleRow(TraceEventType Type, TraceThread Thread, decimal? LatencyUs, IReadOnlyList<object> Values)
{
    /// <summary>What a field is of this row; null if it has none.</summary>
    public object? Of(string field)
    {
        if (field is "event" or "cpu" or "thread" or "latencyUs")
        {
            return field switch
            {
                "event" => Type.Name,
                "cpu" => (decimal?)Thread.Vcpu,
                "thread" => Thread.Id == 0 ? null : (decimal)Thread.Id,
                _ => LatencyUs,
            };
        }

        var name = field.StartsWith("args.", StringComparison.Ordinal) ? field["args.".Length..] : field;
        var place = Type.Arguments.Select(argument => argument.Name).ToList().IndexOf(name);
        return place < 0 ? null : Values[place];
    }
}

/// <summary>What stands on the right of a comparison.</summary>
/// <param name="Number">Null of what is no number.</param>
/// <param name="Text">Null of what cannot be a text there.</param>
internal sealed record SampleLiteral(string Written, decimal? Number, string? Text);

/// <summary>A filter as docs/trace-filter.md tells its meaning, row by row and without any haste: what the real one is held against.</summary>
internal abstract record SampleCondition
{
    public abstract string Written { get; }

    public abstract IEnumerable<string> Fields { get; }

    public abstract bool Holds(SampleRow row);

    /// <summary>Tries every way to divide the text.</summary>
    public static bool Fits(string pattern, string text) => pattern.Length == 0
        ? text.Length == 0
        : pattern[0] == '*'
            ? Fits(pattern[1..], text) || (text.Length > 0 && Fits(pattern, text[WidthOfFirst(text)..]))
            : text.Length > 0 && (pattern[0] == '?' ? Fits(pattern[1..], text[WidthOfFirst(text)..]) : pattern[0] == text[0] && Fits(pattern[1..], text[1..]));

    private static int WidthOfFirst(string text) => char.IsHighSurrogate(text[0]) ? 2 : 1;

    public sealed record Has(string Field) : SampleCondition
    {
        public override string Written => $"has {Field}";

        public override IEnumerable<string> Fields => [Field];

        public override bool Holds(SampleRow row) => row.Of(Field) is not null;
    }

    public sealed record Compare(string Field, string Sign, SampleLiteral Literal) : SampleCondition
    {
        public override string Written => $"{Field}{Sign}{Literal.Written}";

        public override IEnumerable<string> Fields => [Field];

        public override bool Holds(SampleRow row) => (row.Of(Field), Literal) switch
        {
            (decimal value, { Number: { } number }) => Sign switch
            {
                "==" => value == number,
                "!=" => value != number,
                "<" => value < number,
                "<=" => value <= number,
                ">" => value > number,
                ">=" => value >= number,
                _ => false,
            },
            (string value, { Text: { } text }) => Sign switch
            {
                "==" => value == text,
                "!=" => value != text,
                "~" => Fits(text, value),
                "!~" => !Fits(text, value),
                _ => false,
            },
            _ => false,
        };
    }

    public sealed record OneOf(string Field, IReadOnlyList<SampleLiteral> Literals) : SampleCondition
    {
        public override string Written => $"{Field} in ({string.Join(", ", Literals.Select(literal => literal.Written))})";

        public override IEnumerable<string> Fields => [Field];

        public override bool Holds(SampleRow row) => Literals.Any(literal => new Compare(Field, "==", literal).Holds(row));
    }

    /// <param name="Word">One of the two that the language has.</param>
    public sealed record Not(SampleCondition Inner, string Word) : SampleCondition
    {
        public override string Written => $"{Word}{(Inner is Group ? $"({Inner.Written})" : Inner.Written)}";

        public override IEnumerable<string> Fields => Inner.Fields;

        public override bool Holds(SampleRow row) => !Inner.Holds(row);
    }

    /// <param name="Word">One of the two that the language has, each for and and for or.</param>
    public sealed record Group(bool IsAnd, string Word, IReadOnlyList<SampleCondition> Parts) : SampleCondition
    {
        /// <summary>Brackets stand only where they must.</summary>
        public override string Written =>
            string.Join($" {Word} ", Parts.Select(part => IsAnd && part is Group { IsAnd: false } ? $"({part.Written})" : part.Written));

        public override IEnumerable<string> Fields => Parts.SelectMany(part => part.Fields);

        public override bool Holds(SampleRow row) => IsAnd ? Parts.All(part => part.Holds(row)) : Parts.Any(part => part.Holds(row));
    }
}
