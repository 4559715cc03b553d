using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

/// <summary>Every read of real VMs of both architectures, through the whole of LabNet.</summary>
[Trait("suite", "qemu")]
public sealed class VmReadQemuTests
{
    private const string TwoVms = """
        name: reads
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          intel: { host: here, arch: x86_64, memory: 256M, cpus: 1, image: debian, nics: [ user ] }
          arm: { host: here, arch: aarch64, memory: 256M, cpus: 2, image: debian, nics: [ user ] }
        """;

    private const string Name = "<b>x</b> & \"q\" (1) S 1";

    /// <summary>What the same VM answers to everybody who asks, while it runs.</summary>
    private static readonly (string Read, string Command)[] Unchanging =
    [
        ("commands", """{"execute": "query-commands"}"""),
        ("status", """{"execute": "query-status"}"""),
        ("version", """{"execute": "query-version"}"""),
        ("machine", """{"execute": "query-machines"}"""),
        ("target", """{"execute": "query-target"}"""),
        ("name", """{"execute": "query-name"}"""),
        ("uuid", """{"execute": "query-uuid"}"""),
        ("cpus", """{"execute": "query-cpus-fast"}"""),
        ("cpu-defs", """{"execute": "query-cpu-definitions"}"""),
        ("memory", """{"execute": "query-memory-size-summary"}"""),
        ("memdevs", """{"execute": "query-memory-devices"}"""),
        ("pci", """{"execute": "query-pci"}"""),
        ("chardev", """{"execute": "query-chardev"}"""),
        ("chardev-backends", """{"execute": "query-chardev-backends"}"""),
        ("display", """{"execute": "query-display-options"}"""),
        ("iothreads", """{"execute": "query-iothreads"}"""),
        ("balloon", """{"execute": "query-balloon"}"""),
        ("qom-tree", """{"execute": "qom-list", "arguments": {"path": "/"}}"""),
        ("qom-tree?path=/machine/peripheral", """{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}"""),
        ("qom-props?path=/machine/peripheral/vda", """{"execute": "qom-list-properties", "arguments": {"typename": "virtio-blk-pci"}}"""),
        ("qom-types", """{"execute": "qom-list-types"}"""),
        ("qmp-schema", """{"execute": "query-qmp-schema"}"""),
        ("roms", """{"execute": "x-query-roms"}"""),
    ];

