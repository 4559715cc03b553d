using System.Net;
using System.Text;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Routing;

namespace LabNet.Tests.Web;

/// <summary>Each endpoint with each role. Names that lead nowhere (404) stand for what is allowed and would change something.</summary>
[Trait("suite", "unit")]
public sealed class RolesTests(TestApp app) : IClassFixture<TestApp>
{
    private const string TokenBody = """{"name": "made by a role", "role": "viewer"}""";
    private const string ExecBody = """{"path": "true"}""";

    private const string TraceSwitchBody = """[{"pattern": "virtio_blk_*", "enabled": true}]""";
    private const string BenchmarkBody = """{"device": "vda", "profile": "rand-read-4k"}""";
    private const string SnapshotBody = """{"name": "before"}""";
    private const string RecoveryBody = """{"policy": "restart"}""";
    private const string CaptureBody = """{"nics": [{"vm": "none", "nic": "eth0"}]}""";
    private const string FaultBody = """{"kind": "pause", "durationMs": 1000}""";
    private const string PlugBody = """{"kind": "nvme", "id": "d1", "sizeBytes": 1048576}""";

    private const string QmpBody = """{"execute": "query-status"}""";

    /// <summary>Below a VM, for whoever may read.</summary>
    public static readonly string[] VmReads =
    [
        "commands", "status", "version", "machine", "target", "name", "uuid", "cpus", "cpu-defs", "memory", "memdevs", "block", "block/named",
        "devices", "pci", "chardev", "chardev-backends", "display", "iothreads", "stats", "balloon", "qom-tree", "qom-types", "qom-props",
        "qmp-schema", "interrupts", "roms", "topology", "memory-map", "snapshots/devices", "uptime", "guest/processes", "guest/info", "guest/interfaces",
    ];

