using System.Globalization;
using LabNet.Core.GuestAgent;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>The guest's processes, in the order that the viewer chose; only the rows in sight are in the page.</summary>
public sealed partial class ProcessTable
{
    private const int RowHeightPx = 32;

    private static readonly Column[] Columns =
    [
        new("PID", Right: true, FromLarge: false, p => p.Pid),
        new("User", Right: false, FromLarge: false, p => p.User ?? ""),
        new("CPU %", Right: true, FromLarge: true, p => p.CpuPercent ?? -1),
        new("Memory", Right: true, FromLarge: true, p => p.RssBytes ?? -1),
        new("CPU time", Right: true, FromLarge: true, p => p.CpuMs),
        new("State", Right: false, FromLarge: false, p => p.State),
        new("Threads", Right: true, FromLarge: true, p => p.Threads),
        new("Command", Right: false, FromLarge: false, p => p.Command),
    ];

    private Column _sortedBy = Columns[2];
    private bool _descending = true;
    private List<GuestProcess> _shown = [];
    private (GuestProcesses, string)? _arranged;

    [Parameter, EditorRequired]
    public GuestProcesses Processes { get; set; } = default!;

    /// <summary>What a row has to have in its command, user or pid.</summary>
    [Parameter]
    public string Filter { get; set; } = "";

    protected override void OnParametersSet()
    {
        if (_arranged != (Processes, Filter))
        {
            _arranged = (Processes, Filter);
            Arrange();
        }
    }

    private void SortBy(Column column)
    {
        _descending = column == _sortedBy ? !_descending : column.FromLarge;
        _sortedBy = column;
        Arrange();
    }

    /// <summary>By pid where the values are the same, so that rows do not dance.</summary>
    private void Arrange()
    {
        var fitting = Processes.Processes.Where(Fits);
        var ordered = _descending ? fitting.OrderByDescending(_sortedBy.Value, Comparison) : fitting.OrderBy(_sortedBy.Value, Comparison);
        _shown = [.. ordered.ThenBy(process => process.Pid)];
    }

    private bool Fits(GuestProcess process) =>
        Filter.Length == 0
        || process.Command.Contains(Filter, StringComparison.OrdinalIgnoreCase)
        || process.User?.Contains(Filter, StringComparison.OrdinalIgnoreCase) is true
        || process.Pid.ToString(CultureInfo.InvariantCulture) == Filter;

    private static readonly Comparer<IComparable> Comparison = Comparer<IComparable>.Create(
        (left, right) => left is string text ? string.Compare(text, (string)right, StringComparison.OrdinalIgnoreCase) : left.CompareTo(right));

    private static string StateWord(char state) => state switch
    {
        'R' => "running, or waiting for a processor",
        'S' => "sleeping",
        'D' => "waiting for a disk, or the like",
        'T' => "stopped",
        't' => "stopped by a debugger",
        'Z' => "ended, and its parent has not asked how",
        'I' => "an idle thread of the kernel",
        _ => "see proc(5)",
    };

    /// <param name="FromLarge">Whether the first click puts the largest on top.</param>
    private sealed record Column(string Title, bool Right, bool FromLarge, Func<GuestProcess, IComparable> Value);
}
