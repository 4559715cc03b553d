using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Core.Faults;

/// <summary>A fault that is asked for.</summary>
/// <param name="Duration">Zero of a momentary one.</param>
/// <param name="At">When it is to come into force; null for now.</param>
public sealed record FaultRequest(FaultSpec Spec, TimeSpan Duration, DateTimeOffset? At);

/// <summary>
/// Faults as JSON: an object with <c>kind</c> and the members of that kind, such as
/// <c>{"kind": "block-error", "device": "vda", "operation": "write", "errno": "EIO"}</c>. docs/faults.md lists them.
/// </summary>
public static class FaultJson
{
    private const string Device = "a disk's id, such as vda";
    private const string Milliseconds = "a number of milliseconds";
    private const string Percent = "a number from 0 to 100";
    private static readonly string ToldKinds = $"one of {string.Join(", ", FaultKinds.All)}";

    private static readonly Dictionary<string, BlockOperation> Operations = Enum.GetValues<BlockOperation>().ToDictionary(Word);
    private static readonly Dictionary<string, BlockErrno> Errnos = Enum.GetValues<BlockErrno>().ToDictionary(one => one.ToString());
    private static readonly Dictionary<string, ImpairDirection> Directions = Enum.GetValues<ImpairDirection>().ToDictionary(Word);

    /// <summary>Reads what is broken and how; an object that has anything else is wrong.</summary>
    /// <param name="mistake">All that is wrong, and what is allowed; null if nothing is.</param>
    public static FaultSpec? ReadSpec(JsonElement fault, out string? mistake)
    {
        if (!IsObject(fault, out mistake))
        {
            return null;
        }

        var members = new FaultMembers(fault);
        var spec = ReadSpec(members);
        mistake = spec is null ? members.First : members.Mistakes() ?? spec.Mistake;
        return mistake is null ? spec : null;
    }