    /// <summary>Method, route, address, body; then the status for nobody, viewer, operator, admin.</summary>
    public static readonly TheoryData<string, string, string, string?, int[]> Endpoints = new()
    {
        { "GET", "/metrics", "/metrics", null, [401, 200, 200, 200] },
        { "GET", "/healthz", "/healthz", null, [200, 200, 200, 200] },
        { "HEAD", "/healthz", "/healthz", null, [200, 200, 200, 200] },
        { "GET", "/readyz", "/readyz", null, [503, 503, 503, 503] },
        { "GET", "/docs/errors", "/docs/errors", null, [200, 200, 200, 200] },
        { "GET", "/api/v1/openapi.json", "/api/v1/openapi.json", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/lab", "/api/v1/lab", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/vms", "/api/v1/vms", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/vms/{vm}", "/api/v1/vms/x86", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/vms/{vm}/console/log", "/api/v1/vms/x86/console/log", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/vms/{vm}/qmp", "/api/v1/vms/none/qmp", QmpBody, [401, 403, 403, 404] },
        { "GET", "/api/v1/audit", "/api/v1/audit", null, [401, 403, 403, 200] },
        { "GET", "/api/v1/events", "/api/v1/events", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/vms/{vm}/metrics", "/api/v1/vms/x86/metrics", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/storage", "/api/v1/storage", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/captures", "/api/v1/captures", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/captures", "/api/v1/captures", CaptureBody, [401, 403, 404, 404] },
        { "GET", "/api/v1/captures/{id}", "/api/v1/captures/none", null, [401, 404, 404, 404] },
        { "DELETE", "/api/v1/captures/{id}", "/api/v1/captures/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/captures/{id}/packets", "/api/v1/captures/none/packets", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/captures/{id}/pcapng", "/api/v1/captures/none/pcapng", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/links/{link}/flows", "/api/v1/links/lab/flows", null, [401, 200, 200, 200] },
        { "PUT", "/api/v1/links/{link}/flows", "/api/v1/links/none/flows", """{"enabled": true}""", [401, 403, 404, 404] },
        { "GET", "/api/v1/links/{link}/flows/history", "/api/v1/links/lab/flows/history", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/links/{link}/pings/history", "/api/v1/links/lab/pings/history", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/links/{link}/path-mtus", "/api/v1/links/lab/path-mtus", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/vms/{vm}/actions/{action}", "/api/v1/vms/none/actions/pause", null, [401, 403, 404, 404] },
        { "POST", "/api/v1/vms/{vm}/guest/exec", "/api/v1/vms/none/guest/exec", ExecBody, [401, 403, 404, 404] },
        { "POST", "/api/v1/vms/{vm}/devices", "/api/v1/vms/none/devices", PlugBody, [401, 403, 404, 404] },
        { "GET", "/api/v1/pci-models", "/api/v1/pci-models", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/pci-models/build", "/api/v1/pci-models/build", null, [401, 403, 409, 409] },
        { "POST", "/api/v1/vms/{vm}/devices/{qdevId}/registers", "/api/v1/vms/none/devices/edu0/registers", """{"bar": 0, "offset": 8}""", [401, 403, 404, 404] },
        { "DELETE", "/api/v1/vms/{vm}/devices/{qdevId}", "/api/v1/vms/none/devices/d1", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/snapshots", "/api/v1/vms/x86/snapshots", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/vms/{vm}/snapshots/check", "/api/v1/vms/none/snapshots/check", null, [401, 404, 404, 404] },
        { "POST", "/api/v1/vms/{vm}/snapshots/repair", "/api/v1/vms/none/snapshots/repair", null, [401, 403, 404, 404] },
        { "POST", "/api/v1/vms/{vm}/snapshots", "/api/v1/vms/none/snapshots", SnapshotBody, [401, 403, 404, 404] },
        { "POST", "/api/v1/vms/{vm}/snapshots/{id}/restore", "/api/v1/vms/x86/snapshots/none/restore", null, [401, 403, 404, 404] },
        { "DELETE", "/api/v1/vms/{vm}/snapshots/{id}", "/api/v1/vms/x86/snapshots/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/snapshots/{a}/diff/{b}", "/api/v1/vms/x86/snapshots/none/diff/now", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/io-benchmarks", "/api/v1/vms/x86/io-benchmarks", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/vms/{vm}/io-benchmarks", "/api/v1/vms/none/io-benchmarks", BenchmarkBody, [401, 403, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/io-benchmarks/{id}", "/api/v1/vms/x86/io-benchmarks/none", null, [401, 404, 404, 404] },
        { "DELETE", "/api/v1/vms/{vm}/io-benchmarks/{id}", "/api/v1/vms/x86/io-benchmarks/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/trace-events", "/api/v1/vms/none/trace-events", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/trace-events/{name}", "/api/v1/vms/none/trace-events/none", null, [401, 404, 404, 404] },
        { "PUT", "/api/v1/vms/{vm}/trace-events", "/api/v1/vms/none/trace-events", TraceSwitchBody, [401, 403, 404, 404] },
        { "GET", "/api/v1/trace", "/api/v1/trace?vm=x86", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/trace/timeline", "/api/v1/trace/timeline?vm=x86", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/trace/export", "/api/v1/trace/export?vm=x86", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/trace/latencies", "/api/v1/trace/latencies", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/trace/statistics", "/api/v1/trace/statistics", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/vms/{vm}/recovery", "/api/v1/vms/x86/recovery", null, [401, 200, 200, 200] },
        { "PUT", "/api/v1/vms/{vm}/recovery", "/api/v1/vms/none/recovery", RecoveryBody, [401, 403, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/faults", "/api/v1/vms/x86/faults", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/vms/{vm}/faults/{id}", "/api/v1/vms/x86/faults/none", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/vms/{vm}/fault-kinds", "/api/v1/vms/x86/fault-kinds", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/vms/{vm}/faults", "/api/v1/vms/none/faults", FaultBody, [401, 403, 404, 404] },
        { "DELETE", "/api/v1/vms/{vm}/faults/{id}", "/api/v1/vms/x86/faults/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/incidents", "/api/v1/incidents", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/incidents/{id}", "/api/v1/incidents/none", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/incidents/{id}/console", "/api/v1/incidents/none/console", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/incidents/{id}/memory-dump", "/api/v1/incidents/none/memory-dump", null, [401, 403, 404, 404] },
        { "DELETE", "/api/v1/incidents/{id}", "/api/v1/incidents/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/traffic-runs", "/api/v1/traffic-runs", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/traffic-runs", "/api/v1/traffic-runs", """{"from": "none", "to": "none"}""", [401, 403, 404, 404] },
        { "GET", "/api/v1/traffic-runs/{id}", "/api/v1/traffic-runs/none", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/fault-plans", "/api/v1/fault-plans", null, [401, 200, 200, 200] },
        { "POST", "/api/v1/fault-plans", "/api/v1/fault-plans", """{"text": "no plan"}""", [401, 403, 400, 400] },
        { "POST", "/api/v1/fault-plans/check", "/api/v1/fault-plans/check", """{"text": "no plan"}""", [401, 200, 200, 200] },
        { "GET", "/api/v1/fault-plans/{id}", "/api/v1/fault-plans/none", null, [401, 404, 404, 404] },
        { "DELETE", "/api/v1/fault-plans/{id}", "/api/v1/fault-plans/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/fault-plans/{id}/schedule", "/api/v1/fault-plans/none/schedule", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/fault-plans/{id}/runs", "/api/v1/fault-plans/none/runs", null, [401, 404, 404, 404] },
        { "POST", "/api/v1/fault-plans/{id}/runs", "/api/v1/fault-plans/none/runs", "{}", [401, 403, 404, 404] },
        { "GET", "/api/v1/fault-plans/{id}/runs/{run}", "/api/v1/fault-plans/none/runs/none", null, [401, 404, 404, 404] },
        { "DELETE", "/api/v1/fault-plans/{id}/runs/{run}", "/api/v1/fault-plans/none/runs/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/fault-plans/{id}/runs/{run}/journal", "/api/v1/fault-plans/none/runs/none/journal", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/io-benchmarks/compare", "/api/v1/io-benchmarks/compare?a=none&b=none", null, [401, 404, 404, 404] },
        { "GET", "/api/v1/operations/{id}", "/api/v1/operations/none", null, [401, 404, 404, 404] },
        { "DELETE", "/api/v1/operations/{id}", "/api/v1/operations/none", null, [401, 403, 404, 404] },
        { "GET", "/api/v1/links", "/api/v1/links", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/links/{link}/pings", "/api/v1/links/lab/pings", null, [401, 200, 200, 200] },
        { "GET", "/api/v1/tokens", "/api/v1/tokens", null, [401, 403, 403, 200] },
        { "POST", "/api/v1/tokens", "/api/v1/tokens", TokenBody, [401, 403, 403, 201] },
        { "DELETE", "/api/v1/tokens/{id}", "/api/v1/tokens/none", null, [401, 403, 403, 404] },
    };

    static RolesTests()
    {
        foreach (var read in VmReads)
        {
            Endpoints.Add("GET", $"/api/v1/vms/{{vm}}/{read}", $"/api/v1/vms/none/{read}", null, [401, 404, 404, 404]);
        }
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Each_endpoint_answers_each_role_as_the_contract_says(string method, string route, string address, string? body, int[] expected)
    {
        Role?[] roles = [null, Role.Viewer, Role.Operator, Role.Admin];
        var statuses = new List<int>();
        foreach (var role in roles)
        {
            using var client = await app.NewClientAsync(role);
            using var request = new HttpRequestMessage(new HttpMethod(method), address)
            {
                Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
            };
            using var answer = await client.SendAsync(request, TestRun.Ended);
            statuses.Add((int)answer.StatusCode);
            if (answer.StatusCode >= HttpStatusCode.BadRequest)
            {
                Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            }
        }

        Assert.Equal((route, string.Join(' ', expected)), (route, string.Join(' ', statuses)));
    }

    [Fact]
    public void No_endpoint_of_the_contract_is_missing_in_the_table()
    {
        var mapped = app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText?.StartsWith("/api/v1", StringComparison.Ordinal) is true)
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                .Select(method => $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}"));
        var listed = Endpoints.Select(row => $"{row.Data.Item1} {row.Data.Item2}").Where(row => row.Contains("/api/v1", StringComparison.Ordinal));
        Assert.Equal(listed.Order(StringComparer.Ordinal), mapped.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_401_says_how_to_log_in_and_a_403_which_role_is_needed()
    {
        using var nobody = await app.NewClientAsync(role: null);
        using var refused = await nobody.GetAsync("/api/v1/vms", TestRun.Ended);
        Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal("/docs/errors#not-logged-in", (await ProblemJson.ReadAsync(refused)).Type);

        using var viewer = await app.NewClientAsync(Role.Viewer);
        using var forbidden = await viewer.PostAsync("/api/v1/vms/x86/actions/pause", content: null, TestRun.Ended);
        var problem = await ProblemJson.ReadAsync(forbidden);
        Assert.Equal("/docs/errors#role-too-small", problem.Type);
        Assert.Equal("test viewer is viewer; POST /api/v1/vms/x86/actions/pause needs operator.", problem.Detail);
    }

    [Fact]
    public async Task A_program_that_asks_for_a_page_with_a_wrong_token_is_not_sent_to_the_login()
    {
        using var client = app.NewClient();
        client.DefaultRequestHeaders.Add("Authorization", "Bearer wrong");
        using var answer = await client.GetAsync("/", TestRun.Ended);
        Assert.Equal("The token is unknown or revoked.", (await ProblemJson.ReadAsync(answer)).Detail);
    }

    [Fact]
    public async Task Swagger_UI_is_served_by_LabNet_itself_to_those_who_are_logged_in()
    {
        using var nobody = await app.NewClientAsync(role: null);
        using var viewer = await app.NewClientAsync(Role.Viewer);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/api/docs/index.html", TestRun.Ended)).StatusCode);

        var page = await viewer.GetStringAsync("/api/docs/index.html", TestRun.Ended);
        Assert.Contains("LabNet API", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        foreach (var part in (string[])["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "index.js", "index.css"])
        {
            Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync("/api/docs/" + part, TestRun.Ended)).StatusCode);
        }

        Assert.Contains("/api/v1/openapi.json", await viewer.GetStringAsync("/api/docs/index.js", TestRun.Ended), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LabNet_is_ready_when_its_VMs_are_listened_to()
    {
        await using var own = new TestApp();
        await own.InitializeAsync();
        using var client = own.NewClient();
        using var before = await client.GetAsync("/readyz", TestRun.Ended);
        var problem = await ProblemJson.ReadAsync(before);
        Assert.Equal(["the VMs are not listened to yet"], problem.Missing);

        own.Get<VmRegistry>().Open();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", TestRun.Ended)).StatusCode);
    }
}
