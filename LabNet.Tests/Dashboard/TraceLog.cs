using System.Globalization;
using System.Text;
using LabNet.Core.Labs;

namespace LabNet.Tests.Dashboard;

/// <summary>A VM's trace log, written as QEMU would write it and taken over by a dashboard's LabNet.</summary>
internal sealed class TraceLog
{
    private readonly VmPaths _paths;
    private int _next = 1;

    private TraceLog(VmPaths paths) => _paths = paths;

    public static TraceLog Begin(DashboardHost host, string vm)
    {
        var log = new TraceLog(host.Vms.Find(VmName.Parse(vm))!.Paths);
        Directory.CreateDirectory(log._paths.TraceFolder);
        host.Traces.Start();
        return log;
    }

    /// <summary>Requests whose sectors go on from 1, each with its end.</summary>
    public void WriteRequests(int count)
    {
        var now = DateTimeOffset.UtcNow;
        var text = new StringBuilder();
        for (var number = _next; number < _next + count; number++)
        {
            var begin = now.AddMicroseconds((number - _next) * 2000L);
            text.Append(CultureInfo.InvariantCulture, $"4711@{Seconds(begin)}:virtio_blk_handle_read vdev 0x55d0c3a4f2b0 req 0x7f3a{number:x8} sector {number} nsectors 8\n");
            text.Append(CultureInfo.InvariantCulture, $"4712@{Seconds(begin.AddMicroseconds(90 + (number * 37 % 900)))}:virtio_blk_req_complete vdev 0x55d0c3a4f2b0 req 0x7f3a{number:x8} status 0\n");
        }

        _next += count;
        Append(text.ToString());
    }

    public void Append(string text)
    {
        using var file = new FileStream(_paths.TraceLog(1), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1000).ToString(CultureInfo.InvariantCulture) + at.ToString(".ffffff", CultureInfo.InvariantCulture);
}
