using System.Collections.Immutable;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>What the page's address asks for: a run, two to be compared, or all of a series.</summary>
public sealed record RunChoice(string? A, string? B = null, string? Series = null);

/// <summary>The runs that are looked at, and how they compare; all others are measured by the first.</summary>
/// <param name="Problem">Why not everything is shown that was asked for.</param>
public sealed record ChosenRuns(ImmutableArray<ShownRun> Runs, ImmutableArray<IoComparison> Comparisons, string? Problem)
{
    private static readonly ChosenRuns None = new([], [], Problem: null);

    /// <param name="runs">Of the VM, newest first.</param>
    /// <param name="find">Also one of another VM; null if it is not kept.</param>
    public static ChosenRuns Of(IReadOnlyList<IoBenchmark> runs, Func<string, IoBenchmark?> find, RunChoice choice)
    {
        if (choice.Series is { } series)
        {
            var members = InOrder(runs.Where(run => run.Series == series));
            return members.Length == 0 ? None with { Problem = NotKept(series) } : Show(members);
        }

        if (choice is { A: null, B: null })
        {
            return runs switch
            {
                [] => None,
                [{ Series: { } newest }, ..] => Show(InOrder(runs.Where(run => run.Series == newest))),
                [var newest, ..] => Show([newest]),
            };
        }

        string[] ids = [.. new[] { choice.A, choice.B }.OfType<string>().Distinct()];
        var found = ids.Select(id => (Id: id, Run: runs.FirstOrDefault(run => run.Id == id) ?? find(id))).ToList();
        var shown = Show([.. found.Select(one => one.Run).OfType<IoBenchmark>()]);
        return found.Find(one => one.Run is null) is { Id: { } missing } ? shown with { Problem = NotKept(missing) } : shown;
    }

    /// <summary>The one that measured before anything was plugged in comes first.</summary>
    private static ImmutableArray<IoBenchmark> InOrder(IEnumerable<IoBenchmark> series) =>
        [.. series.OrderBy(run => run.StartedAt).ThenBy(run => run.Id, StringComparer.Ordinal).Take(ShownRun.Max)];

    private static ChosenRuns Show(ImmutableArray<IoBenchmark> runs)
    {
        var others = runs.Skip(1).ToList();
        var whyNot = others.Select(other => WhyNot(runs[0], other)).OfType<string>().FirstOrDefault();
        return new ChosenRuns(
            [.. runs.Select((run, place) => new ShownRun(run, place, IsAlone: runs.Length == 1))],
            [.. others.Where(other => WhyNot(runs[0], other) is null).Select(other => IoComparison.Of(runs[0], other))],
            whyNot);
    }

    private static string? WhyNot(IoBenchmark a, IoBenchmark b) =>
        (a.State, b.State) switch
        {
            (OperationState.Running, _) => $"“{IoText.Name(a)}” is still being measured; it is compared when it has ended.",
            (_, OperationState.Running) => $"“{IoText.Name(b)}” is still being measured; it is compared when it has ended.",
            _ => IoComparison.WhyNot(a, b),
        };

    private static string NotKept(string id) => $"There is no run “{id}”. It was deleted, or went when there were too many: the newest {IoBenchmarkStore.RunsMax} are kept.";
}
