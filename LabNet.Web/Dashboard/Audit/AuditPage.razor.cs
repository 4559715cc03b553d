using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Audit;

/// <summary>The audit log. What is looked for is in the address.</summary>
public sealed partial class AuditPage
{
    private const int LinesShown = 100;

    [Inject]
    private AuditLog Log { get; set; } = default!;

    [Inject]
    private VmRegistry Registry { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "vm")]
    private string? VmName { get; set; }

    [SupplyParameterFromQuery(Name = "actor")]
    private string? ActorName { get; set; }

    [SupplyParameterFromQuery(Name = "action")]
    private string? Action { get; set; }

    /// <summary>Behind which line; null for the newest.</summary>
    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    private bool IsFiltered => VmName is not null || ActorName is not null || Action is not null;

    private Task<GuestReading<IReadOnlyList<AuditLine>>> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        PageCursor? after = PageCursor.TryParse(Before, out var cursor) ? cursor : null;
        var query = new AuditQuery(LinesShown, after, Given(VmName), Given(ActorName), Given(Action));
        return Task.Run(() => new GuestReading<IReadOnlyList<AuditLine>>(Log.Read(query), Time.GetUtcNow()), cancellationToken);
    }

    private void Go(string? vm = null, string? actor = null, string? action = null) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters("/audit", new Dictionary<string, object?>
    {
        ["vm"] = Given(vm ?? VmName),
        ["actor"] = Given(actor ?? ActorName),
        ["action"] = Given(action ?? Action),
    }));

    /// <summary>The fields go by themselves when they change; the form's own way is for a page that is not live yet.</summary>
    private static void Stay()
    {
    }

    private string Address(string? before) => Navigation.GetUriWithQueryParameter("before", before);

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
