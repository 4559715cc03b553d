using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace LabNet.Core.Labs;

/// <summary>
/// A name of the lab file: <c>[a-z][a-z0-9-]{0,30}</c>. Such a name is safe as a host name, in a path, in a network interface's name and
/// on QEMU's and the kernel's command lines, so nothing that carries one has to quote it.
/// </summary>
internal interface ILabName<TSelf> where TSelf : struct, ILabName<TSelf>
{
    /// <summary>Of a text that has matched the grammar.</summary>
    static abstract TSelf Of(string text);
}

internal static partial class NameGrammar
{
    public const string Told = "a small letter, then at most 30 small letters, digits or '-'";

    public static bool TryParse<TName>([NotNullWhen(true)] string? text, out TName name) where TName : struct, ILabName<TName>
    {
        var matches = text is not null && Pattern().IsMatch(text);
        name = matches ? TName.Of(text!) : default;
        return matches;
    }

    public static TName Parse<TName>(string text) where TName : struct, ILabName<TName> =>
        TryParse(text, out TName name) ? name : throw new FormatException($"\"{text}\" is no {typeof(TName).Name}: {Told}.");

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,30}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}

/// <summary>Names a lab; unique on a machine.</summary>
public readonly record struct LabName : ILabName<LabName>
{
    private readonly string? _text;

    private LabName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out LabName name) => NameGrammar.TryParse(text, out name);

    /// <exception cref="FormatException">The text is no name.</exception>
    public static LabName Parse(string text) => NameGrammar.Parse<LabName>(text);

    public override string ToString() => _text ?? "";

    static LabName ILabName<LabName>.Of(string text) => new(text);
}

/// <summary>Names a host; unique in its lab.</summary>
public readonly record struct HostName : ILabName<HostName>
{
    private readonly string? _text;

    private HostName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out HostName name) => NameGrammar.TryParse(text, out name);

    /// <exception cref="FormatException">The text is no name.</exception>
    public static HostName Parse(string text) => NameGrammar.Parse<HostName>(text);

    public override string ToString() => _text ?? "";

    static HostName ILabName<HostName>.Of(string text) => new(text);
}

/// <summary>Names a VM; unique in its lab, whatever host it runs on. The guest's host name too.</summary>
public readonly record struct VmName : ILabName<VmName>
{
    private readonly string? _text;

    private VmName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out VmName name) => NameGrammar.TryParse(text, out name);

    /// <exception cref="FormatException">The text is no name.</exception>
    public static VmName Parse(string text) => NameGrammar.Parse<VmName>(text);

    public override string ToString() => _text ?? "";

    static VmName ILabName<VmName>.Of(string text) => new(text);
}

/// <summary>Names a link; unique in its lab.</summary>
public readonly record struct LinkName : ILabName<LinkName>
{
    private readonly string? _text;

    private LinkName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out LinkName name) => NameGrammar.TryParse(text, out name);

    /// <exception cref="FormatException">The text is no name.</exception>
    public static LinkName Parse(string text) => NameGrammar.Parse<LinkName>(text);

    public override string ToString() => _text ?? "";

    static LinkName ILabName<LinkName>.Of(string text) => new(text);
}

/// <summary>Names a guest image; each architecture has its own build of it.</summary>
public readonly record struct ImageName : ILabName<ImageName>
{
    private readonly string? _text;

    private ImageName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out ImageName name) => NameGrammar.TryParse(text, out name);

    /// <exception cref="FormatException">The text is no name.</exception>
    public static ImageName Parse(string text) => NameGrammar.Parse<ImageName>(text);

    public override string ToString() => _text ?? "";

    static ImageName ILabName<ImageName>.Of(string text) => new(text);
}

/// <summary>Names a folder under the lab's shares.</summary>
public readonly record struct ShareName : ILabName<ShareName>
{
    private readonly string? _text;

    private ShareName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out ShareName name) => NameGrammar.TryParse(text, out name);

    /// <exception cref="FormatException">The text is no name.</exception>
    public static ShareName Parse(string text) => NameGrammar.Parse<ShareName>(text);

    public override string ToString() => _text ?? "";

    static ShareName ILabName<ShareName>.Of(string text) => new(text);
}
