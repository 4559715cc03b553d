using Bunit;
using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm.Benchmark;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Dashboard;

/// <summary>The form over a QEMU that the test plays.</summary>
[Trait("suite", "fake")]
public sealed class BenchmarkFormTests : IAsyncLifetime
{
    private const string Vda = """{"device": "", "type": "unknown", "removable": false, "locked": false, "qdev": "/machine/peripheral/vda/virtio-backend"}""";
    private const string Floppy = """{"device": "floppy0", "type": "unknown", "removable": true, "locked": false}""";

    private readonly BunitContext _context = new();
    private readonly TestFolder _folder = new();
    private readonly ScriptedQemu _qemu = new();
    private Database _database = null!;
    private LabOnThisMachine _lab = null!;
    private VmState _connected = null!;

    public async ValueTask InitializeAsync()
    {
        _qemu.Answer("query-block", $"[{Vda}, {Disk("d1")}, {Floppy}]");
        _lab = LabOnThisMachine.Open(AttachedVmTests.LabFileOf($"qmp: {_qemu.Path}"));
        _connected = await _lab.UntilAsync("mine", state => state.Cpus is not null);
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        var time = new ManualTimeProvider(Labs.Noon);
        _context.Services.AddSingleton(new IoBenchmarkRunner(
            new IoBenchmarkStore(_database, time), new HotPlug(new DeviceTopologyReader(new PciIds(path: null)), time), traced: null, time));
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _database.DisposeAsync();
        await _lab.DisposeAsync();
        await _qemu.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void The_disks_are_those_that_QEMU_has_by_their_ids_and_are_asked_for_again_when_one_was_plugged()
    {
        var form = _context.Render<BenchmarkForm>(p => p
            .Add(f => f.Session, _lab.Vm("mine")).Add(f => f.State, _connected).Add(f => f.Actor, new Actor("tester", Role.Operator, "dashboard")));
        form.WaitForAssertion(() => Assert.Equal(["vda", "d1"], Disks(form)));
        Assert.Equal("vda", form.Find("#bench-disk").GetAttribute("value"));

        _qemu.Answer("query-block", $"[{Vda}, {Disk("d2")}]");
        var plugged = new PluggedDevice("d2", "virtio-blk", "port1", null, null, null, null, null, null, null, null, Labs.Noon);
        form.Render(p => p.Add(f => f.State, _connected with { Plugged = [plugged] }));
        form.WaitForAssertion(() => Assert.Equal(["vda", "d2"], Disks(form)));
    }

    [Fact]
    public void A_VM_without_an_agents_socket_cannot_be_measured_and_says_so()
    {
        var form = _context.Render<BenchmarkForm>(p => p
            .Add(f => f.Session, _lab.Vm("mine")).Add(f => f.State, _connected).Add(f => f.Actor, new Actor("tester", Role.Operator, "dashboard")));
        Assert.Equal("The lab file names no agent socket for mine, so its guest cannot be asked.", form.Find("#bench-lasts").TextContent);
        Assert.True(form.Find("form button").HasAttribute("disabled"));
    }

    private static string Disk(string id) => $$"""{"device": "", "type": "unknown", "removable": false, "locked": false, "qdev": "{{id}}"}""";

    private static IEnumerable<string> Disks(IRenderedComponent<BenchmarkForm> form) => form.FindAll("#bench-disk option").Select(option => option.TextContent);
}
