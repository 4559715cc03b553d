using System.Net;
using System.Net.Http.Json;
using System.Text;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class VmReadTests(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task A_VM_that_does_not_run_is_told_as_that_and_never_as_an_empty_answer()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        foreach (var read in RolesTests.VmReads)
        {
            var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/vms/x86/{read}", TestRun.Ended));
            var section = read.StartsWith("guest/", StringComparison.Ordinal) ? "agent-unavailable" : "not-connected";
            Assert.Equal((read, 503, "/docs/errors#" + section), (read, problem.Status, problem.Type));
        }
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("qom-set")]
    [InlineData("human-monitor-command")]
    [InlineData("xquery-status")]
    [InlineData("")]
    public async Task What_does_not_only_read_is_no_read(string command)
    {
        var session = app.Get<VmRegistry>().Vms[0];
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.ReadAsync(command, TestRun.Ended));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await session.ReadAsync(new QmpCommand<StatusInfo>(command, RunStateCommands.QueryStatus.ReturnType), TestRun.Ended));
        await Assert.ThrowsAsync<QmpDisconnectedException>(async () => await session.ReadAsync(RunStateCommands.QueryStatus, TestRun.Ended));
    }

    [Theory]
    [InlineData("machine")]
    [InlineData("")]
    [InlineData("/a%0Ab")]
    [InlineData("/a%00")]
    public async Task A_place_in_QEMUs_tree_begins_with_a_slash(string path)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        foreach (var read in (string[])["qom-tree", "qom-props"])
        {
            var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/vms/x86/{read}?path={path}", TestRun.Ended));
            Assert.Equal((400, "path: it has to begin with \"/\", without control characters, 1024 characters at most."), (problem.Status, problem.Detail));
        }
    }

    [Theory]
    [InlineData("[]", "[]", "[]")]
    [InlineData("[ {\"a\": 1} ]\r\n", "[]", "[{\"a\": 1}]")]
    [InlineData("[1, 2]", "[3]", "[1, 2, 3]")]
    public void Lists_are_joined_without_taking_them_apart(string first, string second, string joined) =>
        Assert.Equal(joined, Encoding.UTF8.GetString(JsonLists.Join([Encoding.UTF8.GetBytes(first), Encoding.UTF8.GetBytes(second)]).Span));

    [Fact]
    public async Task Raw_QMP_is_off_until_somebody_says_otherwise_and_who_tried_is_written_down()
    {
        using var client = await app.NewClientAsync(Role.Admin);
        var problem = await ProblemJson.ReadAsync(await client.PostAsJsonAsync(
            "/api/v1/vms/x86/qmp", new { execute = "set_password", arguments = new { protocol = "vnc", password = "hunter2" } }, TestRun.Ended));
        Assert.Equal((403, "/docs/errors#raw-qmp-off"), (problem.Status, problem.Type));
        Assert.Contains("--raw-qmp", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(
            ["""test admin qmp raw QMP is off set_password {"protocol":"vnc","password":"***"}"""],
            AuditLines.Of(app, "qmp").Where(line => line.Contains("set_password", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("""{"execute": "query status"}""", "execute: a QMP command is 1 to 128")]
    [InlineData("""{"execute": ""}""", "execute: a QMP command is 1 to 128")]
    [InlineData("""{"execute": "qmp_capabilities"}""", "execute: qmp_capabilities has been sent")]
    [InlineData("""{"execute": "stop", "arguments": [1]}""", "arguments: they have to be an object.")]
    [InlineData("""{"execute": "stop", "arguments": {"a": ["\u0000"]}}""", "arguments: a text holds a zero character")]
    [InlineData("""{"execute": "stop", "arguments": {"a": "\ud800"}}""", "arguments: a text holds a zero character or half a character")]
    [InlineData("""{"execute": "stop", "id": 1}""", "The body has unknown members: id.")]
    [InlineData("""{"arguments": {}}""", "The body lacks: execute.")]
    public async Task What_cannot_be_sent_as_QMP_is_refused(string body, string detail)
    {
        using var client = await app.NewClientAsync(Role.Admin);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var problem = await ProblemJson.ReadAsync(await client.PostAsync("/api/v1/vms/x86/qmp", content, TestRun.Ended));
        Assert.Equal((int)HttpStatusCode.BadRequest, problem.Status);
        Assert.StartsWith(detail, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_stored_is_told_with_its_sizes_and_its_age()
    {
        var folder = Directory.CreateDirectory(app.Get<VmRegistry>().Vms[0].Paths.Folder).FullName;
        await File.WriteAllBytesAsync(Path.Join(folder, "disk.qcow2"), new byte[5000], TestRun.Ended);
        await File.WriteAllBytesAsync(Path.Join(folder, "console.log"), new byte[30], TestRun.Ended);
        await File.WriteAllBytesAsync(Path.Join(folder, "console.log.1"), new byte[12], TestRun.Ended);
        File.CreateSymbolicLink(Path.Join(folder, "image"), Path.Join(folder, "disk.qcow2"));
        await app.TokenAsync(Role.Operator);
        using var client = await app.NewClientAsync(Role.Viewer);
        var storage = (await client.GetFromJsonAsync<StorageContract>("/api/v1/storage", TestRun.Ended))!;
        Assert.True(storage.Database is { FileBytes: > 0, Version: > 0 });
        Assert.True(storage.Audit.Rows >= 2);
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero), storage.Audit.OldestAt);
        Assert.Equal(new OperationsStoredContract(0, OldestAt: null, 86_400), storage.Operations);
        Assert.Equal(new VmStorageContract("x86", 5000, 42, 5042), storage.Vms[0]);
        Assert.Equal(new VmStorageContract("arm", null, 0, 0), storage.Vms[1]);
    }
}
