namespace LabNet.Web.Dashboard.Shell;

/// <param name="Path">As in the page's <c>@page</c>.</param>
public sealed record NavPage(string Path, string Title, IconShape Icon);

/// <summary>The pages that the navigation offers, in its order.</summary>
public static class NavPages
{
    public static readonly IReadOnlyList<NavPage> All =
    [
        new("/", "Lab", IconShape.Lab),
    ];
}
