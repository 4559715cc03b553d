namespace LabNet.Core.Qmp;

/// <summary>Makes one tree of the arguments of a line: <c>a.b=1 a.c=2</c> is an object in an object.</summary>
internal static class QmpShellTree
{
    /// <summary>Deeper than any of QEMU's types; without a bound a line of dots would become a deep recursion.</summary>
    private const int PartsMax = 16;

    public static QmpShellNode.Branch Of(QmpShellLexer lexer)
    {
        var end = lexer.CommandAt + lexer.Command.Length;
        var root = new QmpShellNode.Branch([], Dotted: true, lexer.CommandAt, end - lexer.CommandAt);
        foreach (var argument in lexer.Arguments)
        {
            if (argument.Value is { } value && Insert(root, argument, value) is { } mistake)
            {
                lexer.Mistakes.Add(new QmpShellMistake(argument.At, argument.Key.Length, mistake));
            }
        }

        return root;
    }

    private static string? Insert(QmpShellNode.Branch root, QmpShellArgument argument, QmpShellNode value)
    {
        var parts = argument.Key.Split('.');
        if (parts.Length > PartsMax)
        {
            return $"A key has at most {PartsMax} parts.";
        }

        if (argument.Key.Length > 0 && parts.Any(part => part.Length == 0))
        {
            return "A name is missing beside a dot of this key.";
        }

        var branch = root;
        foreach (var part in parts[..^1])
        {
            if (!branch.Nodes.TryGetValue(part, out var inner))
            {
                inner = new QmpShellNode.Branch([], Dotted: true, argument.At, argument.Key.Length);
                branch.Nodes[part] = inner;
            }

            if (inner is not QmpShellNode.Branch { Dotted: true } next)
            {
                return $"\"{QmpShellLexer.Shown(part)}\" has a value already, so that it cannot have members.";
            }

            branch = next;
        }

        return branch.Nodes.TryAdd(parts[^1], value) ? null : $"\"{QmpShellLexer.Shown(argument.Key)}\" is given twice.";
    }
}
