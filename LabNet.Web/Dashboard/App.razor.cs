using LabNet.Web.Dashboard.Shell;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;

namespace LabNet.Web.Dashboard;

/// <summary>The document around every page. Rendered once a request and never live.</summary>
public sealed partial class App
{
    [CascadingParameter]
    private HttpContext HttpContext { get; set; } = default!;

    private Theme? Theme => Themes.Chosen(HttpContext.Request);

    /// <summary>The login page and the pages that tell an error work without a circuit, and without a script.</summary>
    private InteractiveServerRenderMode? PageRenderMode => HttpContext.AcceptsInteractiveRouting() ? RenderMode.InteractiveServer : null;
}
