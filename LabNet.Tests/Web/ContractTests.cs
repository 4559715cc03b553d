using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.PciModels;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Tests.PciModels;
using LabNet.Web.Api;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class ContractTests(TestApp app) : IClassFixture<TestApp>
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);
    private static readonly VmProcessState Running = new VmProcessState.Running(4711, Now.AddSeconds(-90.5), Adopted: false);

    public static readonly TheoryData<string, string> Connections = new()
    {
        { "off", "off" },
        { "starting", "starting" },
        { "connecting", "connecting" },
        { "connected", "connected" },
        { "lost", "lost" },
        { "exited as asked", "off" },
        { "exited by itself", "crashed" },
    };

    [Theory]
    [MemberData(nameof(Connections))]
    public void A_VMs_connection_is_told_from_its_process_and_its_socket(string situation, string word)
    {
        var off = new VmState(SampleLab.X86);
        var vm = situation switch
        {
            "starting" => off with { Process = new VmProcessState.Starting("disk") },
            "connecting" => off with { Process = Running, Connection = new QmpLinkState.Connecting() },
            "connected" => off with { Process = Running, Connection = new QmpLinkState.Connected() },
            "lost" => off with { Process = Running, Connection = new QmpLinkState.Lost("EOF", Now) },
            "exited as asked" => off with { Process = new VmProcessState.Exited(0, Expected: true, "", Now) },
            "exited by itself" => off with { Process = new VmProcessState.Exited(139, Expected: false, "", Now) },
            _ => off,
        };
        Assert.Equal(word, Json(VmContract.Of(vm, Now))["connection"]!.GetValue<string>());
    }

    [Fact]
    public void A_model_of_a_custom_device_is_told_with_its_registers()
    {
        var model = SampleModel.Model with { Properties = [SampleModel.Model.Properties[1]], Bars = [SampleModel.Model.Bars[0] with { Registers = [SampleModel.Model.Bars[0].Registers[2]] }] };
        var expected = """
            {"build":null,"problems":["one is broken"],
             "models":[{"name":"labnet-sample","title":"A device with something of each","vendorId":4660,"deviceId":19534,"class":65280,"isRemote":false,
                        "bars":[{"bar":0,"sizeBytes":4096,"kind":"registers","vectors":0,"about":"Registers.",
                                 "registers":[{"name":"STATUS","offset":12,"width":32,"access":"w1c","reset":"0x0","mask":"0x3f","about":"",
                                               "fields":[{"name":"BUSY","low":0,"high":0,"about":"At work."},{"name":"LEVEL","low":4,"high":5,"about":"How full."}]}]}],
                        "properties":[{"name":"msi","type":"bool","default":"on","about":""}]}]}
            """;
        AssertJson(expected, Json(PciModelsContract.Of(new BuiltPciModels(Build: null, [model], ["one is broken"]))));
    }

    [Fact]
    public void A_running_VM_is_told_in_the_contracts_words()
    {
        var vm = new VmState(SampleLab.Arm)
        {
            Process = Running,
            Connection = new QmpLinkState.Connected(),
            RunState = RunState.Running,
            Accelerator = new AcceleratorInUse(Accelerator.Tcg, "no KVM for aarch64 here"),
            QemuVersion = new Version(7, 2, 19),
            Agent = new GuestAgentState.Silent("paused"),
            Guest = new GuestFacts("arm", "Debian", "6.1", [new GuestInterface("eth1", "52:54:00:12:34:57", ["10.10.10.1/24"])]),
            Plugged = [new PluggedDevice("d1", "nvme", "port0", "d1", "/disks/d1.qcow2", null, null, null, null, null, "nvme0n1", Now)],
            Problem = new VmProblem("title", "detail", Now),
            Faults = [new FaultInForce("f-abc", "pause", "the guest stands still", Now, BarsSnapshots: true)],
        };
        var expected = """
            {"attached":false,"attachedTo":null,"pid":4711,"startedAt":"2026-11-22T09:58:29.500000Z","acceleratorReason":"no KVM for aarch64 here","memoryBytes":536870912,"cpus":2,
             "nics":[{"id":"eth0","kind":"user","model":"virtio-net","mac":"52:54:00:00:00:01","link":null,"address":null},
                     {"id":"eth1","kind":"link","model":"e1000e","mac":"52:54:00:12:34:57","link":"lab","address":"10.10.10.1/24"}],
             "disks":[{"id":"vda","image":"debian"}],
             "plugged":[{"id":"d1","kind":"nvme","port":"port0","link":null,"guestName":"nvme0n1","at":"2026-11-22T10:00:00.000000Z","properties":null,"socket":null}],
             "faults":[{"id":"f-abc","kind":"pause","text":"the guest stands still","endsAt":"2026-11-22T10:00:00.000000Z"}],
             "guest":{"hostName":"arm","operatingSystem":"Debian","kernel":"6.1",
                      "interfaces":[{"name":"eth1","mac":"52:54:00:12:34:57","addresses":["10.10.10.1/24"]}]},
             "problem":{"title":"title","detail":"detail","at":"2026-11-22T10:00:00.000000Z"},"qmpSocket":"/run/user.sock","snapshots":3,
             "name":"arm","host":"zeus","arch":"aarch64","runState":"running","connection":"connected","accelerator":"tcg","uptimeSeconds":90,
             "qemuVersion":"7.2.19","guestAgent":"silent"}
            """;
        AssertJson(expected, Json(VmDetailsContract.Of(vm, "/run/user.sock", snapshots: 3, Now)));
    }

    [Fact]
    public void What_cannot_be_known_of_an_attached_VM_is_null_and_never_nothing()
    {
        var vm = new VmState(SampleLab.Mine);
        AssertJson(
            """
            {"name":"mine","host":"ares","arch":"x86_64","attached":true,"attachedTo":"127.0.0.1:4444","runState":null,"connection":"connecting",
             "accelerator":null,"acceleratorReason":null,"uptimeSeconds":null,"qemuVersion":null,"guestAgent":"no-socket","pid":null,"startedAt":null,
             "memoryBytes":null,"cpus":null,"nics":null,"disks":null,"plugged":[],"faults":[],"guest":null,"problem":null,"qmpSocket":null,"snapshots":0}
            """,
            Json(VmDetailsContract.Of(vm, qmpSocket: null, snapshots: 0, Now)));
        var there = vm with { Connection = new QmpLinkState.Connected(), RunState = RunState.Paused, Size = new VmSize(1 << 28, 2) };
        var told = Json(VmDetailsContract.Of(there, qmpSocket: null, snapshots: 0, Now));
        AssertJson("""["connected","paused",268435456,2]""", new JsonArray(told["connection"]!.DeepClone(), told["runState"]!.DeepClone(), told["memoryBytes"]!.DeepClone(), told["cpus"]!.DeepClone()));
        Assert.Equal("lost", Json(VmContract.Of(vm with { Connection = new QmpLinkState.Lost("gone", Now) }, Now))["connection"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_lab_is_told_with_its_hosts_VMs_and_links()
    {
        app.Feed.Publish(new FeedSource("ares"), new LinkChanged(new LinkStatus(HostName.Parse("ares"), LinkName.Parse("lab"), "vx100", 1450, Up: true, Problem: null)));
        using var client = await app.NewClientAsync(Role.Viewer);
        var lab = await client.GetFromJsonAsync<JsonObject>("/api/v1/lab", TestRun.Ended);
        Assert.Equal("cross-arch", lab!["name"]!.GetValue<string>());
        AssertJson(
            """[{"name":"ares","kind":"namespace","address":"10.99.0.1"},{"name":"zeus","kind":"namespace","address":"10.99.0.2"}]""", lab["hosts"]!);
        AssertJson(
            """
            {"name":"x86","host":"ares","arch":"x86_64","runState":null,"connection":"off","accelerator":null,"uptimeSeconds":null,
             "qemuVersion":null,"guestAgent":"closed","attached":false}
            """,
            lab["vms"]![0]!);
        AssertJson(
            """
            [{"name":"lab","vni":100,"port":4789,"transport":"vxlan",
              "hosts":[{"host":"ares","device":"vx100","mtuBytes":1450,"up":true,"problem":null}],
              "nics":[{"vm":"x86","nic":"eth1","mac":"52:54:00:12:34:58","address":"10.10.10.2/24"},
                      {"vm":"arm","nic":"eth1","mac":"52:54:00:12:34:57","address":"10.10.10.1/24"}]}]
            """,
            lab["links"]!);
    }

    [Fact]
    public async Task The_newest_ping_of_each_pair_is_told()
    {
        Ping("x86", "arm", 3.25);
        Ping("arm", "x86", 2.5);
        Ping("x86", "arm", 1.5);
        using var client = await app.NewClientAsync(Role.Viewer);
        AssertJson(
            """
            [{"from":"arm","to":"x86","sent":3,"received":3,"packetBytes":1450,"rttMs":2.5,"problem":null,"measuredAt":"2026-11-22T10:00:00.000000Z"},
             {"from":"x86","to":"arm","sent":3,"received":3,"packetBytes":1450,"rttMs":1.5,"problem":null,"measuredAt":"2026-11-22T10:00:00.000000Z"}]
            """,
            (await client.GetFromJsonAsync<JsonNode>("/api/v1/links/lab/pings", TestRun.Ended))!);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync("/api/v1/links/wan/pings", TestRun.Ended));
        Assert.Equal("There is no link \"wan\"; there is lab.", problem.Detail);
    }

    [Fact]
    public async Task The_QMP_socket_is_told_to_operators_only()
    {
        using var viewer = await app.NewClientAsync(Role.Viewer);
        using var @operator = await app.NewClientAsync(Role.Operator);
        Assert.Null((await viewer.GetFromJsonAsync<JsonNode>("/api/v1/vms/x86", TestRun.Ended))!["qmpSocket"]);
        Assert.EndsWith("user.sock", (await @operator.GetFromJsonAsync<JsonNode>("/api/v1/vms/x86", TestRun.Ended))!["qmpSocket"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_is_told_while_it_runs_cancelled_and_told_after_it_ended()
    {
        using var client = await app.NewClientAsync(Role.Operator);
        var operations = app.Get<OperationRegistry>();
        var begun = operations.Begin("pause", VmName.Parse("x86"), Actor.LabNet, (_, ct) => new TaskCompletionSource().Task.WaitAsync(ct));
        var running = await client.GetFromJsonAsync<JsonNode>($"/api/v1/operations/{begun.Id}", TestRun.Ended);
        AssertJson(
            $$"""
            {"id":"{{begun.Id}}","kind":"pause","vm":"x86","detail":null,"state":"running","progress":null,"startedAt":"2026-11-22T10:00:00.000000Z","endedAt":null,"error":null}
            """,
            running!);

        using var cancelled = await client.DeleteAsync($"/api/v1/operations/{begun.Id}", TestRun.Ended);
        Assert.Equal($"/api/v1/operations/{begun.Id}", cancelled.Headers.Location?.OriginalString);
        AssertJson($$"""{"operation":"{{begun.Id}}"}""", (await cancelled.Content.ReadFromJsonAsync<JsonNode>(TestRun.Ended))!);
        await operations.WaitAsync(begun.Id, TestRun.Ended);
        var ended = await client.GetFromJsonAsync<JsonNode>($"/api/v1/operations/{begun.Id}", TestRun.Ended);
        Assert.Equal("cancelled", ended!["state"]!.GetValue<string>());
        Assert.Equal([$"test operator operation-cancel accepted pause ({begun.Id})"], AuditLines.Of(app, "operation-cancel"));

        var problem = await ProblemJson.ReadAsync(await client.DeleteAsync($"/api/v1/operations/{begun.Id}", TestRun.Ended));
        Assert.Equal((409, "The operation has ended already (cancelled)."), (problem.Status, problem.Detail));
    }

    private void Ping(string from, string to, double rttMs) => app.Feed.Publish(FeedSource.Lab, new PingMeasured(
        LinkName.Parse("lab"), VmName.Parse(from), VmName.Parse(to), Sent: 3, Received: 3, PacketBytes: 1450, rttMs, Problem: null, Now));

    private JsonNode Json<T>(T value) => JsonSerializer.SerializeToNode(value, app.Get<IOptions<JsonOptions>>().Value.SerializerOptions)!;

    private static void AssertJson(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}, got {actual.ToJsonString()}");
}
