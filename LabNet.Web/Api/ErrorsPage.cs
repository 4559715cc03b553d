using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace LabNet.Web.Api;

/// <summary>
/// docs/errors.md as a page, so that a problem's <c>type</c> leads somewhere on every machine. The file keeps to headings, paragraphs,
/// lists and `code`.
/// </summary>
internal static partial class ErrorsPage
{
    public const string Path = "/docs/errors";

    private static readonly Lazy<string> Html = new(() => Render(Markdown()));

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, () => TypedResults.Content(Html.Value, "text/html; charset=utf-8")).AllowAnonymous().ExcludeFromDescription();

    public static string Markdown()
    {
        using var reader = new StreamReader(typeof(ErrorsPage).Assembly.GetManifestResourceStream("errors.md")!);
        return reader.ReadToEnd();
    }

    private static string Render(string markdown)
    {
        var html = new StringBuilder(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>LabNet: errors</title></head><body>\n");
        foreach (var block in markdown.Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            html.AppendLine(RenderBlock(block));
        }

        return html.Append("</body></html>\n").ToString();
    }

    private static string RenderBlock(string block)
    {
        if (block.StartsWith("## ", StringComparison.Ordinal))
        {
            var section = Inline(block[3..]);
            return $"<h2 id=\"{section}\">{section}</h2>";
        }

        if (block.StartsWith("# ", StringComparison.Ordinal))
        {
            return $"<h1>{Inline(block[2..])}</h1>";
        }

        return block.StartsWith("- ", StringComparison.Ordinal)
            ? "<ul>" + string.Concat(block[2..].Split("\n- ").Select(item => $"<li>{Inline(item)}</li>")) + "</ul>"
            : $"<p>{Inline(block)}</p>";
    }

    private static string Inline(string text) => Code().Replace(WebUtility.HtmlEncode(text), "<code>${text}</code>");

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Code();
}
