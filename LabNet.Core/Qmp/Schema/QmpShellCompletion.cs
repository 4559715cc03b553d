using System.Collections.Immutable;

namespace LabNet.Core.Qmp;

/// <param name="Text">What to put in place of the completion's range.</param>
/// <param name="Detail">What it is, such as the type of an argument.</param>
public sealed record QmpShellCandidate(string Text, string Detail);

/// <summary>What can stand where the cursor is: command names, arguments that are not given yet, words of an enumeration, true and false.</summary>
/// <param name="Start">The first character that a candidate replaces.</param>
/// <param name="Length">How many it replaces.</param>
/// <param name="Candidates">Those that begin with what stands before the cursor; mandatory arguments come first.</param>
public sealed record QmpShellCompletion(int Start, int Length, ImmutableArray<QmpShellCandidate> Candidates)
{
    internal static QmpShellCompletion Of(string line, int cursor, QmpSchema schema)
    {
        var before = new QmpShellLexer(line[..cursor]);
        var none = new QmpShellCompletion(cursor, 0, []);
        if (cursor <= before.CommandAt + before.Command.Length)
        {
            var end = EndOfWord(line, cursor, "");
            var names = schema.CommandNames.Where(name => name.StartsWith(before.Command, StringComparison.Ordinal));
            return new QmpShellCompletion(before.CommandAt, end - before.CommandAt, [.. names.Select(name => new QmpShellCandidate(name, Detail(schema.FindCommand(name)!.Features)))]);
        }

        if (schema.FindCommand(before.Command) is not { } command || before.IsCutShort || before.Json is not null)
        {
            return none;
        }

        var open = before.Arguments.LastOrDefault() is { } last && last.End == cursor ? last : null;
        var others = new QmpShellLexer(line).Arguments.Where(argument => argument.At != open?.At).ToList();
        if (open is not { HasValue: true })
        {
            return OfKey(line, cursor, open?.Key ?? "", command, others);
        }

        return open.Value is QmpShellNode.Word { Quoted: false } word ? OfValue(line, cursor, word, MemberAt(command, open.Key.Split('.'), others)) : none;
    }

    private static QmpShellCompletion OfKey(string line, int cursor, string typed, QmpSchemaCommand command, List<QmpShellArgument> others)
    {
        var start = cursor - typed.Length;
        var end = EndOfWord(line, cursor, "=");
        var dot = typed.LastIndexOf('.') + 1;
        var (path, prefix) = (typed[..dot], typed[dot..]);
        var type = dot == 0 ? command.Arguments : StructOf(MemberAt(command, typed[..(dot - 1)].Split('.'), others)?.Type);
        if (type is null)
        {
            return new QmpShellCompletion(cursor, 0, []);
        }

        var candidates =
            from member in MembersOf(type, path, others)
            where member.Name.StartsWith(prefix, StringComparison.Ordinal)
            let whole = path + member.Name
            let nested = member.Type is QmpSchemaType.Struct
            where !others.Any(other => other.Key == whole || (!nested && other.Key.StartsWith(whole + ".", StringComparison.Ordinal)))
            orderby member.IsOptional
            select new QmpShellCandidate(whole + (nested ? "." : end < line.Length && line[end] == '=' ? "" : "="), Detail(member));
        return new QmpShellCompletion(start, end - start, [.. candidates]);
    }

    private static QmpShellCompletion OfValue(string line, int cursor, QmpShellNode.Word word, QmpSchemaMember? member)
    {
        var words = member is null ? [] : WordsOf(member.Type).Where(value => value.StartsWith(word.Text, StringComparison.Ordinal));
        return new QmpShellCompletion(word.At, EndOfWord(line, cursor, "") - word.At, [.. words.Select(value => new QmpShellCandidate(value, ""))]);
    }

    private static IEnumerable<string> WordsOf(QmpSchemaType type) => type switch
    {
        QmpSchemaType.Enumeration enumeration => enumeration.Values,
        QmpSchemaType.Builtin { Name: "bool" } => ["true", "false"],
        QmpSchemaType.Builtin { Name: "null" } => ["null"],
        QmpSchemaType.Alternate alternate => alternate.Options.Where(option => option is not QmpSchemaType.Alternate).SelectMany(WordsOf),
        _ => [],
    };

    private static QmpSchemaMember? MemberAt(QmpSchemaCommand command, string[] parts, List<QmpShellArgument> others)
    {
        QmpSchemaMember? member = null;
        var path = "";
        foreach (var part in parts)
        {
            var type = member is null ? command.Arguments : StructOf(member.Type);
            member = type is null ? null : MembersOf(type, path, others).FirstOrDefault(candidate => candidate.Name == part);
            if (member is null)
            {
                return null;
            }

            path += part + ".";
        }

        return member;
    }

    /// <summary>For a union: those of the variant that the line has chosen already.</summary>
    private static IEnumerable<QmpSchemaMember> MembersOf(QmpSchemaType.Struct type, string path, List<QmpShellArgument> others)
    {
        var chosen = type.Tag is null ? null : others.FirstOrDefault(other => other.Key == path + type.Tag)?.Value as QmpShellNode.Word;
        return type.MembersFor(chosen?.Text);
    }

    private static QmpSchemaType.Struct? StructOf(QmpSchemaType? type) => type switch
    {
        QmpSchemaType.Struct found => found,
        QmpSchemaType.Alternate alternate => alternate.Options.OfType<QmpSchemaType.Struct>().FirstOrDefault(),
        _ => null,
    };

    private static string Detail(QmpSchemaMember member) =>
        string.Join(", ", [member.Type.Word, .. member.IsOptional ? ["optional"] : Array.Empty<string>(), .. member.Features]);

    private static string Detail(ImmutableArray<string> features) => string.Join(", ", features);

    private static int EndOfWord(string line, int from, string alsoEnds)
    {
        while (from < line.Length && !char.IsWhiteSpace(line[from]) && !alsoEnds.Contains(line[from], StringComparison.Ordinal))
        {
            from++;
        }

        return from;
    }
}
