using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Login;

/// <summary>A plain form without circuit and script; POST /login takes it.</summary>
public sealed partial class LoginPage
{
    [Inject]
    private VmRegistry Registry { get; set; } = default!;

    [SupplyParameterFromQuery]
    private string? ReturnUrl { get; set; }

    /// <summary>Why the last try did not work, as POST /login says: <c>refused</c>, <c>toomany</c> or <c>nodatabase</c>.</summary>
    [SupplyParameterFromQuery]
    private string? Error { get; set; }

    /// <summary>A path of ours: "//host" and "/\host" would lead a browser elsewhere.</summary>
    private string SafeReturnUrl => ReturnUrl is ['/'] or ['/', not ('/' or '\\'), ..] ? ReturnUrl : "/";

    private string? Refusal => Error switch
    {
        null or "" => null,
        "toomany" => "Too many wrong tokens came from here. Wait a minute, then try again.",
        "nodatabase" => "LabNet cannot write its database lab.db now, so nobody can log in. Its log says why; try again in a moment.",
        _ => "LabNet does not know this token. It is mistyped, or it was revoked.",
    };
}
