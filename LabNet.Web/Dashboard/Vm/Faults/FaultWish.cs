using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Vm.Faults;

/// <summary>A fault as it is being put together: what the fields say, for <see cref="FaultJson"/> to judge.</summary>
public sealed class FaultWish
{
    private const int DurationSeconds = 5;
    private const double MillisecondsOfSecond = 1000;

    public string Kind { get; set; } = FaultKinds.Pause;

    public double? Seconds { get; set; } = DurationSeconds;

    public int? Vcpu { get; set; } = 0;

    public string? Device { get; set; }

    public string Operation { get; set; } = "read";

    public string Errno { get; set; } = nameof(BlockErrno.EIO);

    public long? Sector { get; set; }

    public bool Once { get; set; }

    public double? RatePercent { get; set; }

    public long? Iops { get; set; } = 100;

    public double? MibPerSecond { get; set; }

    public double? DelayMs { get; set; } = 50;

    public string? Nic { get; set; }

    public int? DownMs { get; set; } = 500;

    public int? UpMs { get; set; } = 2000;

    public double? JitterMs { get; set; }

    public double? LossPercent { get; set; }

    public long? RateKbit { get; set; }

    public double? DuplicatePercent { get; set; }

    public double? ReorderPercent { get; set; }

    public string Direction { get; set; } = "both";

    public double? MemoryMib { get; set; }

    public bool IsMomentary => Kind is FaultKinds.Kill or FaultKinds.Nmi or FaultKinds.Reset;

    public bool IsOfDisk => Kind is FaultKinds.BlockError or FaultKinds.BlockThrottle or FaultKinds.BlockLatency;

    public bool IsOfNic => Kind is FaultKinds.LinkDown or FaultKinds.LinkFlap or FaultKinds.LinkImpair;

    /// <summary>What stands in no field yet gets the first that there is.</summary>
    public void Fit(VmState state)
    {
        Device ??= Disks(state).FirstOrDefault();
        Nic ??= Nics(state).LastOrDefault();
        MemoryMib ??= state.MemoryBytes is { } bytes ? Math.Round(bytes * 0.75 / LabLimits.MiB) : null;
    }

    /// <summary>The disks that a fault may name: the lab file's and those plugged in.</summary>
    public static IEnumerable<string> Disks(VmState state) =>
        [.. state.Definition is StartedVm ? (string[])["vda"] : [], .. state.Plugged.Where(device => device.NodeName is not null).Select(device => device.Id)];

    public static IEnumerable<string> Nics(VmState state) =>
        [.. state.Definition.Nics.Select(nic => nic.Id.ToString()), .. state.Plugged.Where(device => device.Netdev is not null).Select(device => device.Id)];

    /// <returns>Null if the fields say no fault; <paramref name="mistake"/> then says why.</returns>
    public FaultRequest? Read(LabVm vm, out string? mistake)
    {
        var json = new JsonObject { ["kind"] = Kind };
        if (!IsMomentary)
        {
            json["durationMs"] = Seconds * MillisecondsOfSecond;
        }

        foreach (var (name, value) in Members())
        {
            if (value is not null)
            {
                json[name] = value;
            }
        }

        return FaultJson.ReadRequest(JsonElement.Parse(json.ToJsonString()), vm, out mistake);
    }

    private (string Name, JsonNode? Value)[] Members() => Kind switch
    {
        FaultKinds.VcpuPause => [("vcpu", Vcpu)],
        FaultKinds.BlockError => [("device", Device), ("operation", Operation), ("errno", Errno), ("sector", Sector), ("once", Once ? true : null), ("ratePercent", RatePercent)],
        FaultKinds.BlockThrottle => [("device", Device), ("iops", Iops), ("bytesPerSecond", MibPerSecond is { } mib ? (long)(mib * LabLimits.MiB) : null)],
        FaultKinds.BlockLatency => [("device", Device), ("delayMs", DelayMs)],
        FaultKinds.LinkDown => [("nic", Nic)],
        FaultKinds.LinkFlap => [("nic", Nic), ("downMs", DownMs), ("upMs", UpMs)],
        FaultKinds.LinkImpair =>
        [
            ("nic", Nic), ("delayMs", DelayMs), ("jitterMs", JitterMs), ("lossPercent", LossPercent), ("rateKbit", RateKbit),
            ("duplicatePercent", DuplicatePercent), ("reorderPercent", ReorderPercent), ("direction", Direction),
        ],
        FaultKinds.Balloon => [("bytes", MemoryMib is { } mib ? (long)(mib * LabLimits.MiB) : null)],
        _ => [],
    };

    public static string Number(double? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";
}
