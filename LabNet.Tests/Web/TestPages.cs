using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.AspNetCore.Components.Rendering;

namespace LabNet.Tests.Web;

/// <summary>Stands for the dashboard's document: its only content is the antiforgery field that every form of a page has.</summary>
public sealed class TestDocument : ComponentBase
{
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenComponent<AntiforgeryToken>(0);
        builder.CloseComponent();
    }
}

[Route("/login")]
[AllowAnonymous]
public sealed class TestLoginPage : ComponentBase;

[Route("/")]
public sealed class TestHomePage : ComponentBase;

[Route("/for-admins")]
[Authorize(Policy = "admin")]
public sealed class TestAdminPage : ComponentBase;
