using System.Collections.Immutable;

namespace LabNet.Core.Qmp;

/// <summary>
/// A type of QEMU's own description of itself (qapi/introspect.json). Types have no names there that mean anything: they are known by
/// what they are made of, and may contain themselves.
/// </summary>
/// <remarks>Immutable; what a type is made of is looked up when it is asked for.</remarks>
public abstract class QmpSchemaType
{
    private QmpSchemaType()
    {
    }

    /// <summary>In one word for people: <c>str</c>, <c>int</c>, <c>[str]</c>, <c>off | on</c>, <c>object</c>, <c>str | object</c>.</summary>
    public abstract string Word { get; }

    /// <summary>A value that is made of nothing else.</summary>
    /// <param name="name">QEMU's: str, int, number, bool, null, any.</param>
    public sealed class Builtin(string name) : QmpSchemaType
    {
        public string Name { get; } = name;

        public override string Word => Name;
    }

    /// <summary>One of some words.</summary>
    public sealed class Enumeration(ImmutableArray<string> values) : QmpSchemaType
    {
        public ImmutableArray<string> Values { get; } = values;

        public override string Word => string.Join(" | ", Values);
    }

    public sealed class List : QmpSchemaType
    {
        private readonly QmpSchema _schema;
        private readonly string _element;

        internal List(QmpSchema schema, string element) => (_schema, _element) = (schema, element);

        public QmpSchemaType Element => _schema.Type(_element);

        public override string Word => Element is List ? "[[…]]" : $"[{Element.Word}]";
    }

    /// <summary>An object. A union has a tag: the member whose value says which further members there are.</summary>
    public sealed class Struct : QmpSchemaType
    {
        private readonly QmpSchema _schema;
        private readonly ImmutableArray<(string Case, string Type)> _variants;

        internal Struct(QmpSchema schema, ImmutableArray<QmpSchemaMember> members, string? tag, ImmutableArray<(string Case, string Type)> variants)
        {
            _schema = schema;
            _variants = variants;
            Members = members;
            Tag = tag;
        }

        /// <summary>Those that it has whatever the tag says.</summary>
        public ImmutableArray<QmpSchemaMember> Members { get; }

        /// <summary>The member that chooses a variant; null for what is no union.</summary>
        public string? Tag { get; }

        /// <summary>The tag's values that bring members of their own, and those members.</summary>
        public IEnumerable<(string Case, ImmutableArray<QmpSchemaMember> Members)> Variants =>
            _variants.Select(variant => (variant.Case, MembersOf(variant.Type))).Where(variant => !variant.Item2.IsEmpty);

        public override string Word => "object";

        /// <summary>All members for one value of the tag; just <see cref="Members"/> for a value without a variant.</summary>
        public IEnumerable<QmpSchemaMember> MembersFor(string? tagValue)
        {
            var variant = _variants.FirstOrDefault(v => v.Case == tagValue).Type;
            return variant is null ? Members : Members.Concat(MembersOf(variant));
        }

        private ImmutableArray<QmpSchemaMember> MembersOf(string type) => _schema.Type(type) is Struct variant ? variant.Members : [];
    }

    /// <summary>One of several types; which one shows by the JSON value.</summary>
    public sealed class Alternate : QmpSchemaType
    {
        private readonly QmpSchema _schema;
        private readonly ImmutableArray<string> _options;

        internal Alternate(QmpSchema schema, ImmutableArray<string> options) => (_schema, _options) = (schema, options);

        public IEnumerable<QmpSchemaType> Options => _options.Select(_schema.Type);

        public override string Word => string.Join(" | ", Options.Select(option => option is Alternate ? "…" : option.Word));
    }
}

/// <summary>A member of an object.</summary>
public sealed class QmpSchemaMember
{
    private readonly QmpSchema _schema;
    private readonly string _type;

    internal QmpSchemaMember(QmpSchema schema, string name, string type, bool isOptional, ImmutableArray<string> features)
    {
        (_schema, _type) = (schema, type);
        (Name, IsOptional, Features) = (name, isOptional, features);
    }

    public string Name { get; }

    public bool IsOptional { get; }

    /// <summary>Such as <c>deprecated</c> or <c>unstable</c>.</summary>
    public ImmutableArray<string> Features { get; }

    public QmpSchemaType Type => _schema.Type(_type);
}

/// <param name="Features">Such as <c>deprecated</c> or <c>unstable</c>.</param>
/// <param name="TakesMore">
/// Whether it also takes arguments that the schema does not tell: <c>device_add</c> takes every property of its driver.
/// </param>
public sealed record QmpSchemaCommand(
    string Name, QmpSchemaType.Struct Arguments, QmpSchemaType Returns, bool AllowsOob, bool TakesMore, ImmutableArray<string> Features);

/// <param name="Features">Such as <c>deprecated</c> or <c>unstable</c>.</param>
public sealed record QmpSchemaEvent(string Name, QmpSchemaType.Struct Data, ImmutableArray<string> Features);
