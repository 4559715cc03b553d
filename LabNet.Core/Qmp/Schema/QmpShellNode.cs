using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>A value that somebody typed, before it is known what type it should have.</summary>
/// <param name="At">Where it stands in the line; for a part of a JSON text, where that text begins.</param>
internal abstract record QmpShellNode(int At, int Length)
{
    /// <summary>Not in JSON.</summary>
    /// <param name="Quoted">Then it is text, whatever it looks like.</param>
    public sealed record Word(string Text, bool Quoted, int At, int Length) : QmpShellNode(At, Length);

    /// <summary>A JSON string, number, true, false or null.</summary>
    public sealed record Scalar(JsonElement Value, int At, int Length) : QmpShellNode(At, Length);

    public sealed record Items(IReadOnlyList<QmpShellNode> Nodes, int At, int Length) : QmpShellNode(At, Length);

    /// <param name="Dotted">Made of keys with a dot, so that more keys may come.</param>
    public sealed record Branch(Dictionary<string, QmpShellNode> Nodes, bool Dotted, int At, int Length) : QmpShellNode(At, Length);

    /// <summary>The depth was bounded when the JSON was read.</summary>
    public static QmpShellNode Of(JsonElement json, int at, int length) => json.ValueKind switch
    {
        JsonValueKind.Array => new Items([.. json.EnumerateArray().Select(item => Of(item, at, length))], at, length),
        JsonValueKind.Object => new Branch(
            json.EnumerateObject().ToDictionary(member => member.Name, member => Of(member.Value, at, length)), Dotted: false, at, length),
        _ => new Scalar(json, at, length),
    };
}

/// <param name="Key">As typed, with its dots.</param>
/// <param name="Value">Null where there is no <c>=</c>, or the value could not be read.</param>
/// <param name="End">Behind the value.</param>
internal sealed record QmpShellArgument(string Key, int At, bool HasValue, QmpShellNode? Value, int End);

/// <summary>What is wrong with a line, and where.</summary>
/// <param name="Position">The first character that it is about, from 0.</param>
/// <param name="Length">How many characters; may be 0 where something is missing.</param>
public sealed record QmpShellMistake(int Position, int Length, string Message);
