using System.Net;
using System.Text.RegularExpressions;
using LabNet.Core.GuestAgent;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed partial class ProblemMappingTests(TestApp app) : IClassFixture<TestApp>
{
    internal static readonly IReadOnlyDictionary<string, (Exception Thrown, int Status, string Section)> Failures =
        new Dictionary<string, (Exception, int, string)>(StringComparer.Ordinal)
        {
            ["bad-input"] = (new BadInputException("bad"), 400, "bad-input"),
            ["unknown"] = (UnknownThingException.Of("VM", "x", ["a", "b"]), 404, "unknown-thing"),
            ["unknown-disk"] = (new UnknownDiskException("x86 has no disk \"vdz\"; it has vda."), 404, "unknown-thing"),
            ["forbidden"] = (new ForbiddenException(new Actor("bob", Role.Viewer, "api"), Role.Operator, "pause"), 403, "role-too-small"),
            ["raw-qmp-off"] = (new RawQmpOffException(), 403, "raw-qmp-off"),
            ["vm-conflict"] = (new VmConflictException("off"), 409, "conflict"),
            ["token-conflict"] = (new TokenConflictException("last"), 409, "conflict"),
            ["qemu-refused"] = (new QmpCommandException("cont", "GenericError", "no"), 409, "refused-by-qemu"),
            ["agent-refused"] = (new GuestAgentCommandException("guest-exec", "GenericError", "no such file"), 409, "refused-by-guest"),
            ["agent-unavailable"] = (new GuestAgentUnavailableException("no port"), 503, "agent-unavailable"),
            ["agent-timeout"] = (new GuestAgentTimeoutException("5 s"), 504, "timed-out"),
            ["storage"] = (new DatabaseException("lab.db cannot be used: the disk is full"), 503, "storage-unavailable"),
            ["not-connected"] = (new QmpConnectException("nobody listens"), 503, "not-connected"),
            ["disconnected"] = (new QmpDisconnectedException("gone"), 503, "not-connected"),
            ["qemu-timeout"] = (new QmpTimeoutException("5 s"), 504, "timed-out"),
            ["unforeseen"] = (new InvalidOperationException("internals: /secret/path"), 500, "unexpected"),
        };

    public static readonly TheoryData<string> FailureNames = [.. Failures.Keys];

    [Theory]
    [MemberData(nameof(FailureNames))]
    public async Task Each_exception_becomes_its_problem(string name)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        using var answer = await client.GetAsync($"/api/test/failure/{name}", TestRun.Ended);
        var problem = await ProblemJson.ReadAsync(answer);
        Assert.Equal((Failures[name].Status, "/docs/errors#" + Failures[name].Section), (problem.Status, problem.Type));
    }

    [Fact]
    public async Task A_refusal_by_QEMU_carries_its_class_and_the_command()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync("/api/test/failure/qemu-refused", TestRun.Ended));
        Assert.Equal(("GenericError", "cont", "no"), (problem.QmpClass, problem.QmpCommand, problem.Detail));
    }

    [Fact]
    public async Task What_nobody_foresaw_tells_nothing_but_a_trace_id_that_stands_in_the_log()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        using var answer = await client.GetAsync("/api/test/failure/unforeseen", TestRun.Ended);
        Assert.DoesNotContain("secret", await answer.Content.ReadAsStringAsync(TestRun.Ended), StringComparison.Ordinal);
        var traceId = (await ProblemJson.ReadAsync(answer)).TraceId;
        Assert.NotNull(traceId);
        Assert.Contains(app.Log.Lines, line => line.Contains(traceId, StringComparison.Ordinal) && line.Contains("/secret/path", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing", 404, "unknown-thing")]
    [InlineData("PUT", "/api/v1/vms", 405, "wrong-method")]
    public async Task What_routing_refuses_is_a_problem_too(string method, string address, int status, string section)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), address), TestRun.Ended);
        var problem = await ProblemJson.ReadAsync(answer);
        Assert.Equal((status, "/docs/errors#" + section), (problem.Status, problem.Type));
    }

    [Fact]
    public async Task An_unknown_VM_is_told_with_the_ones_there_are()
    {
        using var client = await app.NewClientAsync(Role.Operator);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync("/api/v1/vms/x87", TestRun.Ended));
        Assert.Equal("There is no VM \"x87\"; there is x86, arm.", problem.Detail);
        problem = await ProblemJson.ReadAsync(await client.PostAsync("/api/v1/vms/x86/actions/explode", content: null, TestRun.Ended));
        Assert.Equal("There is no action \"explode\"; there is start, pause, resume, reset, powerdown, stop, kill.", problem.Detail);
    }

    [Fact]
    public void Each_type_has_a_section_in_docs_errors_md_and_each_section_a_type()
    {
        var sections = Section().Matches(ErrorsPage.Markdown()).Select(match => match.Groups["name"].Value);
        Assert.Equal(ProblemType.All.Select(type => type.Section).Order(StringComparer.Ordinal), sections.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void All_types_are_listed()
    {
        var fields = typeof(ProblemType).GetFields().Where(field => field.FieldType == typeof(ProblemType)).Select(field => field.GetValue(obj: null));
        Assert.Equal(fields, ProblemType.All);
    }

    [Fact]
    public async Task A_problems_type_leads_to_its_section()
    {
        using var client = app.NewClient();
        using var answer = await client.GetAsync(ProblemType.Conflict.Link, TestRun.Ended);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync(TestRun.Ended);
        Assert.Contains("<h2 id=\"conflict\">conflict</h2>", page, StringComparison.Ordinal);
        Assert.Contains("<code>LabNet:AllowedHosts</code>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<token>", page, StringComparison.Ordinal);
    }

    [GeneratedRegex("^## (?<name>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Section();
}
