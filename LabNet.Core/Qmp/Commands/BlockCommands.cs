using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>qapi/block-core.json, as far as it reads.</summary>
public static class BlockCommands
{
    public static readonly QmpCommand<BlockInfo[]> QueryBlock = new("query-block", QmpJson.Default.BlockInfoArray);
    public static readonly QmpCommand<BlockStats[]> QueryBlockstats = new("query-blockstats", QmpJson.Default.BlockStatsArray);

    public static readonly QmpCommand<NamedBlockNode[]> QueryNamedBlockNodes =
        new("query-named-block-nodes", QmpJson.Default.NamedBlockNodeArray);

    /// <summary>Begins to count how long a device's requests take; <c>query-blockstats</c> then tells it.</summary>
    public static readonly QmpCommand<HistogramArguments, QmpNothing> SetLatencyHistogram =
        new("block-latency-histogram-set", QmpJson.Default.HistogramArguments, QmpJson.Default.QmpNothing);

    /// <summary>Lets a device do no more than so much a second; all zeroes end that.</summary>
    public static readonly QmpCommand<BlockThrottleArguments, QmpNothing> SetThrottle =
        new("block_set_io_throttle", QmpJson.Default.BlockThrottleArguments, QmpJson.Default.QmpNothing);
}

/// <summary>A drive as a device sees it.</summary>
/// <param name="Device">The name of its backend; empty where the disk was made by <c>-blockdev</c>.</param>
/// <param name="Type">Unused since QEMU 1.3: always <c>unknown</c>.</param>
/// <param name="Qdev">The device's QOM path or id; null without a device.</param>
/// <param name="TrayOpen">Null for what has no tray.</param>
/// <param name="IoStatus"><c>ok</c>, <c>failed</c> or <c>nospace</c>; null for devices that keep none.</param>
/// <param name="Inserted">The medium; null for an empty drive.</param>
public sealed record BlockInfo(
    string Device,
    string Type,
    bool Removable,
    bool Locked,
    string? Qdev = null,
    [property: JsonPropertyName("tray_open")] bool? TrayOpen = null,
    string? IoStatus = null,
    BlockDeviceInfo? Inserted = null);

/// <param name="Drv">The block driver, such as <c>qcow2</c>.</param>
/// <param name="Ro">Read-only.</param>
/// <param name="Bps">The throttle on bytes a second, read and written together; 0 for none.</param>
/// <param name="Iops">The throttle on requests a second; 0 for none.</param>
public sealed record BlockDeviceInfo(
    string Drv,
    bool Ro,
    string File,
    bool Encrypted,
    long Bps,
    [property: JsonPropertyName("bps_rd")] long BpsRd,
    [property: JsonPropertyName("bps_wr")] long BpsWr,
    long Iops,
    [property: JsonPropertyName("iops_rd")] long IopsRd,
    [property: JsonPropertyName("iops_wr")] long IopsWr,
    BlockCacheInfo Cache,
    ImageInfo Image,
    string? NodeName = null,
    [property: JsonPropertyName("backing_file")] string? BackingFile = null);

/// <summary>A node of the block graph.</summary>
/// <param name="NodeName">The block node's name, as <c>blockdev-add</c> had it.</param>
/// <param name="DetectZeroes"><c>off</c>, <c>on</c> or <c>unmap</c>.</param>
/// <param name="BackingFileDepth">How many images it stands on.</param>
public sealed record NamedBlockNode(
    string NodeName,
    string Drv,
    bool Ro,
    string File,
    bool Encrypted,
    BlockCacheInfo Cache,
    ImageInfo Image,
    [property: JsonPropertyName("detect_zeroes")] string DetectZeroes,
    [property: JsonPropertyName("backing_file_depth")] int BackingFileDepth,
    [property: JsonPropertyName("backing_file")] string? BackingFile = null);

/// <param name="Direct">Whether the host's page cache is bypassed.</param>
/// <param name="NoFlush">Whether the guest's flushes are ignored.</param>
public sealed record BlockCacheInfo(bool Writeback, bool Direct, bool NoFlush);

/// <param name="VirtualSize">Bytes that the guest sees.</param>
/// <param name="ActualSize">Bytes on the host's disk.</param>
/// <param name="ClusterSize">Bytes; null for formats without clusters.</param>
/// <param name="BackingFilename">As the image itself says it; <c>FullBackingFilename</c> is resolved.</param>
/// <param name="BackingImage">What it stands on, all the way down.</param>
public sealed record ImageInfo(
    string Filename,
    string Format,
    long VirtualSize,
    long? ActualSize = null,
    long? ClusterSize = null,
    bool? DirtyFlag = null,
    bool? Encrypted = null,
    string? BackingFilename = null,
    string? FullBackingFilename = null,
    string? BackingFilenameFormat = null,
    SnapshotInfo[]? Snapshots = null,
    ImageInfo? BackingImage = null);

