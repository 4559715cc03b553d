using System.Collections.Immutable;
using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <param name="Command">As typed; empty for an empty line.</param>
/// <param name="Arguments">What to send; null where the command gets none, or there are mistakes.</param>
/// <param name="Mistakes">Empty if the line is good, in the line's order.</param>
public sealed record QmpShellReading(string Command, JsonElement? Arguments, ImmutableArray<QmpShellMistake> Mistakes);

/// <summary>
/// One QMP command as a person types it: <c>command key=value outer.inner=true list=[1,2]</c>, or <c>command {"json": "object"}</c>.
/// QEMU's schema says what a value is: <c>id=5</c> is text for a command that wants text, and a mistake where it does not fit.
/// </summary>
public static class QmpShellLine
{
    /// <summary>Reads a line; nothing is sent.</summary>
    public static QmpShellReading Parse(string line, QmpSchema schema)
    {
        if (MistakeOfText(line) is { } unreadable)
        {
            return new QmpShellReading("", Arguments: null, [unreadable]);
        }

        var lexer = new QmpShellLexer(line);
        if (lexer.Command.Length == 0)
        {
            return new QmpShellReading("", Arguments: null, [new QmpShellMistake(0, line.Length, "A command is missing.")]);
        }

        if (schema.FindCommand(lexer.Command) is not { } command)
        {
            var hint = NearestWord.Hint(lexer.Command, schema.CommandNames);
            var unknown = $"This QEMU has no command \"{QmpShellLexer.Shown(lexer.Command)}\".{hint}";
            return new QmpShellReading(lexer.Command, Arguments: null, [new QmpShellMistake(lexer.CommandAt, lexer.Command.Length, unknown)]);
        }

        var tree = lexer.Json ?? QmpShellTree.Of(lexer);
        var arguments = lexer.Mistakes.Count == 0 ? new QmpShellCheck(lexer.Mistakes).Check(command, tree) : null;
        return new QmpShellReading(command.Name, lexer.Mistakes.Count == 0 ? arguments : null, [.. lexer.Mistakes.OrderBy(mistake => mistake.Position)]);
    }

    /// <inheritdoc cref="QmpShellCompletion"/>
    /// <param name="cursor">Between 0 and the line's length.</param>
    public static QmpShellCompletion Complete(string line, int cursor, QmpSchema schema)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cursor);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cursor, line.Length);
        return MistakeOfText(line) is null ? QmpShellCompletion.Of(line, cursor, schema) : new QmpShellCompletion(cursor, 0, []);
    }

    private static QmpShellMistake? MistakeOfText(string line)
    {
        if (line.Length > QmpShellLexer.CharsMax)
        {
            return new QmpShellMistake(QmpShellLexer.CharsMax, line.Length - QmpShellLexer.CharsMax, $"A line has at most {QmpShellLexer.CharsMax} characters.");
        }

        for (var i = 0; i < line.Length; i++)
        {
            if (char.IsHighSurrogate(line[i]) && i + 1 < line.Length && char.IsLowSurrogate(line[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(line[i]))
            {
                return new QmpShellMistake(i, 1, "Half a character stands here.");
            }
        }

        return null;
    }
}
