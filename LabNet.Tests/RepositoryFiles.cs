using System.Text.RegularExpressions;

namespace LabNet.Tests;

/// <summary>The files of the checkout that we wrote: nothing built, fetched or hidden.</summary>
internal static partial class RepositoryFiles
{
    private static readonly HashSet<string> NotOurs = ["artifacts", "bin", "obj", "node_modules", "lib"];

    /// <param name="extensions">With their dot.</param>
    /// <returns>Paths from the root on.</returns>
    public static IReadOnlyList<string> With(params string[] extensions) =>
    [
        .. FilesIn(Repository.Root)
            .Where(path => extensions.Contains(Path.GetExtension(path)))
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Order(StringComparer.Ordinal),
    ];

    public static string Read(string path) => File.ReadAllText(Path.Join(Repository.Root, path));

    /// <summary>The anchors that GitHub gives a page's headings.</summary>
    public static IEnumerable<string> AnchorsOf(string markdown) => Heading().Matches(WithoutCode(markdown))
        .Select(match => NotInAnchors().Replace(match.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>Link targets, without those inside code.</summary>
    public static IEnumerable<string> LinksOf(string markdown) => Link().Matches(WithoutCode(markdown)).Select(match => match.Groups["target"].Value);

    private static string WithoutCode(string markdown) => Code().Replace(markdown, "");

    private static IEnumerable<string> FilesIn(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            yield return file;
        }

        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(child);
            if (NotOurs.Contains(name) || (name.StartsWith('.') && name != ".ci"))
            {
                continue;
            }

            foreach (var file in FilesIn(child))
            {
                yield return file;
            }
        }
    }

    [GeneratedRegex(@"^#{1,6}\s+(?<text>.+)$", RegexOptions.Multiline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\s_-]", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex NotInAnchors();

    [GeneratedRegex(@"\]\(<?(?<target>[^)\s>]+)>?(?:\s+""[^""]*"")?\)", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Code();
}
