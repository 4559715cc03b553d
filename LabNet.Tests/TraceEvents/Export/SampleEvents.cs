using System.IO.Pipelines;
using LabNet.Core.Labs;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>Trace events as they come out of the store.</summary>
internal static class SampleEvents
{
    /// <summary>2026-11-22T10:00:00Z.</summary>
    public const long StartNs = 1_795_341_600_000_000_000;

    public static readonly VmName X86 = VmName.Parse("x86");
    public static readonly VmName Arm = VmName.Parse("arm");

    /// <summary>What a guest can make QEMU say.</summary>
    public static readonly string[] HostileTexts =
    [
        "", "\"", "\"\",\"", "a,b;c|d", "line\nfeed\r\nand another", "\0", "=1+1", "+1", "-1", "@x", "\t=1", "'", "\\", "\u2028", "ü€😀", "\ud800", "</script>",
        System.Text.Encoding.UTF8.GetString([0xff, 0xfe, (byte)'x', 0xc3]), new string('x', 100_000), new string('"', 5000),
    ];

    public static readonly TraceEventType Read = Typed("virtio_blk_handle_read", "vdev:h", "req:h", "sector:u", "nsectors:u");
    public static readonly TraceEventType Done = Typed("virtio_blk_req_complete", "vdev:h", "req:h", "status:d");
    public static readonly TraceEventType Access = Typed("memory_region_ops_read", "cpu_index:d", "mr:h", "addr:h", "value:h", "size:u", "name:s");

    /// <param name="arguments">Name and kind: d, u, h or s.</param>
    public static TraceEventType Typed(string name, params string[] arguments) => new(
        name,
        [.. arguments.Select(argument => argument.Split(':') is [var one, var kind]
            ? new TraceArgument(one, "int", (TraceValueKind)"duhs".IndexOf(kind, StringComparison.Ordinal))
            : throw new ArgumentException(argument, nameof(arguments)))],
        IsTyped: true);

    /// <param name="us">Microseconds since <see cref="StartNs"/>.</param>
    /// <param name="vcpu">Null for thread 7, which is none.</param>
    public static TraceEvent At(long us, TraceEventType type, object[] values, int? vcpu = 0, long? latencyUs = null, VmName? vm = null) => new(
        vm ?? X86,
        us,
        StartNs + (us * 1000),
        new TraceThread(vcpu is null ? 7 : 100 + vcpu.Value, vcpu),
        type,
        [.. type.Arguments.Zip(values, (argument, value) => value is string text
            ? new TraceValue(argument.Kind, 0, text)
            : new TraceValue(argument.Kind, value is ulong bits ? unchecked((long)bits) : Convert.ToInt64(value), Text: null))],
        latencyUs * 1000);

    public static TraceEvent BeginAt(long us, int request, VmName? vm = null) => At(us, Read, [0x10, request, 2048, 8], vm: vm);

    public static TraceEvent EndAt(long us, int request, long? latencyUs, VmName? vm = null) => At(us, Done, [0x10, request, 0], vcpu: null, latencyUs, vm);

    public static async Task<byte[]> ExportAsync(TraceExportFormat format, IEnumerable<TraceEvent> events)
    {
        using var memory = new MemoryStream();
        await TraceExport.WriteAsync(events.ToAsyncEnumerable(), format, PipeWriter.Create(memory), TestContext.Current.CancellationToken);
        return memory.ToArray();
    }
}
