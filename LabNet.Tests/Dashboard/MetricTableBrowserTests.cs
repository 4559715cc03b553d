namespace LabNet.Tests.Dashboard;

/// <summary>The charts' table of values, in the browser that it is made for.</summary>
[Trait("suite", "browser")]
public sealed class MetricTableBrowserTests
{
    private const int Hang = 240_000;

    /// <summary>Makes a table of what the API told, adds samples, and gives it back as it is.</summary>
    private const string Run = """
        async ([series, samples]) => {
          const { MetricTable } = await import('/charts/metric-table.js');
          const table = MetricTable.of(JSON.parse(series));
          JSON.parse(samples).forEach(([time, values]) => table.add(time, Object.keys(values), Object.values(values)));
          const plain = values => values.map(value => value === undefined ? 'none' : value === null ? 'hole' : String(value)).join(' ');
          return [table.times.join(' '), ...[...table.columns.values()].map(column => `${column.name}: ${plain(column.mean)} | ${plain(column.low)} | ${plain(column.high)}`)];
        }
        """;

    [Theory(Timeout = Hang)]
    [InlineData(
        "samples go behind samples, once each",
        """[{"name": "a", "unit": "B", "resolutionMs": 0, "tMs": [1000, 2000], "v": [1, 2], "min": [1, 2], "max": [1, 2]}]""",
        """[[2000, {"a": 9}], [3000, {"a": 3}]]""",
        "1000 2000 3000 / a: 1 2 3 | 1 2 3 | 1 2 3")]
    [InlineData(
        "a sample that was not taken is a hole, and one that has not this series is none",
        """[{"name": "a", "unit": "B", "resolutionMs": 0, "tMs": [1000], "v": [1], "min": [1], "max": [1]}]""",
        """[[2000, {"b": 7}], [9000, {"a": 2, "b": null}]]""",
        "1000 2000 2001 9000 / a: 1 none hole 2 | 1 none hole 2 | 1 none hole 2 / b: none 7 hole none | none 7 hole none | none 7 hole none")]
    [InlineData(
        "samples behind bins are put into bins, with their lowest and highest; those of a bin that the history has begun are its",
        """[{"name": "a", "unit": "B", "resolutionMs": 10000, "tMs": [10000, 20000], "v": [1, 2], "min": [0, 1], "max": [2, 3]}]""",
        """[[29900, {"a": 100}], [30100, {"a": 4}], [31100, {"a": 8}], [39900, {"a": 6}], [40000, {"a": 5}]]""",
        "10000 20000 30000 40000 / a: 1 2 6 5 | 0 1 4 5 | 2 3 8 5")]
    [InlineData(
        "a series that comes in the middle of a bin",
        """[{"name": "a", "unit": "B", "resolutionMs": 10000, "tMs": [10000], "v": [1], "min": [1], "max": [1]}]""",
        """[[20000, {"a": 1}], [21000, {"b": 2}], [22000, {"b": 4}]]""",
        "10000 20000 / a: 1 1 | 1 1 | 1 1 / b: none 3 | none 2 | none 4")]
    [InlineData(
        "what comes seldom has no hole when it comes more seldom still, but one where nothing came, and one where it stayed away for long",
        """
        [{"name": "a", "unit": "B", "resolutionMs": 0, "tMs": [1000, 3000, 5000, 7000, 9000, 19000, 29000, 64000], "v": [1, 2, 3, 4, 5, 6, 7, 8], "min": [1, 2, 3, 4, 5, 6, 7, 8], "max": [1, 2, 3, 4, 5, 6, 7, 8]},
         {"name": "b", "unit": "B", "resolutionMs": 0, "tMs": [9000, 15000, 19000, 29000, 35000, 41000, 47000, 53000, 59000, 64000], "v": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "min": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "max": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}]
        """,
        "[]",
        "1000 3000 5000 7000 9000 15000 19000 28999 29000 35000 41000 47000 53000 59000 63999 64000 "
        + "/ a: 1 2 3 4 5 none 6 hole 7 none none none none none hole 8 | 1 2 3 4 5 none 6 hole 7 none none none none none hole 8 | 1 2 3 4 5 none 6 hole 7 none none none none none hole 8 "
        + "/ b: none none none none 1 1 1 none 1 1 1 1 1 1 none 1 | none none none none 1 1 1 none 1 1 1 1 1 1 none 1 | none none none none 1 1 1 none 1 1 1 1 1 1 none 1")]
    public async Task Live_values_join_the_history(string what, string series, string samples, string expected)
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(host.Address);
        await page.GotoAsync("/login");
        var table = await page.EvaluateAsync<string[]>(Run, new[] { series, samples });
        Assert.Equal((what, expected), (what, string.Join(" / ", table)));
    }
}
