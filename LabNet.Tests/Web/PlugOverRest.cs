using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using LabNet.Core.Vms;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

/// <summary>Devices of a real VM over REST alone, while its guest works on another disk: a disk and a NIC are plugged in, used, measured and unplugged.</summary>
internal static class PlugOverRest
{
    private const int ImageBytes = 1024 * 1024;

    public static async Task CheckAsync(TestApp app, HttpClient client, Uri vm, VmSession session)
    {
        var before = await client.GetStringAsync(new Uri(vm, "devices"), TestRun.Ended);
        await VmReadQemuTests.ExecAsync(client, vm, "fio --name=w --filename=/var/tmp/w --size=8m --rw=randrw --time_based --runtime=600 >/dev/null 2>&1 &", "");
        await CheckRefusalsAsync(client, vm, session);
        await CheckDiskAsync(app, client, vm, session);
        await CheckNicAsync(app, client, vm);
        foreach (var id in (string[])["d1", "n1"])
        {
            using var unplugged = await client.DeleteAsync(new Uri(vm, $"devices/{id}?deleteFile=true"), TestRun.Ended);
            Assert.Equal(HttpStatusCode.NoContent, unplugged.StatusCode);
            var twice = await ProblemJson.ReadAsync(await client.DeleteAsync(new Uri(vm, $"devices/{id}"), TestRun.Ended));
            Assert.Equal(404, twice.Status);
            Assert.Contains($"\"{id}\"", twice.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(before, await client.GetStringAsync(new Uri(vm, "devices"), TestRun.Ended));
        Assert.Empty(Directory.GetFiles(Path.Join(session.Paths.Folder, "disks")));
        await VmReadQemuTests.ExecAsync(client, vm, "pkill -x fio; while pgrep -x fio; do :; done >/dev/null; rm /var/tmp/w", "");
    }

    private static async Task CheckRefusalsAsync(HttpClient client, Uri vm, VmSession session)
    {
        (object Body, int Status, string Told)[] refusals =
        [
            (new { kind = "virtio-blk", id = "vda", sizeBytes = ImageBytes }, 409, $"{session.State.Name} has a device vda already."),
            (new { kind = "virtio-blk", id = "<b>d1</b>", sizeBytes = ImageBytes }, 400, "id: “<b>d1</b>” is none."),
            (new { kind = "virtio-blk", id = "d1", image = "../disk.qcow2" }, 400, "image: “../disk.qcow2” is no file's name."),
            (new { kind = "e1000e", id = "n1", link = "nosuch" }, 409, $"{session.State.Name} can have no NIC on nosuch: "),
        ];
        foreach (var (body, status, told) in refusals)
        {
            var refused = await ProblemJson.ReadAsync(await client.PostAsJsonAsync(new Uri(vm, "devices"), body, TestRun.Ended));
            Assert.Equal(status, refused.Status);
            Assert.StartsWith(told, refused.Detail, StringComparison.Ordinal);
        }

        var root = await ProblemJson.ReadAsync(await client.DeleteAsync(new Uri(vm, "devices/vda"), TestRun.Ended));
        Assert.Equal(409, root.Status);
        Assert.Contains("it is the disk that the guest runs from", root.Detail, StringComparison.Ordinal);
    }

    /// <summary>It begins with an image, which stays as it was when the guest writes.</summary>
    private static async Task CheckDiskAsync(TestApp app, HttpClient client, Uri vm, VmSession session)
    {
        var image = RandomNumberGenerator.GetBytes(ImageBytes);
        var path = Path.Join(Directory.CreateDirectory(Path.Join(app.StateFolder, "images")).FullName, "data.img");
        await File.WriteAllBytesAsync(path, image, TestRun.Ended);
        await PlugAsync(app, client, vm, new { kind = "virtio-blk", id = "d1", image = "data.img" });

        var name = await GuestNameAsync(client, vm, "d1", "virtio-blk");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(image)), (await VmReadQemuTests.ExecAsync(client, vm, "sha256sum </dev/$1", name)).Split(' ')[0]);
        await VmReadQemuTests.ExecAsync(client, vm, "echo written | dd of=/dev/$1 conv=fsync", name);
        Assert.Equal(image, await File.ReadAllBytesAsync(path, TestRun.Ended));

        var topology = await client.GetFromJsonAsync<TopologyContract>(new Uri(vm, "topology?guest=true"), TestRun.Ended);
        var port = Assert.Single(topology!.Buses[0].Devices, device => device.Below.Any(below => below.QdevId == "d1"));
        Assert.Equal((true, false), (port.IsHotplugPort, port.IsFree));
        var disk = port.Below[0];
        Assert.Equal(("virtio-blk-pci", "d1", "virtio-pci"), (disk.Type, disk.Backends[0].Id, disk.Guest!.Driver));
        Assert.Equal([name], disk.Guest.Names);

        var request = new { device = "d1", profile = "rand-read-4k", seconds = 1, repeats = 1, target = "disk", underLoad = true };
        using var begun = await client.PostAsJsonAsync(new Uri(vm, "io-benchmarks"), request, TestRun.Ended);
        var run = await EndAsync(app, begun);
        var told = await client.GetFromJsonAsync<JsonElement>(new Uri(vm, $"io-benchmarks/{run}"), TestRun.Ended);
        Assert.Equal(($"/dev/{name}", true), (told.GetProperty("run").GetProperty("guestDevice").GetString(), told.GetProperty("run").GetProperty("underLoad").GetBoolean()));
        Assert.Equal(session.State.Name.ToString(), told.GetProperty("run").GetProperty("vm").GetString());
    }

