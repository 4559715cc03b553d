using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Shell;

/// <param name="Path">As in the page's <c>@page</c>.</param>
/// <param name="Role">Who sees it.</param>
public sealed record NavPage(string Path, string Title, IconShape Icon, Role Role);

/// <summary>The pages that the navigation offers, in its order.</summary>
public static class NavPages
{
    public static readonly IReadOnlyList<NavPage> All =
    [
        new("/", "Lab", IconShape.Lab, Role.Viewer),
        new("/timeline", "Timeline", IconShape.Timeline, Role.Viewer),
        new("/links", "Links", IconShape.Links, Role.Viewer),
        new("/chaos", "Chaos", IconShape.Kill, Role.Viewer),
        new("/events", "Events", IconShape.List, Role.Viewer),
        new("/audit", "Audit", IconShape.Book, Role.Admin),
    ];
}
