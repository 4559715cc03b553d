using LabNet.Core.IoBenchmarks;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>
/// Measures the guest's disks and compares what was measured. Which runs are looked at is in the page's address. The runs are read again
/// whenever the operation tells of its progress, which it does after each repeat.
/// </summary>
public sealed partial class BenchmarkTab : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private IReadOnlyList<IoBenchmark>? _runs;
    private ChosenRuns _chosen = new([], [], Problem: null);
    private string? _problem;
    private Operation? _followed;
    private RunChoice? _asked;
    private int _reads;

    [Inject]
    private IoBenchmarkStore Store { get; set; } = default!;

    [Inject]
    private BenchmarkDesk Desk { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>The benchmark of this VM that runs, as last told; null for none.</summary>
    [Parameter]
    public Operation? Operation { get; set; }

    [Parameter]
    public EventCallback<Operation> OnCancel { get; set; }

    [SupplyParameterFromQuery(Name = "a")]
    private string? A { get; set; }

    [SupplyParameterFromQuery(Name = "b")]
    private string? B { get; set; }

    [SupplyParameterFromQuery(Name = "series")]
    private string? Series { get; set; }

    public void Dispose()
    {
        _leaving.Cancel();
        _leaving.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        var choice = new RunChoice(A, B, Series);

        // By reference: a series tells the same progress at the end of one run and at the beginning of the next.
        if (choice != _asked || !ReferenceEquals(Operation, _followed))
        {
            (_asked, _followed) = (choice, Operation);
            await ReadAsync(choice);
        }
    }

    private async Task ReadAsync(RunChoice choice)
    {
        var read = ++_reads;
        try
        {
            var (runs, chosen) = await Task.Run(
                () =>
                {
                    var all = Store.ReadOf(State.Name);
                    return (all, ChosenRuns.Of(all, Store.Find, choice));
                },
                _leaving.Token);
            if (read == _reads)
            {
                (_runs, _chosen, _problem) = (runs, chosen, null);
            }
        }
        catch (DatabaseException e) when (read == _reads)
        {
            _problem = $"The runs cannot be read: {e.Message.TrimEnd('.')}.";
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }

    private async Task ForgetAsync(IoBenchmark run)
    {
        if (!await Desk.ForgetAsync(Session, run, Actor, _leaving.Token))
        {
            return;
        }

        if (_chosen.Runs.Any(shown => shown.Run.Id == run.Id) && _asked != new RunChoice(A: null))
        {
            Go(new RunChoice(A: null));
        }
        else
        {
            await ReadAsync(_asked!);
        }
    }

    private void Go(RunChoice choice) => Navigation.NavigateTo(AddressOf(choice));

    private string AddressOf(RunChoice choice) => Navigation.GetUriWithQueryParameters(
        VmTab.Benchmark.Address(State.Name), new Dictionary<string, object?> { ["a"] = choice.A, ["b"] = choice.B, ["series"] = choice.Series });
}
