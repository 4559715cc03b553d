using YamlDotNet.Core;

namespace LabNet.Core.Labs;

/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
internal readonly record struct Place(int Line, int Column)
{
    public static Place Of(Mark mark) => new((int)mark.Line, (int)mark.Column);
}

internal abstract record YamlNode(Place At);

/// <param name="At">Its first character.</param>
/// <param name="Text">Without quotes.</param>
/// <param name="IsPlain">Written without quotes, so that it can be a number, a truth value or nothing (YAML 1.2 § 10.3.2).</param>
internal sealed record YamlScalar(Place At, string Text, bool IsPlain) : YamlNode(At);

internal sealed record YamlList(Place At, IReadOnlyList<YamlNode> Items) : YamlNode(At);

/// <param name="At">Its first key or its brace.</param>
/// <param name="Entries">In the file's order; a repeated key is told already and left out.</param>
internal sealed record YamlMap(Place At, IReadOnlyList<YamlEntry> Entries) : YamlNode(At);

/// <summary>Its place is that of its key.</summary>
internal sealed record YamlEntry(Place At, string Key, YamlNode Value);
