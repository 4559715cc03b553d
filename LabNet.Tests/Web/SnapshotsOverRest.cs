using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Web;

/// <summary>Snapshots of a real VM over REST alone.</summary>
internal static class SnapshotsOverRest
{
    public static async Task CheckAsync(TestApp app, HttpClient client, Uri vm, VmSession session)
    {
        var all = new Uri(vm, "snapshots");
        Assert.Equal("[]", await client.GetStringAsync(all, TestRun.Ended));
        Assert.Equal("""{"devices":["vda"],"whyNot":null}""", await client.GetStringAsync(new Uri(vm, "snapshots/devices"), TestRun.Ended));
        (object Body, int Status, string Told)[] refusals =
        [
            (new { name = "" }, 400, "name: A snapshot needs a name."),
            (new { name = "a\nb" }, 400, "name: A snapshot's name cannot have control characters"),
            (new { name = new string('x', 301) }, 400, "name: A snapshot's name has at most 300 characters"),
        ];
        foreach (var (body, status, told) in refusals)
        {
            var refused = await ProblemJson.ReadAsync(await client.PostAsJsonAsync(all, body, TestRun.Ended));
            Assert.Equal(status, refused.Status);
            Assert.StartsWith(told, refused.Detail, StringComparison.Ordinal);
        }

        await EndAsync(app, await client.PostAsJsonAsync(all, new { name = "it's \"first\" / 🙂", note = "<b>n</b>" }, TestRun.Ended));
        await VmReadQemuTests.ExecAsync(client, vm, "echo later > /root/later; sync", "");
        await EndAsync(app, await client.PostAsJsonAsync(all, new { name = "second" }, TestRun.Ended));
        var snapshots = await ReadAsync(client, all);
        Assert.Equal(["it-s-first", "second"], snapshots.Select(one => one.GetProperty("tag").GetString()));
        Assert.Equal("<b>n</b>", snapshots[0].GetProperty("note").GetString());
        Assert.Equal([false, true], snapshots.Select(one => one.GetProperty("current").GetBoolean()));
        Assert.Equal("labnet", snapshots[0].GetProperty("origin").GetString());
        Assert.Equal(snapshots[0].GetProperty("id").GetString(), snapshots[1].GetProperty("parent").GetString());
        Assert.Equal(2, (await client.GetFromJsonAsync<JsonElement>(new Uri(vm.AbsoluteUri.TrimEnd('/')), TestRun.Ended)).GetProperty("snapshots").GetInt32());

        var differences = await client.GetFromJsonAsync<JsonElement>(new Uri(vm, "snapshots/it-s-first/diff/second"), TestRun.Ended);
        Assert.True(differences.GetProperty("disks")[0].GetProperty("changedBytes").GetInt64() > 0);
        Assert.True(differences.GetProperty("state").GetProperty("registers").GetArrayLength() > 0, differences.GetProperty("stateProblem").ToString());
        var text = await client.GetStringAsync(new Uri(vm, "snapshots/second/diff/now?exact=true&format=text"), TestRun.Ended);
        Assert.StartsWith("second → now\n", text, StringComparison.Ordinal);
        Assert.Equal(RunState.Running, session.State.RunState);

        await EndAsync(app, await client.PostAsync(new Uri(vm, "snapshots/it-s-first/restore"), content: null, TestRun.Ended));
        await VmReadQemuTests.ExecAsync(client, vm, "test ! -e /root/later", "");
        var unknown = await ProblemJson.ReadAsync(await client.DeleteAsync(new Uri(vm, "snapshots/nosuch"), TestRun.Ended));
        Assert.Equal(404, unknown.Status);
        foreach (var snapshot in await ReadAsync(client, all))
        {
            await EndAsync(app, await client.DeleteAsync(new Uri(vm, $"snapshots/{snapshot.GetProperty("id").GetString()}"), TestRun.Ended));
        }

        Assert.Equal("[]", await client.GetStringAsync(all, TestRun.Ended));
    }

    private static async Task<JsonElement[]> ReadAsync(HttpClient client, Uri all) => (await client.GetFromJsonAsync<JsonElement[]>(all, TestRun.Ended))!;

    private static async Task EndAsync(TestApp app, HttpResponseMessage answer)
    {
        using (answer)
        {
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            var id = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestRun.Ended)).GetProperty("operation").GetString()!;
            var ended = await app.Get<OperationRegistry>().WaitAsync(id, TestRun.Ended);
            Assert.True(ended!.State == OperationState.Succeeded, ended.Error);
        }
    }
}
