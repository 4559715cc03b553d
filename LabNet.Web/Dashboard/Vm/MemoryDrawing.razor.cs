using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>An address space on two levels: all its ranges, so that none is too small to be found, and a part of it to scale.</summary>
public sealed partial class MemoryDrawing
{
    /// <summary>Narrower than this a name is not to be read.</summary>
    private const double LabelPercentMin = 4;

    [Parameter, EditorRequired]
    public IReadOnlyList<MemoryRow> Rows { get; set; } = [];

    [Parameter]
    public MemoryRow? Chosen { get; set; }

    /// <summary>What the filter leaves; the others are drawn pale.</summary>
    [Parameter]
    public Func<MemoryRow, bool> Fits { get; set; } = _ => true;

    [Parameter, EditorRequired]
    public EventCallback<MemoryRow> OnChoose { get; set; }

    /// <summary>Enter: the chosen range to scale.</summary>
    [Parameter, EditorRequired]
    public EventCallback<MemoryRow> OnZoom { get; set; }

    [Parameter, EditorRequired]
    public MemoryWindow Window { get; set; }

    [Parameter, EditorRequired]
    public MemoryWindow Whole { get; set; }

    /// <summary>The page's address with that window.</summary>
    [Parameter, EditorRequired]
    public Func<MemoryWindow, string> AddressOf { get; set; } = default!;

    private IEnumerable<(MemoryRow Row, UInt128 Gap)> WithGaps()
    {
        UInt128 next = 0;
        foreach (var row in Rows)
        {
            yield return (row, row.Range.Start - next);
            next = (UInt128)row.Range.End + 1;
        }
    }

    private Task KeyAsync(KeyboardEventArgs key)
    {
        if (Rows.Count == 0)
        {
            return Task.CompletedTask;
        }

        var at = Chosen is null ? -1 : Rows.ToList().IndexOf(Chosen);
        return key.Key switch
        {
            "ArrowRight" => OnChoose.InvokeAsync(Rows[Math.Min(at + 1, Rows.Count - 1)]),
            "ArrowLeft" => OnChoose.InvokeAsync(Rows[Math.Max(at - 1, 0)]),
            "Enter" when Chosen is not null => OnZoom.InvokeAsync(Chosen),
            _ => Task.CompletedTask,
        };
    }

    private static string CellId(MemoryRow row) => $"range-{row.Range.Start:x}";

    /// <summary>A range a thousand times as large is drawn wider by ten steps.</summary>
    private static string Grow(MemoryRow row) => N(1 + Math.Log2((double)row.Range.SizeBytes));

    private static string N(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);
}
