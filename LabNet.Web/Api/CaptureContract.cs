using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <param name="Nic">Such as `eth1`, or the id of one that was plugged in.</param>
public sealed record CaptureNicContract(string Vm, string Nic)
{
    internal CaptureNic ToNic(VmRegistry vms)
    {
        var vm = vms.Require(Vm);
        return vm.Nics.Any(nic => nic.Id == Nic) || vm.State.Definition is AttachedVm
            ? new CaptureNic(vm.State.Name, Nic)
            : throw UnknownThingException.Of($"NIC of {Vm}", Nic, vm.Nics.Select(nic => nic.Id));
    }
}

/// <summary>What is to be captured.</summary>
/// <param name="DurationMs">100 to 3,600,000; left out, it goes on until it is stopped or full.</param>
/// <param name="MaxBytes">4,096 to 1 GiB, of all NICs together; 64 MiB if left out.</param>
/// <param name="Filter">Only what it lets through; docs/captures.md tells the language.</param>
public sealed record CaptureStartRequest(
    IReadOnlyList<CaptureNicContract> Nics, int? DurationMs = null, long MaxBytes = CaptureRequest.BytesDefault, string Filter = "")
{
    /// <exception cref="BadInputException"/>
    /// <exception cref="BadFilterException"/>
    internal CaptureRequest ToRequest(VmRegistry vms)
    {
        var request = new CaptureRequest(
            [.. Nics.Select(nic => nic.ToNic(vms))], DurationMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null, MaxBytes, CaptureQueryText.Filter(Filter).ToString());
        return request.Mistake() is { } mistake ? throw new BadInputException(mistake) : request;
    }
}

public enum CaptureStateWord
{
    Running,
    Ended,
    Failed,
}

/// <summary>Packets of one or several NICs, as they are being captured or were.</summary>
/// <param name="Packets">That were kept.</param>
/// <param name="Bytes">That they take.</param>
/// <param name="EndsAt">Null if it goes on until it is stopped or full.</param>
/// <param name="End">Why it ended; null while it goes on.</param>
/// <param name="Told">The same in a sentence.</param>
/// <param name="Pcapng">Where it can be downloaded.</param>
public sealed record CaptureContract(
    string Id,
    CaptureStateWord State,
    IReadOnlyList<CapturePartContract> Nics,
    string Filter,
    long MaxBytes,
    long Packets,
    long Bytes,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndsAt,
    DateTimeOffset? EndedAt,
    CaptureEnd? End,
    string Told,
    string Actor,
    string Pcapng)
{
    internal static CaptureContract Of(Capture capture) => new(
        capture.Id,
        capture.End switch { null => CaptureStateWord.Running, CaptureEnd.Failed => CaptureStateWord.Failed, _ => CaptureStateWord.Ended },
        [.. capture.Parts.Select(part => new CapturePartContract(
            part.Nic.Vm.ToString(), part.Nic.Nic, part.Packets, part.Bytes, part.FilteredOut, part.Gaps, part.End))],
        capture.Filter,
        capture.MaxBytes,
        capture.Packets,
        capture.Bytes,
        capture.StartedAt,
        capture.EndsAt,
        capture.EndedAt,
        capture.End,
        capture.Told,
        capture.Actor,
        $"{LabNetApi.Root}/captures/{capture.Id}/pcapng");
}

/// <param name="FilteredOut">Packets that the filter did not let through.</param>
/// <param name="Gaps">How often packets were missed.</param>
/// <param name="End">Null while this NIC's part goes on.</param>
public sealed record CapturePartContract(string Vm, string Nic, long Packets, long Bytes, long FilteredOut, int Gaps, CaptureEnd? End);

/// <param name="Cursor">The next page's `from`; null at the end.</param>
/// <param name="By">`tshark` or `labnet`.</param>
public sealed record PacketPageContract(IReadOnlyList<PacketContract> Items, string? Cursor, string By);

/// <summary>A packet in one line.</summary>
/// <param name="Number">From 1, in the order of time.</param>
/// <param name="Bytes">Of the whole frame.</param>
public sealed record PacketContract(long Number, DateTimeOffset Time, string Vm, string Nic, int Bytes, string Protocol, string Summary)
{
    internal static PacketContract Of(PacketLine line) => new(
        line.Number, UnixTime.FromUnixTimeNs(line.TimeNs), line.Nic.Vm.ToString(), line.Nic.Nic, line.Bytes, line.Protocol, line.Summary);
}

/// <summary>What a request says of packets, read strictly.</summary>
internal static class CaptureQueryText
{
    /// <exception cref="BadFilterException"/>
    public static CaptureFilter Filter(string? text) => CaptureFilter.TryParse(text ?? "", out var filter, out var mistake)
        ? filter
        : throw new BadFilterException(mistake.ToString(), mistake.Position, hint: null);
}
