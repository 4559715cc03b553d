using Bunit;
using LabNet.Core.GuestAgent;
using LabNet.Web.Dashboard.Vm;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class ProcessTableTests : IDisposable
{
    private readonly BunitContext _context = new();

    public ProcessTableTests() => _context.JSInterop.Mode = JSRuntimeMode.Loose;

    public void Dispose() => _context.Dispose();

    [Fact]
    public void The_busiest_process_stands_on_top_and_a_click_sorts_otherwise()
    {
        var table = Render(Process(1, "init", cpu: 0), Process(7, "busy", cpu: 93.4), Process(3, "some", cpu: 2));
        Assert.Equal("7", FirstPid(table));
        table.FindAll("thead button").Single(b => b.TextContent.StartsWith("PID", StringComparison.Ordinal)).Click();
        Assert.Equal("1", FirstPid(table));
        table.FindAll("thead button").Single(b => b.TextContent.StartsWith("PID", StringComparison.Ordinal)).Click();
        Assert.Equal("7", FirstPid(table));
    }

    [Theory]
    [InlineData("BUSY", "7")]
    [InlineData("3", "3")]
    [InlineData("daemon", "1")]
    public void A_filter_finds_commands_users_and_pids(string filter, string pid) =>
        Assert.Equal(pid, FirstPid(Render(filter, Process(1, "init") with { User = "daemon" }, Process(7, "busy loop"), Process(3, "some"))));

    [Fact]
    public void What_a_process_calls_itself_is_text()
    {
        var table = Render(Process(1, "<img src=x onerror=alert(1)>\u202e&amp;"));
        Assert.Empty(table.FindAll("img"));
        Assert.Contains("<img src=x onerror=alert(1)>", table.Find("td.command").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_thirty_thousand_processes_only_some_rows_are_in_the_page()
    {
        var table = Render([.. Enumerable.Range(1, 30_000).Select(pid => Process(pid, $"worker {pid}", cpu: pid % 100))]);
        Assert.Contains("30\u2009000 processes", table.Find(".count").TextContent, StringComparison.Ordinal);
        Assert.True(table.FindAll("tbody tr").Count < 200, $"{table.FindAll("tbody tr").Count} rows");
    }

    [Fact]
    public void A_guest_that_claims_absurd_numbers_is_shown_all_the_same()
    {
        var table = Render(Process(int.MaxValue, "") with { CpuMs = long.MaxValue, RssBytes = long.MaxValue, ElapsedSeconds = double.MaxValue, CpuPercent = double.NaN, State = '\u0007' });
        Assert.Equal("2147483647", FirstPid(table));
    }

    private IRenderedComponent<ProcessTable> Render(params GuestProcess[] processes) => Render("", processes);

    private IRenderedComponent<ProcessTable> Render(string filter, params GuestProcess[] processes) => _context.Render<ProcessTable>(p => p
        .Add(t => t.Processes, new GuestProcesses(1000, [.. processes], Truncated: false))
        .Add(t => t.Filter, filter));

    private static string FirstPid(IRenderedComponent<ProcessTable> table) => table.FindAll("tbody th")[0].TextContent;

    private static GuestProcess Process(int pid, string command, double cpu = 0) =>
        new(pid, 1, "root", 'S', CpuMs: 10, cpu, RssBytes: 4096, ElapsedSeconds: 5, Threads: 1, StartedTicks: 100, command);
}
