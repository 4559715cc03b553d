using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.Faults;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Chaos;

/// <summary>A run with its journal, as far as it has come.</summary>
public sealed partial class ChaosRunView
{
    [Parameter, EditorRequired]
    public ChaosRun Run { get; set; } = default!;

    /// <summary>The newest lines, oldest first.</summary>
    [Parameter, EditorRequired]
    public ImmutableArray<ChaosLine> Lines { get; set; } = [];

    /// <summary>How many lines came before those.</summary>
    [Parameter]
    public long LinesBefore { get; set; }

    [Parameter]
    public string? WhyNot { get; set; }

    [Parameter]
    public string? WhyNotReplay { get; set; }

    [Parameter]
    public EventCallback<ChaosRun> OnStop { get; set; }

    [Parameter]
    public EventCallback<ChaosRun> OnReplay { get; set; }

    /// <summary>By the newest line: a page that is not told anything new has nothing new to show.</summary>
    private string Progress => (Run.EndedAt is not null ? 1
        : Lines.LastOrDefault()?.AtMs is { } at && Run.Duration > TimeSpan.Zero ? Math.Clamp(at / Run.Duration.TotalMilliseconds, 0, 1)
        : 0).ToString("0.000", CultureInfo.InvariantCulture);

    private string TimelineAddress => string.Create(
        CultureInfo.InvariantCulture,
        $"/timeline?from={Run.StartedAt.ToUnixTimeMilliseconds()}&to={((Run.EndedAt ?? Run.StartedAt + Run.Duration) + TimeSpan.FromSeconds(5)).ToUnixTimeMilliseconds()}");
}