    [Fact]
    public async Task What_is_read_over_REST_is_what_QEMU_and_the_guest_say()
    {
        var folder = Directory.CreateTempSubdirectory("labnet-test-").FullName;
        var reading = LabFile.Parse(TwoVms, folder, new HashSet<ImageName> { ImageName.Parse("debian") });
        await using var app = await TestApp.StartAsync(folder, reading.Lab!, new()
        {
            ["LabNet:InfraFolder"] = Path.Join(Repository.Root, "infra"),
            ["LabNet:GuestsFolder"] = Repository.GuestsFolder,
            ["LabNet:GuestRelease"] = Repository.GuestRelease,
            ["LabNet:RawQmp"] = "true",
        });
        var vms = app.Get<VmRegistry>();
        try
        {
            vms.Open();
            app.Get<SnapshotRegistry>().Start();
            await vms.StartAllAsync(Actor.LabNet, TestRun.Ended);
            using var client = await app.NewClientAsync(Role.Admin);
            foreach (var session in vms.Vms)
            {
                await UntilAsync(app, session, state => state.Guest is not null || state.Problem is not null);
                Assert.Null(session.State.Problem);
                var vm = new Uri(app.Address, $"/api/v1/vms/{session.State.Name}/");
                await CompareWithQemuAsync(client, vm, session);
                await CompareMemoryMapAsync(client, vm);
                await CompareWithGuestAsync(client, vm, session);
                await CheckRawQmpAsync(client, vm);
                if (session.State.Definition.Architecture == Architecture.X86_64)
                {
                    await CheckIoBenchmarkAsync(app, client, vm);
                }

                await PlugOverRest.CheckAsync(app, client, vm, session);
                await SnapshotsOverRest.CheckAsync(app, client, vm, session);
                await CheckPausedAsync(app, client, vm, session);
            }
        }
        finally
        {
            var (host, running) = (app.Get<Host>(), vms.Vms.Select(vm => vm.Paths).Where(paths => QemuProcess.ReadFrom(paths) is not null).ToList());
            await app.DisposeAsync();
            running.ForEach(paths => QemuProcess.ReadFrom(paths)?.Kill());

            // vm-run.sh writes into the folder until it has noted how QEMU ended.
            await Task.WhenAll(running.Select(paths => host.ReadExitAsync(paths, CancellationToken.None)));
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareWithQemuAsync(HttpClient client, Uri vm, VmSession session)
    {
        using var qmp = await UserQmp.ConnectAsync(session.Paths.UserSocket);
        foreach (var (read, command) in Unchanging)
        {
            using var answer = await client.GetAsync(new Uri(vm, read), TestRun.Ended);
            Assert.Equal((read, "application/json"), (read, answer.Content.Headers.ContentType?.MediaType));
            Assert.Equal((read, await qmp.AskAsync(command)), (read, await answer.Content.ReadAsStringAsync(TestRun.Ended)));
        }

        foreach (var read in (string[])["block", "block/named"])
        {
            Assert.Contains("disk.qcow2", await client.GetStringAsync(new Uri(vm, read), TestRun.Ended), StringComparison.Ordinal);
        }

        Assert.Equal("[]", await client.GetStringAsync(new Uri(vm, "stats"), TestRun.Ended));
        var devices = (await client.GetFromJsonAsync<List<DeviceContract>>(new Uri(vm, "devices"), TestRun.Ended))!;
        var disk = Assert.Single(devices, device => device.QdevId == "vda");
        Assert.Equal(("virtio-blk-pci", "pci", 0x1af4), (disk.Type, disk.Bus, disk.VendorId));
        Assert.Contains(devices, device => device is { QdevId: null, Description: "Host bridge" });

        foreach (var read in (string[])["qmp-schema", "qom-types"])
        {
            using var first = await client.GetAsync(new Uri(vm, read), TestRun.Ended);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(vm, read));
            request.Headers.IfNoneMatch.Add(first.Headers.ETag ?? new EntityTagHeaderValue("\"none\""));
            using var second = await client.SendAsync(request, TestRun.Ended);
            Assert.Equal((read, HttpStatusCode.NotModified), (read, second.StatusCode));
        }

        var missing = await ProblemJson.ReadAsync(await client.GetAsync(new Uri(vm, "qom-tree?path=/nosuch"), TestRun.Ended));
        Assert.Equal((409, "qom-list", "DeviceNotFound"), (missing.Status, missing.QmpCommand, missing.QmpClass));
    }

    /// <summary>What query-pci says of the disk's BARs, which the guest's kernel has placed, is what the map shows there.</summary>
    private static async Task CompareMemoryMapAsync(HttpClient client, Uri vm)
    {
        var pci = (await client.GetFromJsonAsync<JsonElement>(new Uri(vm, "pci"), TestRun.Ended))[0].GetProperty("devices");
        var disk = pci.EnumerateArray().Single(device => device.GetProperty("qdev_id").GetString() == "vda");
        var bars = disk.GetProperty("regions").EnumerateArray().Where(region => region.GetProperty("type").GetString() == "memory").ToList();
        var ranges = (await client.GetFromJsonAsync<List<MemoryRangeContract>>(new Uri(vm, "memory-map"), TestRun.Ended))!;
        Assert.Contains(ranges, range => range.Kind == "ram");
        Assert.NotEmpty(bars);
        foreach (var bar in bars)
        {
            var number = bar.GetProperty("bar").GetInt32();
            var start = bar.GetProperty("address").GetUInt64();
            var first = ranges.First(range => range.Device == "vda" && range.Bar == number && range.Space == "memory");
            Assert.Equal((MemoryAddress.Text(start), "vda", MemoryAddress.Text(0)), (first.Start, first.Owner, first.Offset));
            var found = await client.GetFromJsonAsync<MemoryRangeContract>(new Uri(vm, $"memory-map?address={MemoryAddress.ShortText(start + 0x14)}"), TestRun.Ended);
            Assert.Equal(first with { Address = MemoryAddress.Text(start + 0x14), Offset = MemoryAddress.Text(0x14) }, found);
        }

        var nowhere = await ProblemJson.ReadAsync(await client.GetAsync(new Uri(vm, "memory-map?address=0xfffffffffffffff0"), TestRun.Ended));
        Assert.Equal(404, nowhere.Status);
        Assert.Contains("0xfffffffffffffff0 is in no range: nothing answers there. The last range is ", nowhere.Detail, StringComparison.Ordinal);
    }

    private static async Task CompareWithGuestAsync(HttpClient client, Uri vm, VmSession session)
    {
        await ExecAsync(client, vm, "exec -a \"$1\" sleep 300 >/dev/null 2>&1 & echo $!", Name);
        var processes = (await client.GetFromJsonAsync<GuestProcessesContract>(new Uri(vm, "guest/processes"), TestRun.Ended))!;
        var named = Assert.Single(processes.Processes, process => process.Command == $"{Name} 300");
        Assert.Equal(("root", 1), (named.User, named.Threads));
        Assert.Contains(processes.Processes, process => process is { Pid: 1, RssBytes: > 0, CpuMs: > 0 });
        Assert.Contains(processes.Processes, process => process is { Pid: 2, Command: "[kthreadd]", RssBytes: 0 });
        Assert.False(processes.Truncated);
        Assert.InRange(processes.Processes.Count, 20, 200);

        // One reading later, the share of a processor is known.
        var before = await session.ReadGuestProcessesAsync(TimeSpan.Zero, TestRun.Ended);
        await ExecAsync(client, vm, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done", "");
        var after = await session.ReadGuestProcessesAsync(TimeSpan.Zero, TestRun.Ended);
        Assert.True(after.Value.UptimeSeconds > before.Value.UptimeSeconds);
        Assert.Contains(after.Value.Processes, process => process.CpuPercent is not null);
        Assert.Same(after, await session.ReadGuestProcessesAsync(TimeSpan.FromHours(1), TestRun.Ended));

        var info = (await client.GetFromJsonAsync<GuestInfoContract>(new Uri(vm, "guest/info"), TestRun.Ended))!;
        Assert.Equal(session.State.Name.ToString(), info.HostName);
        Assert.Equal(await ExecAsync(client, vm, "uname -r", ""), info.OperatingSystem!.KernelRelease);
        Assert.InRange(info.Memory!.TotalBytes, 128L << 20, 256L << 20);
        Assert.Contains(info.FileSystems!, fileSystem => fileSystem is { MountPoint: "/", Type: "ext4", UsedBytes: > 0, TotalBytes: > 0 });
        Assert.Contains("guest-exec", info.Agent!.Commands);
        Assert.InRange(Math.Abs(info.Clock!.OffsetMs), 0, 60_000);
        Assert.Empty(info.Missing);

        var interfaces = (await client.GetFromJsonAsync<GuestInterfacesContract>(new Uri(vm, "guest/interfaces"), TestRun.Ended))!;
        Assert.NotNull(Assert.Single(interfaces.Interfaces, nic => nic.Name == "eth0").Statistics);
        Assert.Contains(interfaces.Interfaces, nic => nic.Name == "lo" && nic.Addresses.Contains("127.0.0.1/8"));

        var interrupts = (await client.GetFromJsonAsync<InterruptsContract>(new Uri(vm, "interrupts"), TestRun.Ended))!;
        Assert.Null(interrupts.GuestProblem);
        Assert.Equal(session.State.Definition.Architecture == Architecture.X86_64, interrupts.Text.Contains("IRQ statistics", StringComparison.Ordinal));
        Assert.Contains(interrupts.Guest!, interrupt => interrupt.Name.Contains("virtio", StringComparison.Ordinal) && interrupt.PerCpu.Count == session.State.Cpus);

        var uptime = (await client.GetFromJsonAsync<UptimeContract>(new Uri(vm, "uptime"), TestRun.Ended))!;
        Assert.InRange(uptime.GuestSeconds!.Value, 0.1, uptime.QemuSeconds!.Value + 5);
    }

    private static async Task CheckRawQmpAsync(HttpClient client, Uri vm)
    {
        using var name = await client.PostAsJsonAsync(new Uri(vm, "qmp"), new { execute = "query-name" }, TestRun.Ended);
        Assert.Equal(await client.GetStringAsync(new Uri(vm, "name"), TestRun.Ended), await name.Content.ReadAsStringAsync(TestRun.Ended));
        var refused = await ProblemJson.ReadAsync(await client.PostAsJsonAsync(
            new Uri(vm, "qmp"), new { execute = "device_del", arguments = new { id = "nosuch" } }, TestRun.Ended));
        Assert.Equal((409, "device_del", "DeviceNotFound"), (refused.Status, refused.QmpCommand, refused.QmpClass));
        var audit = (await client.GetFromJsonAsync<AuditPageContract>(new Uri(vm, "../../audit?action=qmp&limit=4"), TestRun.Ended))!;
        Assert.Equal(["refused by QEMU (DeviceNotFound)", "accepted", "done", "accepted"], audit.Items.Select(line => line.Result));
        Assert.Equal("""device_del {"id":"nosuch"}""", audit.Items[1].Detail);
        Assert.EndsWith(": device_del", audit.Items[0].Detail, StringComparison.Ordinal);
    }

    private static async Task CheckIoBenchmarkAsync(TestApp app, HttpClient client, Uri vm)
    {
        using var begun = await client.PostAsJsonAsync(
            new Uri(vm, "io-benchmarks"), new { device = "vda", profile = "rand-read-4k", seconds = 1, repeats = 2, label = "short" }, TestRun.Ended);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        var id = (await begun.Content.ReadFromJsonAsync<OperationStarted>(TestRun.Ended))!.Operation;
        var ended = (await app.Get<OperationRegistry>().WaitAsync(id, TestRun.Ended))!;
        Assert.Equal((OperationState.Succeeded, null), (ended.State, ended.Error));

        var told = await client.GetFromJsonAsync<JsonElement>(new Uri(vm, $"io-benchmarks/{id}"), TestRun.Ended);
        Assert.Equal(("virtio-blk-pci", "/dev/vda"), (told.GetProperty("run").GetProperty("deviceType").GetString(), told.GetProperty("run").GetProperty("guestDevice").GetString()));
        Assert.Equal(2, told.GetProperty("results").GetArrayLength());
        Assert.All(told.GetProperty("results").EnumerateArray(), repeat =>
        {
            var read = repeat.GetProperty("read");
            Assert.InRange(read.GetProperty("iops").GetDouble(), 1, 1e7);
            Assert.InRange(read.GetProperty("p50Ns").GetInt64(), 1, read.GetProperty("latencyMaxNs").GetInt64());
            Assert.InRange(repeat.GetProperty("host").GetProperty("readBytes").GetInt64(), read.GetProperty("bytes").GetInt64(), long.MaxValue);
        });
        await CheckSeriesAsync(app, client, vm);
        await CheckWithoutFioAsync(client, vm);
        Assert.Equal("", await ExecAsync(client, vm, "ls /var/tmp", ""));
    }

    private static async Task CheckWithoutFioAsync(HttpClient client, Uri vm)
    {
        var fio = await ExecAsync(client, vm, "f=$(command -v fio); mv $f $f.away; echo $f", "");
        var refused = await ProblemJson.ReadAsync(await client.PostAsJsonAsync(new Uri(vm, "io-benchmarks"), new { device = "vda", profile = "rand-read-4k" }, TestRun.Ended));
        await ExecAsync(client, vm, "mv $1.away $1", fio);
        Assert.Equal((409, "The guest of intel has no fio. Install it there (apt install fio)."), (refused.Status, refused.Detail));
    }

    /// <summary>Measure, plug, measure again, unplug.</summary>
    private static async Task CheckSeriesAsync(TestApp app, HttpClient client, Uri vm)
    {
        var request = new { device = "vda", profile = "mixed-70-30-4k", seconds = 1, repeats = 1, plug = "nvme" };
        using var begun = await client.PostAsJsonAsync(new Uri(vm, "io-benchmarks"), request, TestRun.Ended);
        var id = (await begun.Content.ReadFromJsonAsync<OperationStarted>(TestRun.Ended))!.Operation;
        var ended = (await app.Get<OperationRegistry>().WaitAsync(id, TestRun.Ended))!;
        Assert.Equal((OperationState.Succeeded, null), (ended.State, ended.Error));

        var runs = (await client.GetFromJsonAsync<JsonElement>(new Uri(vm, "io-benchmarks"), TestRun.Ended)).EnumerateArray()
            .Where(run => run.GetProperty("series").GetString() == id)
            .Select(run => (run.GetProperty("label").GetString(), run.GetProperty("deviceType").GetString(), run.GetProperty("measured").GetInt32()));
        Assert.Equal([("nvme", "nvme", 1), ("after", "virtio-blk-pci", 1), ("before", "virtio-blk-pci", 1)], runs);
        Assert.Empty((await client.GetFromJsonAsync<JsonElement>(vm.ToString().TrimEnd('/'), TestRun.Ended)).GetProperty("plugged").EnumerateArray());
    }

    private static async Task CheckPausedAsync(TestApp app, HttpClient client, Uri vm, VmSession session)
    {
        await client.PostAsync(new Uri(vm, "actions/pause"), content: null, TestRun.Ended);
        await UntilAsync(app, session, state => state.RunState?.Word == "paused");
        foreach (var read in (string[])["guest/processes", "guest/info", "guest/interfaces"])
        {
            var problem = await ProblemJson.ReadAsync(await client.GetAsync(new Uri(vm, read), TestRun.Ended));
            Assert.Equal((504, $"{session.State.Name} is paused: its guest answers when it runs again."), (problem.Status, problem.Detail));
        }

        var refused = await ProblemJson.ReadAsync(await client.PostAsJsonAsync(new Uri(vm, "io-benchmarks"), new { device = "vda", profile = "rand-read-4k" }, TestRun.Ended));
        Assert.Equal(
            (409, $"{session.State.Name} is paused, and a guest that stands still reads and writes nothing. Resume it first."), (refused.Status, refused.Detail));

        var interrupts = (await client.GetFromJsonAsync<InterruptsContract>(new Uri(vm, "interrupts"), TestRun.Ended))!;
        var uptime = (await client.GetFromJsonAsync<UptimeContract>(new Uri(vm, "uptime"), TestRun.Ended))!;
        Assert.Equal((interrupts.GuestProblem, null, null), (uptime.GuestProblem, uptime.GuestSeconds, interrupts.Guest));
        Assert.Contains("paused", uptime.GuestProblem, StringComparison.Ordinal);
    }

    internal static async Task<string> ExecAsync(HttpClient client, Uri vm, string script, string argument)
    {
        var request = new { path = "/bin/bash", args = (string[])["-c", script, "--", argument] };
        using var answer = await client.PostAsJsonAsync(new Uri(vm, "guest/exec"), request, TestRun.Ended);
        var result = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestRun.Ended))!;
        Assert.Equal(0, result.GetProperty("exitCode").GetInt32());
        return result.GetProperty("stdout").GetString()!.Trim();
    }

    private static async Task UntilAsync(TestApp app, VmSession session, Func<VmState, bool> wished)
    {
        using var changes = app.Feed.Subscribe(record => record.Item is VmChanged && record.Source.Name == session.State.Name.ToString());
        var states = changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(TestRun.Ended)).Select(record => ((VmChanged)record.Item).State);
        await states.FirstAsync(wished, TestRun.Ended);
    }
}
