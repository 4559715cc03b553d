using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using LabNet.Core.Labs;

namespace LabNet.Core.Traffic;

/// <summary>A NIC of a VM of the lab.</summary>
/// <param name="Nic">Such as <c>eth1</c>, or the id of one that was plugged in.</param>
public sealed record CaptureNic(VmName Vm, string Nic)
{
    /// <summary>As it is called in files: <c>x86/eth1</c>.</summary>
    public override string ToString() => $"{Vm}/{Nic}";
}

/// <summary>What is to be captured.</summary>
/// <param name="Nics">At least one, each once.</param>
/// <param name="Duration">Null until it is ended, or full.</param>
/// <param name="MaxBytes">Of all packets together.</param>
/// <param name="Filter">Only what it lets through; empty for all.</param>
public sealed record CaptureRequest(ImmutableArray<CaptureNic> Nics, TimeSpan? Duration, long MaxBytes, string Filter)
{
    public const int NicsMax = 16;
    public const long BytesMin = 4096;
    public const long BytesMax = 1L << 30;
    public const long BytesDefault = 64L << 20;
    public static readonly TimeSpan DurationMin = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan DurationMax = TimeSpan.FromHours(1);

    /// <summary>What is wrong with it, with what is allowed; null if nothing is. Whether the NICs are there it does not look at.</summary>
    public string? Mistake() => this switch
    {
        { Nics.Length: 0 or > NicsMax } => $"nics: 1 to {NicsMax} are possible at once.",
        _ when Nics.Distinct().Count() != Nics.Length => "nics: one of them stands there twice.",
        _ when Duration < DurationMin || Duration > DurationMax =>
            $"durationMs: {DurationMin.TotalMilliseconds:0} to {DurationMax.TotalMilliseconds:0} are possible; left out, the capture goes on until it is stopped or full.",
        { MaxBytes: < BytesMin or > BytesMax } => $"maxBytes: {BytesMin} to {BytesMax} are possible.",
        _ => null,
    };
}

/// <summary>How a capture, or one NIC's part of it, ended.</summary>
public enum CaptureEnd
{
    /// <summary>Its time was up.</summary>
    Time,

    /// <summary>It has as many bytes as it may.</summary>
    Size,

    /// <summary>Somebody stopped it.</summary>
    Asked,

    /// <summary>The VM's QEMU ended.</summary>
    VmGone,

    /// <summary>The NIC was unplugged.</summary>
    NicGone,

    /// <summary>LabNet could not go on with it.</summary>
    Failed,
}

/// <summary>What one NIC brought.</summary>
/// <param name="Dump">The id of QEMU's object.</param>
/// <param name="Process">Whose it is, as <c>QemuProcess.Note</c> names it: another QEMU has none.</param>
/// <param name="Packets">That were kept.</param>
/// <param name="Bytes">Of the kept packets in the file.</param>
/// <param name="FilteredOut">Packets that the filter did not let through.</param>
/// <param name="Gaps">How often packets were missed, because LabNet was too slow or away.</param>
/// <param name="End">Null while it goes on.</param>
public sealed record CapturePart(
    CaptureNic Nic, string Dump, string Process, long Packets = 0, long Bytes = 0, long FilteredOut = 0, int Gaps = 0, CaptureEnd? End = null);

/// <summary>Packets of one or several NICs, as they are being captured or were.</summary>
/// <param name="EndsAt">Null if it has no time.</param>
/// <param name="End">Null while it goes on.</param>
/// <param name="Problem">What went wrong, in words; null if nothing did.</param>
/// <param name="Actor">Who asked for it.</param>
public sealed record Capture(
    string Id,
    ImmutableArray<CapturePart> Parts,
    string Filter,
    long MaxBytes,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndsAt,
    string Actor,
    DateTimeOffset? EndedAt = null,
    CaptureEnd? End = null,
    string? Problem = null)
{
    [JsonIgnore]
    public bool IsRunning => End is null;

    [JsonIgnore]
    public long Packets => Parts.Sum(part => part.Packets);

    [JsonIgnore]
    public long Bytes => Parts.Sum(part => part.Bytes);

    internal static string NewId() => $"c-{RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 10)}";

    /// <summary>Why it ended, in a sentence.</summary>
    [JsonIgnore]
    public string Told => End switch
    {
        null => "It goes on.",
        CaptureEnd.Time => "Its time was up.",
        CaptureEnd.Size => $"It was full: {MaxBytes} bytes.",
        CaptureEnd.Asked => "It was stopped.",
        CaptureEnd.VmGone => "The VM's QEMU ended.",
        CaptureEnd.NicGone => "The NIC was unplugged.",
        _ => Problem ?? "LabNet could not go on with it.",
    };
}