    private static async Task CheckNicAsync(TestApp app, HttpClient client, Uri vm)
    {
        await PlugAsync(app, client, vm, new { kind = "e1000e", id = "n1" });
        var name = await GuestNameAsync(client, vm, "n1", "e1000e");
        // A NIC has no carrier at once after it is up, and what is sent before is lost.
        await VmReadQemuTests.ExecAsync(
            client, vm, "ip link set $1 up && ip addr add 10.0.2.77/24 dev $1 && for try in {1..20}; do ping -c 1 -W 2 -I $1 10.0.2.2 >/dev/null && exit; done; exit 1", name);
        var inventory = await client.GetFromJsonAsync<List<DeviceContract>>(new Uri(vm, "devices"), TestRun.Ended);
        Assert.Equal(("e1000e", 0x8086), inventory!.Where(device => device.QdevId == "n1").Select(device => (device.Type, device.VendorId)).Single());
    }

    private static async Task PlugAsync(TestApp app, HttpClient client, Uri vm, object body)
    {
        using var begun = await client.PostAsJsonAsync(new Uri(vm, "devices"), body, TestRun.Ended);
        await EndAsync(app, begun);
    }

    /// <returns>The operation's id.</returns>
    private static async Task<string> EndAsync(TestApp app, HttpResponseMessage begun)
    {
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        var id = (await begun.Content.ReadFromJsonAsync<OperationStarted>(TestRun.Ended))!.Operation;
        var ended = (await app.Get<OperationRegistry>().WaitAsync(id, TestRun.Ended))!;
        Assert.Equal((OperationState.Succeeded, null), (ended.State, ended.Error));
        return id;
    }

    private static async Task<string> GuestNameAsync(HttpClient client, Uri vm, string id, string kind)
    {
        var told = await client.GetFromJsonAsync<JsonElement>(vm.ToString().TrimEnd('/'), TestRun.Ended);
        var plugged = told.GetProperty("plugged").EnumerateArray().Single(device => device.GetProperty("id").GetString() == id);
        Assert.Equal(kind, plugged.GetProperty("kind").GetString());
        return plugged.GetProperty("guestName").GetString()!;
    }
}
