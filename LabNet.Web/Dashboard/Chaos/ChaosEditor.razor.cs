using LabNet.Core.Faults;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Chaos;

/// <summary>A plan's text, what is wrong with it, and what it would do.</summary>
public sealed partial class ChaosEditor
{
    /// <summary>A longer message from a browser than 32 KB ends its circuit.</summary>
    private const int TextCharsMax = 20_000;
    private const int LinesMin = 16;
    private const int MistakesShown = 20;
    private const int FaultsShown = 500;

    private ulong? _seed;

    [Parameter, EditorRequired]
    public string Text { get; set; } = "";

    [Parameter]
    public EventCallback<string> TextChanged { get; set; }

    [Parameter, EditorRequired]
    public ChaosPlanReading? Reading { get; set; }

    [Parameter, EditorRequired]
    public ChaosSchedule? Schedule { get; set; }

    [Parameter]
    public string? ScheduleProblem { get; set; }

    /// <summary>Whether the text is another one than what is kept.</summary>
    [Parameter]
    public bool IsChanged { get; set; }

    /// <summary>Why nothing can be changed; null if it can.</summary>
    [Parameter]
    public string? WhyNot { get; set; }

    /// <summary>Why it cannot be run; null if it can.</summary>
    [Parameter]
    public string? WhyNotRun { get; set; }

    [Parameter]
    public bool Busy { get; set; }

    [Parameter]
    public EventCallback OnSave { get; set; }

    /// <summary>With the seed that was asked for instead of the plan's own.</summary>
    [Parameter]
    public EventCallback<ulong?> OnRun { get; set; }

    [Parameter]
    public EventCallback OnDelete { get; set; }

    /// <summary>The box has as many rows as the text, so that it never scrolls and the numbers stay beside their lines.</summary>
    private int Lines => Math.Max(LinesMin, Text.AsSpan().Count('\n') + 2);

    private string Gutter => string.Join('\n', Enumerable.Range(1, Lines).Select(line => Reading?.Mistakes.Any(mistake => mistake.Line == line) == true ? $"▸{line,3}" : $"{line,4}"));
}
