using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Tests.Dashboard;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>The README's path, as someone walks it who has only the README.</summary>
[Trait("suite", "browser")]
public sealed class NewcomerTests
{
    // As infra/labs/cross-arch.yaml, under another name, so that it can run beside the user's own lab.
    private const string LabFile = """
        name: newcomer
        hosts:
          ares: { kind: namespace, address: 10.99.0.1 }
          zeus: { kind: namespace, address: 10.99.0.2 }
        links:
          lab: { vni: 100, port: 4789 }
        vms:
          x86: { host: ares, arch: x86_64, memory: 512M, cpus: 2, image: debian, share: workspace,
                 nics: [ user, { link: lab, mac: "52:54:00:12:34:58", address: 10.10.10.2/24 } ] }
          arm: { host: zeus, arch: aarch64, memory: 512M, cpus: 2, image: debian, share: workspace,
                 nics: [ user, { link: lab, mac: "52:54:00:12:34:57", address: 10.10.10.1/24 } ] }
        """;

    [Fact]
    public async Task Up_log_in_see_both_VMs_pause_resume_kill_LabNet_up_again_down()
    {
        await using var lab = new LabCommand(LabFile);
        var (status, _, told) = await lab.UpAsync();
        Assert.True(status == 0, told);
        Assert.Contains("x86 -> arm over lab: 1450 bytes, don't fragment, 3 of 3 back", told, StringComparison.Ordinal);
        Assert.Contains("arm -> x86 over lab: 1450 bytes, don't fragment, 3 of 3 back", told, StringComparison.Ordinal);
        await CheckGuestsAsync(lab);
        await CheckTrafficAsync(lab);

        await using var browser = await Browser.StartAsync();
        var page = await LogInAsync(browser, lab);
        foreach (var vm in (string[])["x86", "arm"])
        {
            await Assertions.Expect(Card(page, vm)).ToContainTextAsync("running");
            await Assertions.Expect(Card(page, vm)).ToContainTextAsync("Debian GNU/Linux");
        }

        await Card(page, "x86").GetByRole(AriaRole.Button, new() { Name = "Pause x86" }).ClickAsync();
        await Assertions.Expect(Card(page, "x86")).ToContainTextAsync("paused");
        var (deafStatus, _, deafTold) = await lab.RunAsync("exec", "x86", "--", "true");
        Assert.Equal((1, "lab: x86 is paused: its guest answers when it runs again.\n"), (deafStatus, deafTold));
        await Card(page, "x86").GetByRole(AriaRole.Button, new() { Name = "Resume x86" }).ClickAsync();
        await Assertions.Expect(Card(page, "x86")).ToContainTextAsync("running");

        await PauseByAnotherClientAsync(await QmpSocketAsync(lab, "arm"));
        await Assertions.Expect(Card(page, "arm")).ToContainTextAsync("paused");

        var before = await PidsAsync(lab);
        lab.KillLabNet();
        await Assertions.Expect(page.GetByText("Disconnected")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await ContinueByAnotherClientAsync(Path.Join(lab.State, "vms", "arm", "user.sock"));
        var (againStatus, _, againTold) = await lab.UpAsync();
        Assert.True(againStatus == 0, againTold);
        Assert.Equal(before, await PidsAsync(lab));
        await Assertions.Expect(Card(page, "arm")).ToContainTextAsync("running", new() { Timeout = 60_000 });

        var (downStatus, _, downTold) = await lab.RunAsync("down");
        Assert.True(downStatus == 0, downTold);
        Assert.All(before, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
        Assert.DoesNotContain(Directory.GetDirectories("/sys/class/net"), path => IsOfLab(path, "newcomer"));
    }

    [Theory]
    [InlineData("link lab on")]
    [InlineData("Starting LabNet")]
    [InlineData("  x86 boots")]
    public async Task Down_ends_an_up_that_is_at_work_and_leaves_nothing(string said)
    {
        await using var lab = new LabCommand(LabFile.Replace("newcomer", "halfway", StringComparison.Ordinal));
        var up = await lab.UpUntilItSaysAsync(said);
        var (status, _, told) = await lab.RunAsync("down");
        Assert.True(status == 0, told);
        Assert.Equal(130, await up);
        Assert.DoesNotContain(Directory.GetDirectories("/sys/class/net"), path => IsOfLab(path, "halfway"));
        Assert.DoesNotContain(Directory.GetDirectories("/proc"), process => EnvironmentOf(process).Contains(lab.StateRoot, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_lab_file_that_is_not_there_is_told_and_nothing_is_begun()
    {
        await using var lab = new LabCommand(LabFile);
        Assert.Equal((2, "", "lab: there is no lab file nosuch.yaml\n"), await lab.RunAsync("up", "nosuch.yaml"));
    }

    private static async Task CheckGuestsAsync(LabCommand lab)
    {
        Assert.Equal("x86_64\n", await lab.OutputAsync("exec", "x86", "--", "uname", "-m"));
        Assert.Equal("aarch64\n", await lab.OutputAsync("exec", "arm", "--", "uname", "-m"));
        var (code, output, errors) = await lab.RunAsync("exec", "arm", "--", "sh", "-c", "echo \"a  b\"; echo c >&2; exit 42");
        Assert.Equal((42, "a  b\n", "c\n"), (code, output, errors));

        foreach (var vm in (string[])["x86", "arm"])
        {
            await lab.OutputAsync("exec", vm, "--", "sh", "-ec", "command -v qemu-ga iperf3 fio tcpdump lspci; python3 -c 'import scapy'");
        }

        var tooBig = await lab.RunAsync("exec", "x86", "--", "ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1423", "10.10.10.1");
        Assert.NotEqual(0, tooBig.Status);

        var json = await lab.StatusAsync();
        Assert.Equal(lab.Url.ToString().TrimEnd('/'), json.GetProperty("url").GetString());
        Assert.Equal("""[{"name":"lab","kind":"vxlan","mtu":1450}]""", JsonSerializer.Serialize(json.GetProperty("links")));
    }

    /// <summary>LabNet's own Scapy programs, in the folder that both guests share.</summary>
    private static async Task CheckTrafficAsync(LabCommand lab)
    {
        var shown = (await lab.OutputAsync("demo", "traffic")).Split('\n');
        string[] directions = ["== x86 (eth1) -> arm (eth1, 10.10.10.1) over lab", "== arm (eth1) -> x86 (eth1, 10.10.10.2) over lab"];
        Assert.Equal(directions, shown.Where(line => line.StartsWith("==", StringComparison.Ordinal)));
        Assert.Equal(2, shown.Count(line => line == "Sent 5 packets."));
        Assert.Equal(2, shown.Count(line => line == "[*] Listening for IP packets on eth1..."));
        Assert.Equal(5, shown.Count(line => line == "Received packet: 10.10.10.2 → 10.10.10.1"));
        Assert.Equal(5, shown.Count(line => line == "Received packet: 10.10.10.1 → 10.10.10.2"));
        Assert.Equal(10, shown.Count(line => line == "Payload: Hello from Scapy on eth1"));
        Assert.Equal(
            (1, "", "lab: there is no VM \"nosuch\"; this lab has x86, arm\n"), await lab.RunAsync("demo", "traffic", "--from", "nosuch"));
        Assert.Equal(1, (await lab.RunAsync("demo", "traffic", "--from", "x86", "--to", "x86")).Status);
    }

    private static async Task<IPage> LogInAsync(Browser browser, LabCommand lab)
    {
        var page = await browser.OpenAsync(lab.Url);
        await page.GotoAsync("/");
        await page.GetByLabel("Token").FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.GetByLabel("Token").FillAsync((await lab.OutputAsync("token")).Trim());
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return page;
    }

    private static ILocator Card(IPage page, string vm) => page.GetByRole(AriaRole.Article, new() { Name = vm });

    private static async Task<string> QmpSocketAsync(LabCommand lab, string vm) =>
        (await lab.StatusAsync()).GetProperty("vms").EnumerateArray().Single(v => v.GetProperty("name").GetString() == vm).GetProperty("qmpSocket").GetString()!;

    private static async Task<int[]> PidsAsync(LabCommand lab) =>
        [.. (await lab.StatusAsync()).GetProperty("vms").EnumerateArray().Select(vm => vm.GetProperty("pid").GetInt32())];

    private static Task PauseByAnotherClientAsync(string socket) => AskAsync(socket, RunStateCommands.Stop);

    private static Task ContinueByAnotherClientAsync(string socket) => AskAsync(socket, RunStateCommands.Cont);

    private static async Task AskAsync(string path, QmpCommand<QmpNothing> command)
    {
        var settings = new Core.Hosts.HostSettings("", "", "", "", Machine: null);
        var host = new Core.Hosts.Host(settings, TimeProvider.System, NullLogger<Core.Hosts.Host>.Instance);
        var cancellation = TestContext.Current.CancellationToken;
        await using var client = await QmpConnection.NegotiateAsync(
            await host.OpenSocketAsync(path, cancellation), new QmpOptions(), TimeProvider.System, cancellation);
        client.Start(static _ => { });
        await client.ExecuteAsync(command, cancellation);
    }

    private static bool IsOfLab(string device, string lab) =>
        File.ReadAllText(Path.Join(device, "ifalias")).StartsWith($"labnet:{lab}:", StringComparison.Ordinal);

    /// <summary>LabNet and each QEMU carry the state folder in theirs.</summary>
    private static string EnvironmentOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Join(process, "environ"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