/// <summary>An internal snapshot of an image.</summary>
/// <param name="VmStateSize">Bytes of the machine's state; 0 where the snapshot has the disk only.</param>
/// <param name="DateSec">When it was taken: seconds since 1970, and <c>DateNsec</c>.</param>
/// <param name="VmClockSec">How long the guest had run then, and <c>VmClockNsec</c>.</param>
public sealed record SnapshotInfo(
    string Id, string Name, long VmStateSize, long DateSec, long DateNsec, long VmClockSec, long VmClockNsec, long? Icount = null);

/// <summary>Counters since QEMU started.</summary>
/// <param name="Device">Empty where the disk was made by <c>-blockdev</c>: go by Qdev or NodeName.</param>
/// <param name="Parent">The node below, usually the file.</param>
/// <param name="Backing">The image that it stands on.</param>
public sealed record BlockStats(
    BlockDeviceStats Stats,
    string? Device = null,
    string? Qdev = null,
    string? NodeName = null,
    BlockStats? Parent = null,
    BlockStats? Backing = null);

/// <param name="RdTotalTimeNs">Sum of the times of all reads that ended.</param>
/// <param name="WrHighestOffset">The byte behind the highest one written.</param>
/// <param name="IdleTimeNs">Since the last request ended; null before the first.</param>
public sealed record BlockDeviceStats(
    [property: JsonPropertyName("rd_bytes")] long RdBytes,
    [property: JsonPropertyName("wr_bytes")] long WrBytes,
    [property: JsonPropertyName("unmap_bytes")] long UnmapBytes,
    [property: JsonPropertyName("rd_operations")] long RdOperations,
    [property: JsonPropertyName("wr_operations")] long WrOperations,
    [property: JsonPropertyName("flush_operations")] long FlushOperations,
    [property: JsonPropertyName("unmap_operations")] long UnmapOperations,
    [property: JsonPropertyName("rd_total_time_ns")] long RdTotalTimeNs,
    [property: JsonPropertyName("wr_total_time_ns")] long WrTotalTimeNs,
    [property: JsonPropertyName("flush_total_time_ns")] long FlushTotalTimeNs,
    [property: JsonPropertyName("unmap_total_time_ns")] long UnmapTotalTimeNs,
    [property: JsonPropertyName("rd_merged")] long RdMerged,
    [property: JsonPropertyName("wr_merged")] long WrMerged,
    [property: JsonPropertyName("wr_highest_offset")] long WrHighestOffset,
    [property: JsonPropertyName("failed_rd_operations")] long FailedRdOperations,
    [property: JsonPropertyName("failed_wr_operations")] long FailedWrOperations,
    [property: JsonPropertyName("failed_flush_operations")] long FailedFlushOperations,
    [property: JsonPropertyName("failed_unmap_operations")] long FailedUnmapOperations,
    [property: JsonPropertyName("invalid_rd_operations")] long InvalidRdOperations,
    [property: JsonPropertyName("invalid_wr_operations")] long InvalidWrOperations,
    [property: JsonPropertyName("idle_time_ns")] long? IdleTimeNs = null,
    [property: JsonPropertyName("rd_latency_histogram")] BlockLatencyHistogram? RdLatencyHistogram = null,
    [property: JsonPropertyName("wr_latency_histogram")] BlockLatencyHistogram? WrLatencyHistogram = null,
    [property: JsonPropertyName("flush_latency_histogram")] BlockLatencyHistogram? FlushLatencyHistogram = null);

/// <summary>How many requests took how long.</summary>
/// <param name="Boundaries">Nanoseconds, rising; between two of them lies a bin.</param>
/// <param name="Bins">One more than boundaries: below the first, between each two, above the last.</param>
public sealed record BlockLatencyHistogram(long[] Boundaries, long[] Bins);

/// <param name="Id">The device's QOM path; QEMU 7.2 takes no node name here.</param>
/// <param name="Boundaries">Nanoseconds, rising.</param>
public sealed record HistogramArguments(string Id, long[] Boundaries);

/// <param name="Id">The device's QOM path or id, as <c>query-block</c> has it; a node name fails.</param>
/// <param name="Bps">Bytes a second, read and written together; 0 for no limit.</param>
/// <param name="Iops">Requests a second, of both kinds; 0 for no limit.</param>
public sealed record BlockThrottleArguments(
    string Id,
    long Bps,
    [property: JsonPropertyName("bps_rd")] long BpsRd,
    [property: JsonPropertyName("bps_wr")] long BpsWr,
    long Iops,
    [property: JsonPropertyName("iops_rd")] long IopsRd,
    [property: JsonPropertyName("iops_wr")] long IopsWr);
