using LabNet.Core.Labs;
using LabNet.Core.Vms;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>
/// Pictures of every state, to be looked at by a person: <c>LabNet.Tests -explicit only -class LabNet.Tests.Dashboard.Screenshots</c>.
/// They go to the folder LABNET_SHOTS, or /tmp/labnet-shots; LABNET_LOOK chooses, such as <c>dark</c> or <c>light-1024</c>.
/// </summary>
[Trait("suite", "browser")]
public sealed class Screenshots
{
    private static readonly string Folder = Environment.GetEnvironmentVariable("LABNET_SHOTS") ?? "/tmp/labnet-shots";
    private static readonly (string Name, ColorScheme Scheme, int Width)[] Looks =
    [
        ("light-1440", ColorScheme.Light, 1440), ("dark-1440", ColorScheme.Dark, 1440), ("light-1024", ColorScheme.Light, 1024), ("dark-1024", ColorScheme.Dark, 1024),
    ];

    private static readonly string Chosen = Environment.GetEnvironmentVariable("LABNET_LOOK") ?? "";

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact(Explicit = true)]
    public Task The_lab_before_anything_is_known() => TakeAsync("loading", Labs.CrossArch(), _ => { });

    [Fact(Explicit = true)]
    public Task A_lab_without_vms() => TakeAsync("empty", Labs.Empty(), _ => { });

    [Fact(Explicit = true)]
    public Task Two_vms_that_ping_each_other() => TakeAsync("full", Labs.CrossArch(), RunBoth);

    [Fact(Explicit = true)]
    public Task Two_vms_as_a_viewer_sees_them() => TakeAsync("viewer", Labs.CrossArch(), RunBoth, Role.Viewer);

    [Fact(Explicit = true)]
    public Task Eight_vms_on_four_hosts_and_three_links() => TakeAsync("eight", Labs.Of(4, 8, 3), RunEight, path: "/?vm=router");

    [Fact(Explicit = true)]
    public Task Eight_vms_on_one_host_without_a_link() => TakeAsync("one-host", Labs.Of(1, 8, 0), RunEight);

    [Fact(Explicit = true)]
    public Task Four_vms_on_three_hosts_and_two_links() => TakeAsync("three-hosts", Labs.Of(3, 4, 2), RunEight);

    [Fact(Explicit = true)]
    public Task One_vm() => TakeAsync("one", Labs.Of(1, 1, 1), RunEight);

    [Fact(Explicit = true)]
    public Task Vms_in_trouble() => TakeAsync("trouble", Labs.Of(2, 6, 1), host =>
    {
        var vms = host.Lab.Vms;
        host.Publish(Labs.Crashed(vms[0], Now.AddMinutes(-2), Crash));
        host.Publish(VmReducer.Apply(new VmState(vms[1]), new VmEvent.StartFailed(new VmProblem("QEMU did not start", StartFailure, Now.AddMinutes(-1)))));
        host.Publish(Labs.Running(vms[2], Now.AddHours(-30), "paused") with { Agent = new GuestAgentState.Silent("the guest is paused") });
        host.Publish(Labs.Running(vms[3], Now.AddMinutes(-50), "guest-panicked") with
        {
            Agent = new GuestAgentState.Silent("no answer for 20 s"),
            Problem = new VmProblem("The guest's kernel panicked", Panic, Now.AddSeconds(-40)),
        });
        host.Publish(new VmState(vms[4]) { Process = new VmProcessState.Starting("waiting for the control socket"), Accelerator = new AcceleratorInUse(Accelerator.Tcg, "a guest of another architecture") });
        host.Publish(Labs.Running(vms[5], Now.AddMinutes(-9)) with { Connection = new QmpLinkState.Lost("no answer within 5 s", Now), RunState = null });
        host.Publish(new LinkChanged(Labs.Up(host.Lab, "ares")));
        host.Publish(new LinkChanged(Labs.Up(host.Lab, "zeus") with { Up = false, MtuBytes = null, Problem = "vx-lab is missing; run ./infra/lab up again." }));
        host.Publish(Labs.Ping(host.Lab, "x86", "arm", Now.AddSeconds(-5), received: 0));
        host.Publish(Labs.Ping(host.Lab, "router", "build", Now.AddSeconds(-5), received: 2));
        host.Publish(Labs.Ping(host.Lab, "build", "router", Now.AddSeconds(-5), problem: "the guest agent of build does not answer"));
        host.Publish(new OperationChanged(Labs.Begun("start", vms[4], 0.4) with { StartedAt = Now.AddSeconds(-7) }));
    });

    [Fact(Explicit = true)]
    public Task A_question_before_a_kill() => TakeAsync("confirm", Labs.CrossArch(), RunBoth, after: async (_, page) =>
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Kill x86" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
    });

    [Fact(Explicit = true)]
    public Task A_refusal() => TakeAsync("refusal", Labs.CrossArch(), RunBoth, after: async (_, page) =>
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause x86" }).ClickAsync();
        await page.GetByText("takes no pause").WaitForAsync();
    });

    [Fact(Explicit = true)]
    public Task LabNet_gone() => TakeAsync("reconnect", Labs.CrossArch(), RunBoth, after: async (host, page) =>
    {
        await host.DisposeAsync();
        await page.GetByText("LabNet does not answer").WaitForAsync();
    });

    [Fact(Explicit = true)]
    public Task The_login_page() => TakeAsync("login", Labs.CrossArch(), _ => { }, role: null, path: "/login?error=refused");

    [Fact(Explicit = true)]
    public Task A_wrong_address() => TakeAsync("not-found", Labs.CrossArch(), _ => { }, path: "/no/such/page");

    internal static void RunBoth(DashboardHost host)
    {
        host.Publish(Labs.Running(host.Lab.Vms[0], Now.AddMinutes(-12)));
        host.Publish(Labs.Running(host.Lab.Vms[1], Now.AddHours(-27)) with { QemuVersion = new Version(10, 0, 2), Agent = new GuestAgentState.Answering() });
        foreach (var name in host.Lab.Hosts.Select(h => h.Name.ToString()))
        {
            host.Publish(new LinkChanged(Labs.Up(host.Lab, name)));
        }

        host.Publish(Labs.Ping(host.Lab, "x86", "arm", Now.AddSeconds(-3)));
        host.Publish(Labs.Ping(host.Lab, "arm", "x86", Now.AddSeconds(-4), rttMs: 1.91));
        host.Publish(new OperationChanged(Labs.Begun("start", host.Lab.Vms[1]) with { State = OperationState.Succeeded, EndedAt = Now.AddHours(-27) }));
    }

    internal static void RunEight(DashboardHost host)
    {
        string[] runStates = ["running", "running", "paused", "running", "io-error", "running", "running", "running"];
        foreach (var (vm, i) in host.Lab.Vms.Select((vm, i) => (vm, i)))
        {
            host.Publish(i == 5 ? new VmState(vm) : Labs.Running(vm, Now.AddMinutes(-7 * i - 1), runStates[i]) with { Guest = i == 3 ? null : Labs.Running(vm, Now).Guest });
        }

        foreach (var host1 in host.Lab.Hosts)
        {
            foreach (var link in host.Lab.Links)
            {
                host.Publish(new LinkChanged(Labs.Up(host.Lab, host1.Name.ToString(), link)));
            }
        }

        foreach (var link in host.Lab.Links)
        {
            foreach (var from in host.Lab.Vms.Take(5))
            {
                foreach (var to in host.Lab.Vms.Take(5).Where(vm => vm != from))
                {
                    var received = link.Vni == 101 ? 0 : 3;
                    host.Publish(Labs.Ping(host.Lab, from.Name.ToString(), to.Name.ToString(), Now.AddSeconds(-9), 1.2 + (from.Nics[0].Mac.ToString()[^1] & 7) * 0.37, received) with { Link = link.Name });
                }
            }
        }

        if (host.Lab.Vms.Length > 6)
        {
            host.Publish(new OperationChanged(Labs.Begun("stop", host.Lab.Vms[6], 0.62) with { StartedAt = Now.AddSeconds(-4) }));
        }
    }

    internal static async Task TakeAsync(
        string name, Lab lab, Action<DashboardHost> publish, Role? role = Role.Admin, string path = "/", Func<DashboardHost, IPage, Task>? after = null)
    {
        Directory.CreateDirectory(Folder);
        await using var browser = await Browser.StartAsync();
        foreach (var look in Looks.Where(look => look.Name.Contains(Chosen, StringComparison.Ordinal)))
        {
            await using var host = await DashboardHost.StartAsync(lab, role);
            publish(host);
            var page = await browser.OpenAsync(host.Address, look.Scheme, look.Width);
            await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });

            // Again, because what is not retained is only told to those who listen.
            publish(host);
            if (after is not null)
            {
                await after(host, page);
            }

            await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-{look.Name}.png"), FullPage = after is null, Animations = ScreenshotAnimations.Disabled });
        }
    }

    private const string Crash =
        """
        qemu-system-x86_64: warning: TCG doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]
        qemu-system-x86_64: ../hw/virtio/virtio.c:2281: virtio_load: Assertion `vdev->vq[i].vring.num != 0' failed.
        Segmentation fault
        """;

    private const string StartFailure =
        """
        qemu-system-aarch64: -drive file=/home/lab/.local/state/labnet/vms/arm/disk.qcow2,if=none,id=vda: Could not open '/home/lab/.local/state/labnet/vms/arm/disk.qcow2': No space left on device
        Free space on the disk that holds the state folder, then start the VM again. ./infra/lab doctor shows how much is there.
        """;

    private const string Panic =
        """
        [   41.207314] Kernel panic - not syncing: sysrq triggered crash
        [   41.208822] CPU: 1 PID: 512 Comm: bash Not tainted 6.1.0-41-arm64 #1  Debian 6.1.158-1
        [   41.209413] Hardware name: QEMU KVM Virtual Machine, BIOS 0.0.0 02/06/2015
        [   41.210014] Call trace:
        [   41.210245]  dump_backtrace+0xe4/0x140
        [   41.210811]  show_stack+0x20/0x30
        [   41.211246]  dump_stack_lvl+0x64/0x80
        [   41.211695]  panic+0x178/0x36c
        [   41.212050]  sysrq_reset_seq_param_set+0x0/0xb0
        <script>alert('a guest says this')</script>
        """;
}
