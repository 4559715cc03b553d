using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace LabNet.Web.Dashboard.Shell;

public sealed partial class MainLayout
{
    private ErrorBoundary? _boundary;

    [Inject]
    private VmRegistry Registry { get; set; } = default!;

    [Inject]
    private ActorOf ActorOf { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    /// <summary>With the page's own address: a bare fragment is relative to the base, which is the start page.</summary>
    private string SkipTarget => new UriBuilder(Navigation.Uri) { Fragment = "content" }.Uri.PathAndQuery + "#content";

    private void ShowAgain() => _boundary?.Recover();
}
