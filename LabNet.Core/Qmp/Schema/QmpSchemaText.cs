using System.Collections.Immutable;

namespace LabNet.Core.Qmp;

/// <param name="Depth">0 for an argument, more for what it is made of.</param>
/// <param name="Text">Such as <c>device: str (optional)</c> or <c>when driver is file:</c>.</param>
public sealed record QmpSchemaLine(int Depth, string Text);

/// <summary>A command's arguments in words, for people.</summary>
public static class QmpSchemaText
{
    /// <summary>blockdev-add alone has thousands of lines, its block nodes standing on block nodes.</summary>
    private const int LinesMax = 600;

    /// <param name="depthMax">How far down objects are taken apart; types may contain themselves.</param>
    /// <returns>At most <see cref="LinesMax"/> lines; the last one says so if there were more.</returns>
    public static ImmutableArray<QmpSchemaLine> DescribeArguments(this QmpSchemaCommand command, int depthMax = 1)
    {
        var lines = Members(command.Arguments, depth: 0, depthMax).Take(LinesMax + 1).ToImmutableArray();
        if (command.TakesMore)
        {
            lines = lines.Add(new QmpSchemaLine(0, "any further property of the driver"));
        }

        return lines.Length <= LinesMax ? lines : lines.RemoveRange(LinesMax, lines.Length - LinesMax).Add(new QmpSchemaLine(0, "…"));
    }

    private static IEnumerable<QmpSchemaLine> Members(QmpSchemaType.Struct type, int depth, int depthMax)
    {
        foreach (var line in type.Members.SelectMany(member => Member(member, depth, depthMax)))
        {
            yield return line;
        }

        foreach (var (value, members) in type.Variants)
        {
            yield return new QmpSchemaLine(depth, $"when {type.Tag} is {value}:");
            foreach (var line in members.SelectMany(member => Member(member, depth + 1, depthMax)))
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<QmpSchemaLine> Member(QmpSchemaMember member, int depth, int depthMax)
    {
        IEnumerable<string> notes = [.. member.IsOptional ? ["optional"] : Array.Empty<string>(), .. member.Features];
        var after = notes.Any() ? $" ({string.Join(", ", notes)})" : "";
        return StructsOf(member.Type)
            .SelectMany(type => depth < depthMax ? Members(type, depth + 1, depthMax) : [])
            .Prepend(new QmpSchemaLine(depth, $"{member.Name}: {member.Type.Word}{after}"));
    }

    private static IEnumerable<QmpSchemaType.Struct> StructsOf(QmpSchemaType type) => type switch
    {
        QmpSchemaType.Struct found => [found],
        QmpSchemaType.List { Element: not QmpSchemaType.List } list => StructsOf(list.Element),
        QmpSchemaType.Alternate alternate => alternate.Options.OfType<QmpSchemaType.Struct>(),
        _ => [],
    };
}
