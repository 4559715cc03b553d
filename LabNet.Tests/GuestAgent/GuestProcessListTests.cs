using System.Diagnostics;
using System.Globalization;
using System.Text;
using LabNet.Core.GuestAgent;

namespace LabNet.Tests.GuestAgent;

[Trait("suite", "unit")]
public sealed class GuestProcessListTests
{
    [Fact]
    public void A_process_is_told_from_its_stat_and_from_ps()
    {
        var list = Parse("100.50 190.0", [Stat(1, "init", 'S', 0, 250, 50, 1, 5)], ["    1   2048 root                             /sbin/init --x  y "]);
        Assert.Equal((100.5, false), (list.UptimeSeconds, list.Truncated));
        Assert.Equal(
            new GuestProcess(1, 0, "root", 'S', 3000, null, 2048 * 1024, 100.45, 1, 5, "/sbin/init --x  y "), Assert.Single(list.Processes));
    }

    /// <summary>What a process may call itself, as /proc/PID/stat has it.</summary>
    [Theory]
    [InlineData("a b")]
    [InlineData("x) S 1 (y")]
    [InlineData("((")]
    [InlineData(")")]
    [InlineData("a\n9 (b) R 1 ")]
    [InlineData("\n-- ps\n")]
    [InlineData("<b>\"&\u0007")]
    [InlineData("")]
    public void No_name_can_pass_for_something_else(string name)
    {
        var list = Parse(
            "10.00 1", [Stat(1, "init", 'S', 0, 1, 0, 1, 5), Stat(7, name, 'D', 1, 2, 0, 3, 6), Stat(8, "z", 'R', 7, 3, 0, 1, 7)], ["1 1 root i", "7 1 eve evil", "8 1 bob z"]);
        Assert.Equal([(1, 0, 'S', 1), (7, 1, 'D', 3), (8, 7, 'R', 1)], list.Processes.Select(p => (p.Pid, p.ParentPid, p.State, p.Threads)));
    }

    [Fact]
    public void A_kernel_thread_and_a_name_that_is_no_text_are_shown()
    {
        byte[] output = [.. "10.00 1\n/proc/2/stat:2 (kt"u8, 0xFF, .. ") "u8, .. Encoding.UTF8.GetBytes(Tail('I', 0, 0, 0, 1, 0)), .. "\n-- ps\n   2     0 root    [kt"u8, 0xFF, .. "]\n"u8];
        Assert.Equal("[kt\uFFFD]", GuestProcessList.Parse(output, truncated: false).Processes.Single().Command);
        var bare = Parse("10.00 1", [Stat(3, "gone", 'Z', 1, 0, 0, 1, 5)], ["3 0 bob"]);
        Assert.Equal("[gone]", bare.Processes.Single().Command);
    }

    [Fact]
    public void A_process_that_came_or_went_meanwhile_is_left_out()
    {
        var list = Parse("10.00 1", [Stat(1, "a", 'S', 0, 1, 0, 1, 5), Stat(2, "went", 'S', 1, 1, 0, 1, 5)], ["1 1 root a", "3 1 root came"]);
        Assert.Equal([1], list.Processes.Select(p => p.Pid));
    }