    /// <summary>Reads a request: what is broken and how, <c>durationMs</c>, and <c>at</c> where it is not for now. A NIC can be named by its <c>link</c> too.</summary>
    /// <param name="mistake">All that is wrong, and what is allowed; null if nothing is.</param>
    public static FaultRequest? ReadRequest(JsonElement request, LabVm vm, out string? mistake)
    {
        if (!IsObject(request, out mistake))
        {
            return null;
        }

        var members = new FaultMembers(WithNic(request, vm, out mistake));
        if (mistake is not null)
        {
            return null;
        }

        if (ReadSpec(members) is not { } spec)
        {
            mistake = members.First;
            return null;
        }

        var at = members.OptionalTime("at");
        var duration = spec.IsMomentary
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Clamp(members.Number("durationMs", Milliseconds), int.MinValue, int.MaxValue));
        mistake = members.Mistakes() ?? spec.Mistake ?? MistakeOfDuration(spec, duration);
        return mistake is null ? new FaultRequest(spec, duration, at) : null;
    }

    /// <summary>What is wrong with a fault that lasts so long; null if nothing is.</summary>
    public static string? MistakeOfDuration(FaultSpec spec, TimeSpan duration) =>
        spec.IsMomentary ? duration == TimeSpan.Zero ? null : $"durationMs: {spec.Kind} happens and is over."
        : duration >= FaultLimits.DurationMin && duration <= spec.DurationMax ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"durationMs: {duration.TotalMilliseconds} is not between {FaultLimits.DurationMin.TotalMilliseconds} and {spec.DurationMax.TotalMilliseconds}.");

    /// <summary>As <see cref="ReadSpec(JsonElement, out string?)"/> reads it.</summary>
    public static JsonObject Write(FaultSpec spec)
    {
        var json = new JsonObject { ["kind"] = spec.Kind };
        switch (spec)
        {
            case VcpuPauseFault fault:
                json["vcpu"] = fault.Vcpu;
                break;
            case BlockErrorFault fault:
                json["device"] = fault.Device;
                json["operation"] = Word(fault.Operation);
                json["errno"] = fault.Errno.ToString();
                AddUnlessNull(json, "sector", fault.Sector);
                AddUnlessNull(json, "once", fault.Once ? true : null);
                AddUnlessNull(json, "ratePercent", fault.RatePercent);
                break;
            case BlockThrottleFault fault:
                json["device"] = fault.Device;
                AddUnlessNull(json, "iops", fault.Iops);
                AddUnlessNull(json, "bytesPerSecond", fault.BytesPerSecond);
                break;
            case BlockLatencyFault fault:
                json["device"] = fault.Device;
                json["delayMs"] = fault.DelayMs;
                break;
            case LinkDownFault fault:
                json["nic"] = fault.Nic.ToString();
                break;
            case LinkFlapFault fault:
                json["nic"] = fault.Nic.ToString();
                json["downMs"] = fault.DownMs;
                json["upMs"] = fault.UpMs;
                break;
            case LinkImpairFault fault:
                AddImpairment(json, fault);
                break;
            case BalloonFault fault:
                json["bytes"] = fault.Bytes;
                break;
        }

        return json;
    }

    private static bool IsObject(JsonElement fault, out string? mistake)
    {
        mistake = fault.ValueKind == JsonValueKind.Object ? null : "A fault is a JSON object, such as {\"kind\": \"pause\", \"durationMs\": 4000}.";
        return mistake is null;
    }

    /// <summary>Null if the kind is none: what else is there means nothing then.</summary>
    private static FaultSpec? ReadSpec(FaultMembers members)
    {
        return members.Text("kind", ToldKinds) switch
        {
            FaultKinds.Pause => new PauseFault(),
            FaultKinds.VcpuPause => new VcpuPauseFault(members.Small("vcpu", "a vCPU's number, from 0")),
            FaultKinds.BlockError => new BlockErrorFault(
                members.Text("device", Device),
                members.Word("operation", Operations),
                members.Word("errno", Errnos, BlockErrno.EIO),
                members.OptionalWhole("sector", "the number of a sector of 512 bytes"),
                members.Flag("once"),
                members.OptionalNumber("ratePercent", Percent)),
            FaultKinds.BlockThrottle => new BlockThrottleFault(
                members.Text("device", Device),
                members.OptionalWhole("iops", "a number of requests a second"),
                members.OptionalWhole("bytesPerSecond", "a number of bytes a second")),
            FaultKinds.BlockLatency => new BlockLatencyFault(members.Text("device", Device), members.Number("delayMs", Milliseconds)),
            FaultKinds.LinkDown => new LinkDownFault(members.Nic("nic")),
            FaultKinds.LinkFlap => new LinkFlapFault(
                members.Nic("nic"), members.Small("downMs", "a whole number of milliseconds"), members.Small("upMs", "a whole number of milliseconds")),
            FaultKinds.LinkImpair => ReadImpairment(members),
            FaultKinds.Balloon => new BalloonFault(members.Whole("bytes", "a number of bytes")),
            FaultKinds.Kill => new KillFault(),
            FaultKinds.Nmi => new NmiFault(),
            FaultKinds.Reset => new ResetFault(),
            var other => members.None("kind", other, ToldKinds),
        };
    }

    private static LinkImpairFault ReadImpairment(FaultMembers members) => new(
        members.Nic("nic"),
        new Impairment(
            members.OptionalNumber("delayMs", Milliseconds),
            members.OptionalNumber("jitterMs", Milliseconds),
            members.OptionalNumber("lossPercent", Percent),
            members.OptionalWhole("rateKbit", "a whole number of kilobits a second"),
            members.OptionalNumber("duplicatePercent", Percent),
            members.OptionalNumber("reorderPercent", Percent)),
        members.Word("direction", Directions, ImpairDirection.Both));

    private static void AddImpairment(JsonObject json, LinkImpairFault fault)
    {
        json["nic"] = fault.Nic.ToString();
        AddUnlessNull(json, "delayMs", fault.What.DelayMs);
        AddUnlessNull(json, "jitterMs", fault.What.JitterMs);
        AddUnlessNull(json, "lossPercent", fault.What.LossPercent);
        AddUnlessNull(json, "rateKbit", fault.What.RateKbit);
        AddUnlessNull(json, "duplicatePercent", fault.What.DuplicatePercent);
        AddUnlessNull(json, "reorderPercent", fault.What.ReorderPercent);
        json["direction"] = Word(fault.Direction);
    }

    private static void AddUnlessNull(JsonObject json, string name, JsonNode? value)
    {
        if (value is not null)
        {
            json[name] = value;
        }
    }

    /// <summary>With the NIC that is on the link named.</summary>
    private static JsonElement WithNic(JsonElement request, LabVm vm, out string? mistake)
    {
        mistake = null;
        if (!request.TryGetProperty("link", out var link) || link.ValueKind == JsonValueKind.Null)
        {
            return request;
        }

        if (request.TryGetProperty("nic", out _))
        {
            mistake = "nic and link: give one of them.";
            return request;
        }

        var nics = vm.Nics.OfType<LinkNic>().ToList();
        if (link.ValueKind != JsonValueKind.String || nics.FirstOrDefault(one => one.Link.ToString() == link.GetString()) is not { } nic)
        {
            var links = nics.Select(one => one.Link.ToString()).Distinct(StringComparer.Ordinal).ToList();
            mistake = $"link: {link.GetRawText()} is no link that {vm.Name} is on. It is on {(links.Count == 0 ? "none" : string.Join(", ", links))}.";
            return request;
        }

        var named = JsonObject.Create(request)!;
        named.Remove("link");
        named["nic"] = nic.Id.ToString();
        using var document = JsonDocument.Parse(named.ToJsonString());
        return document.RootElement.Clone();
    }

    private static string Word<TWord>(TWord word) where TWord : struct, Enum => word.ToString().ToLowerInvariant();
}
