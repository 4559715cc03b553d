using System.Text;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Devices;

/// <summary>Real QEMU, real guests: what is plugged in is seen there, and what is unplugged leaves nothing behind.</summary>
[Trait("suite", "qemu")]
public sealed class HotPlugQemuTests
{
    private const long Size = 16 * 1024 * 1024;
    private static readonly DeviceTopologyReader Devices = new(new PciIds(path: null));
    private static readonly HotPlug HotPlug = new(Devices, TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Disks_and_NICs_are_seen_by_the_guest_and_leave_nothing_behind(string architecture)
    {
        await using var lab = await StartAsync(architecture);
        var vm = lab.Vm("box");
        await CheckPropertiesAsync(vm);
        var before = await LeftAsync(vm);
        PlugRequest[] requests =
        [
            new(PlugKind.VirtioBlk, "d1", Size), new(PlugKind.Nvme, "d1", Size), new(PlugKind.VirtioScsi, "d1", Size), new(PlugKind.VirtioNet, "n1"), new(PlugKind.E1000e, "n1"),
        ];
        for (var cycle = 0; cycle < LongForm.Rounds(requests.Length, longForm: 200); cycle++)
        {
            var request = requests[cycle % requests.Length];
            await DoneAsync(lab, await HotPlug.BeginPlugAsync(vm, request, LabOnThisMachine.Tester, Cancellation));
            var plugged = Assert.Single(vm.State.Plugged);
            Assert.Equal(request.Id, plugged.Id);
            var seen = await InGuestAsync(vm, "test", ["-e", $"/sys/class/{(request.Kind.IsDisk() ? "block" : "net")}/{plugged.GuestName}"]);
            Assert.Equal(0, seen.ExitCode);
            Assert.Equal(plugged.Port, (await Devices.ReadAsync(vm, Cancellation)).All.Single(port => port.Below.Any(one => one.QdevId == plugged.Outermost)).QdevId);

            await DoneAsync(lab, await HotPlug.BeginUnplugAsync(vm, request.Id, force: false, deleteFile: true, LabOnThisMachine.Tester, Cancellation));
            Assert.Empty(vm.State.Plugged);
        }

        Assert.Equal(before, await LeftAsync(vm));
        Assert.Empty(Directory.GetFiles(Path.Join(vm.Paths.Folder, "disks")));
    }

    [Fact]
    public async Task What_cannot_be_plugged_or_unplugged_is_told_and_leaves_everything_as_it_was()
    {
        await using var lab = await StartAsync("x86_64");
        var vm = lab.Vm("box");
        await DoneAsync(lab, await PlugAsync(vm, new PlugRequest(PlugKind.VirtioBlk, "d1", Size)));
        var before = await LeftAsync(vm);

        await RefusedAsync("has a device d1 already", () => PlugAsync(vm, new PlugRequest(PlugKind.Nvme, "d1", Size)));
        await RefusedAsync("the disk that the guest runs from", () => UnplugAsync(vm, "vda"));
        Assert.Null(await UnplugAsync(vm, "nobody"));
        await FailedAsync(lab, "There is no image nothing.img", PlugAsync(vm, new PlugRequest(PlugKind.Nvme, "d2", Image: "nothing.img")));
        await FailedAsync(lab, "no disk d2 from before", PlugAsync(vm, new PlugRequest(PlugKind.Nvme, "d2")));
        Assert.Equal(before, await LeftAsync(vm));

        // QEMU refuses a second writer; the overlay that was made for it goes again.
        Directory.CreateDirectory(vm.Host.ImagesFolder);
        File.CreateSymbolicLink(Path.Join(vm.Host.ImagesFolder, "locked.qcow2"), Path.Join(vm.Paths.Folder, "disks", "d1.qcow2"));
        await FailedAsync(lab, "lock", PlugAsync(vm, new PlugRequest(PlugKind.Nvme, "d2", Image: "locked.qcow2")));
        Assert.Equal(before, await LeftAsync(vm));
        Assert.Single(Directory.GetFiles(Path.Join(vm.Paths.Folder, "disks")));

        var name = vm.State.Plugged[0].GuestName;
        Assert.Equal(0, (await InGuestAsync(vm, "/bin/sh", ["-c", $"mke2fs -q /dev/{name} && mkdir -p /data && mount /dev/{name} /data"])).ExitCode);
        await FailedAsync(lab, $"/dev/{name} /data", UnplugAsync(vm, "d1"));
        Assert.Equal(0, (await InGuestAsync(vm, "/bin/sh", ["-c", $"umount /data; setsid sleep 1000 </dev/{name} >/dev/null 2>&1 &"])).ExitCode);
        await FailedAsync(lab, "sleep (process ", UnplugAsync(vm, "d1"));
        Assert.Equal(0, (await InGuestAsync(vm, "/bin/sh", ["-c", $"pkill sleep; mount /dev/{name} /data"])).ExitCode);

        await lab.DoAsync("box", VmAction.Pause);
        await RefusedAsync("is paused", () => PlugAsync(vm, new PlugRequest(PlugKind.Nvme, "d2", Size)));
        await RefusedAsync("is paused", () => UnplugAsync(vm, "d1"));
        await lab.DoAsync("box", VmAction.Resume);

        await lab.ReplaceLabNetAsync();
        var adopted = await lab.UntilAsync("box", state => state.RunState is not null && state.Agent is GuestAgentState.Answering);
        vm = lab.Vm("box");
        Assert.Equal("d1", Assert.Single(adopted.Plugged).Id);
        foreach (var id in (string[])["d2", "d3", "d4"])
        {
            await DoneAsync(lab, await PlugAsync(vm, new PlugRequest(PlugKind.VirtioBlk, id, Size)));
        }

        await RefusedAsync("All 4 ports of box are full: rp1 has d1", () => PlugAsync(vm, new PlugRequest(PlugKind.VirtioBlk, "d5", Size)));

        // The file stays, and comes back with what was written.
        Assert.Equal(0, (await InGuestAsync(vm, "/bin/sh", ["-c", "echo kept > /data/word; umount /data"])).ExitCode);
        await DoneAsync(lab, await UnplugAsync(vm, "d1"));
        await FailedAsync(lab, "its file is still there", PlugAsync(vm, new PlugRequest(PlugKind.VirtioBlk, "d1", Size)));
        await DoneAsync(lab, await PlugAsync(vm, new PlugRequest(PlugKind.Nvme, "d1")));
        var again = vm.State.Plugged.Single(device => device.Id == "d1").GuestName;
        var kept = await InGuestAsync(vm, "/bin/sh", ["-c", $"mount /dev/{again} /data && cat /data/word"]);
        Assert.Equal("kept\n", Encoding.UTF8.GetString(kept.Stdout.Span));

        await DoneAsync(lab, await UnplugAsync(vm, "d2"));
        var killed = (await PlugAsync(vm, new PlugRequest(PlugKind.VirtioBlk, "d6", Size)))!;
        await lab.UntilAsync("box", state => state.Plugged.Any(device => device.Id == "d6"));
        await lab.DoAsync("box", VmAction.Kill);
        Assert.NotEqual(OperationState.Running, (await lab.EndAsync(killed)).State);
        await RefusedAsync("is not running", () => PlugAsync(vm, new PlugRequest(PlugKind.VirtioBlk, "d7", Size)));
        await lab.DoAsync("box", VmAction.Start);
        Assert.Empty((await lab.UntilAsync("box", state => state.RunState is not null && state.Plugged.IsEmpty)).Plugged);
    }

    /// <summary>QEMU's own word for what can be set, and what cannot after the machine was made.</summary>
    private static async Task CheckPropertiesAsync(VmSession vm)
    {
        var disk = await QomObject.ReadAsync(vm, "/machine/peripheral/vda", Cancellation);
        var settable = await disk.FindSettableAsync(vm, Cancellation);
        Assert.Equal((true, false, false), (settable.Contains("bootindex"), settable.Contains("vectors"), settable.Contains("realized")));
        Assert.Equal(disk.Properties.AsEnumerable(), (await QomObject.ReadAsync(vm, disk.Path, Cancellation)).Properties);

        var index = disk.Properties.Single(property => property.Name == "bootindex");
        await vm.SetPropertyAsync(disk.Path, index.Name, index.Parse("7", out _)!.Value, LabOnThisMachine.Tester, Cancellation);
        Assert.Equal("7", (await QomObject.ReadAsync(vm, disk.Path, Cancellation)).Properties.Single(property => property.Name == index.Name).Value);
        await Assert.ThrowsAsync<ForbiddenException>(() => vm.SetPropertyAsync(
            disk.Path, index.Name, index.Parse("8", out _)!.Value, new Actor("eve", Role.Operator, "test"), Cancellation));
    }

    private static async Task<LabOnThisMachine> StartAsync(string architecture)
    {
        var lab = LabOnThisMachine.Open($$"""
            name: plug
            hosts:
              here: { kind: namespace, address: 10.98.0.1 }
            vms:
              box: { host: here, arch: {{architecture}}, memory: 256M, cpus: 1, image: debian, nics: [ user ] }
            """);
        Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("box", VmAction.Start)).State);
        Assert.Null((await lab.UntilAsync("box", state => state.Guest is not null || state.Problem is not null)).Problem);
        return lab;
    }

    private static async Task<Operation?> PlugAsync(VmSession vm, PlugRequest request) =>
        await HotPlug.BeginPlugAsync(vm, request, LabOnThisMachine.Tester, Cancellation);

    private static Task<Operation?> UnplugAsync(VmSession vm, string id) =>
        HotPlug.BeginUnplugAsync(vm, id, force: false, deleteFile: false, LabOnThisMachine.Tester, Cancellation);

    private static async Task DoneAsync(LabOnThisMachine lab, Operation? operation)
    {
        var ended = await lab.EndAsync(operation!);
        Assert.True(ended.State == OperationState.Succeeded, ended.Error);
    }

    private static async Task FailedAsync(LabOnThisMachine lab, string why, Task<Operation?> begun) =>
        Assert.Contains(why, (await lab.EndAsync((await begun)!)).Error, StringComparison.Ordinal);

    private static async Task RefusedAsync(string why, Func<Task> begin) =>
        Assert.Contains(why, (await Assert.ThrowsAsync<VmConflictException>(begin)).Message, StringComparison.Ordinal);

    private static Task<GuestExecResult> InGuestAsync(VmSession vm, string program, string[] arguments) =>
        vm.ExecAsync(new GuestProgram(program, arguments), LabOnThisMachine.Tester, Cancellation);

    /// <summary>What a cycle could leave behind: open files, block nodes, devices, taken ports.</summary>
    private static async Task<(int Files, int Nodes, int Devices, int Free)> LeftAsync(VmSession vm)
    {
        var topology = await Devices.ReadAsync(vm, Cancellation);
        return (
            Directory.GetFileSystemEntries($"/proc/{QemuProcess.ReadFrom(vm.Paths)!.Pid}/fd").Length,
            (await vm.ReadAsync(BlockCommands.QueryNamedBlockNodes, Cancellation)).Length,
            topology.All.Count(),
            topology.All.Count(device => device.IsHotplugPort && device.Below.IsEmpty));
    }
}
