using LabNet.Core.IoBenchmarks;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>A run in the charts, told from the others by letter, mark and colour.</summary>
/// <param name="Place">From 0: A, B, C.</param>
/// <param name="IsAlone">Then no letter is needed.</param>
public sealed record ShownRun(IoBenchmark Run, int Place, bool IsAlone)
{
    /// <summary>There are at most as many in a series; more would not be told apart.</summary>
    public const int Max = 3;

    public string Letter => ((char)('A' + Place)).ToString();

    public string Name => IsAlone ? IoText.Name(Run) : $"{Letter} · {IoText.Name(Run)}";

    /// <summary>For a place in a chart that holds about so many characters.</summary>
    public string NameIn(int chars) => Name.Length <= chars ? Name : Name[..Math.Max(1, chars - 1)] + "…";

    /// <summary>Its colour, for what stands below.</summary>
    public string Style => $"--run: var(--lab-series-{Place + 1})";

    /// <summary>SVG path data of its mark: a circle, a square, a triangle.</summary>
    public string Mark(double x, double y, double r = 4.5) => Place switch
    {
        0 => $"M{x - r:0.#} {y:0.#}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z",
        1 => $"M{x - (r * 0.9):0.#} {y - (r * 0.9):0.#}h{r * 1.8:0.#}v{r * 1.8:0.#}h{-r * 1.8:0.#}z",
        _ => $"M{x:0.#} {y - (r * 1.15):0.#}l{r * 1.1:0.#} {r * 2:0.#}h{-r * 2.2:0.#}z",
    };
}