    [Fact]
    public void A_list_that_was_cut_anywhere_says_so_and_keeps_what_is_whole()
    {
        var whole = Encoding.UTF8.GetBytes(Text("10.00 1", [Stat(1, "a", 'S', 0, 1, 0, 1, 5), Stat(2, "b", 'S', 1, 1, 0, 1, 5)], ["1 1 root first command", "2 1 root second command"]));
        for (var length = "10.00 1\n".Length; length < whole.Length; length++)
        {
            var list = GuestProcessList.Parse(whole.AsSpan(0, length), truncated: true);
            Assert.True(list.Truncated);
            Assert.All(list.Processes, p => Assert.True(p.Command is "first command" or "second command" || (p.User is null && p.RssBytes is null && p.Command is "[a]" or "[b]")));
        }

        var cut = GuestProcessList.Parse(whole.AsSpan(0, whole.Length - 3), truncated: true);
        Assert.Equal(["first command", "[b]"], cut.Processes.Select(p => p.Command));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no uptime\n-- ps\n")]
    [InlineData("10.00 1\n")]
    [InlineData("10.00 1\n/proc/1/stat:1 (a) S 0\n")]
    public void What_is_no_list_of_processes_is_an_unreachable_agent(string output) =>
        Assert.Throws<GuestAgentUnavailableException>(() => GuestProcessList.Parse(Encoding.UTF8.GetBytes(output), truncated: false));

    [Fact]
    public void Lines_that_make_no_sense_are_passed_over() => Assert.Equal(
        [5],
        Parse(
            "10.00 1",
            ["/proc/x/stat:1", "/proc/1/stat:nonsense", "/proc/2/stat:2 (a) S", "/proc/3/stat:3 (a) S 99999999999999999999 " + Tail('S', 0, 1, 0, 1, 5), "noise", Stat(5, "a", 'S', 0, 1, 0, 1, 5)],
            ["", "x 1 root a", "5", "5 1", "5 1 root ok"]).Processes.Select(p => p.Pid));

    [Fact]
    public void A_guest_without_ps_says_so_in_its_own_words()
    {
        var refusal = Assert.Throws<GuestAgentCommandException>(
            () => GuestProcessList.Read(new GuestExecResult(127, "10.00 1\n-- ps\n"u8.ToArray(), "sh: ps: not found\n"u8.ToArray(), Truncated: false)));
        Assert.Contains("sh: ps: not found", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_share_of_a_processor_is_what_was_used_since_the_reading_before()
    {
        var before = Parse("100.00 1", [Stat(1, "a", 'S', 0, 100, 0, 1, 5), Stat(2, "b", 'S', 1, 50, 0, 1, 6), Stat(3, "c", 'S', 1, 50, 0, 1, 7)], ["1 1 r a", "2 1 r b", "3 1 r c"]);
        var now = Parse("102.00 1", [Stat(1, "a", 'S', 0, 150, 50, 1, 5), Stat(2, "b", 'S', 1, 10, 0, 1, 9999), Stat(3, "c", 'S', 1, 50, 0, 1, 7)], ["1 1 r a", "2 1 r b", "3 1 r c"]);
        Assert.Equal([50.0, null, 0.0], now.Since(before).Processes.Select(p => p.CpuPercent));
        Assert.All(now.Since(null).Processes, p => Assert.Null(p.CpuPercent));
        Assert.All(before.Since(now).Processes, p => Assert.Null(p.CpuPercent));
        Assert.All(now.Since(now).Processes, p => Assert.Null(p.CpuPercent));
    }

    [Fact]
    public void Thirty_thousand_processes_are_read_in_little_time_and_memory()
    {
        const int Count = 30_000;
        var output = Encoding.UTF8.GetBytes(Text(
            "123456.78 1",
            Enumerable.Range(1, Count).Select(pid => Stat(pid, $"worker ({pid}", 'S', 1, pid, 1, 1, pid)),
            Enumerable.Range(1, Count).Select(pid => $"{pid,7} {pid,6} {"user",-32} /usr/bin/worker --number {pid} <b>markup</b>")));
        GuestProcessList.Parse(output, truncated: false);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        var list = GuestProcessList.Parse(output, truncated: false);
        var elapsed = clock.Elapsed;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        TestContext.Current.TestOutputHelper?.WriteLine($"{output.Length:N0} bytes: {elapsed.TotalMilliseconds:N1} ms, {allocated:N0} bytes allocated");
        Assert.Equal(Count, list.Processes.Length);
        Assert.Equal("/usr/bin/worker --number 30000 <b>markup</b>", list.Processes[^1].Command);
        Assert.InRange(allocated, 0, 60_000_000);
        Assert.InRange(elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    private static GuestProcesses Parse(string uptime, IEnumerable<string> stats, IEnumerable<string> processes) =>
        GuestProcessList.Parse(Encoding.UTF8.GetBytes(Text(uptime, stats, processes)), truncated: false);

    private static string Text(string uptime, IEnumerable<string> stats, IEnumerable<string> processes) =>
        string.Concat([uptime, "\n", .. stats.Select(line => line + "\n"), "-- ps\n", .. processes.Select(line => line + "\n")]);

    /// <summary>As <c>grep -H ''</c> prints /proc/PID/stat.</summary>
    private static string Stat(int pid, string name, char state, int parent, long user, long system, int threads, long started) =>
        string.Join('\n', $"{pid} ({name}) {Tail(state, parent, user, system, threads, started)}".Split('\n').Select(line => $"/proc/{pid}/stat:{line}"));

    private static string Tail(char state, int parent, long user, long system, int threads, long started) => string.Create(
        CultureInfo.InvariantCulture, $"{state} {parent} 1 1 0 -1 4194560 1 2 3 4 {user} {system} 7 8 20 0 {threads} 0 {started} 1000 100 18446744073709551615 1 1 0 0");
}
