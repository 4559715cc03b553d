using System.IO.Pipelines;

namespace LabNet.Core.Traffic;

/// <summary>A packet of a capture.</summary>
/// <param name="Number">From 1, in the order of time.</param>
/// <param name="TimeNs">UTC nanoseconds since 1970.</param>
/// <param name="Bytes">Of the whole frame.</param>
/// <param name="Frame">As far as it was captured.</param>
public sealed record CapturedPacket(long Number, CaptureNic Nic, long TimeNs, int Bytes, byte[] Frame);

/// <summary>What a capture has kept by now, all NICs in one order of time; a file that still grows is read as far as it reached at the begin.</summary>
/// <remarks>For one reader.</remarks>
public sealed class CapturedPackets : IDisposable
{
    private const int FlushBytes = 64 << 10;

    private readonly Capture _capture;
    private readonly List<CaptureFileReader> _files;

    private CapturedPackets(Capture capture, List<CaptureFileReader> files) => (_capture, _files) = (capture, files);

    internal static CapturedPackets Open(Capture capture, string folder)
    {
        var files = new List<CaptureFileReader>();
        try
        {
            for (var part = 0; part < capture.Parts.Length; part++)
            {
                files.Add(new CaptureFileReader(CaptureFile.PathOf(folder, part), PcapFormat.HeaderBytes + capture.Parts[part].Bytes, CaptureFile.ReadEras(folder, part)));
            }

            return new CapturedPackets(capture, files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Some of the packets.</summary>
    /// <param name="first">The first one's number, from 1.</param>
    /// <param name="limit">At most so many.</param>
    /// <exception cref="IOException"/>
    public IReadOnlyList<CapturedPacket> Read(long first, int limit, CaptureFilter filter, CancellationToken cancellationToken)
    {
        var found = new List<CapturedPacket>();
        var number = 0L;
        while (found.Count < limit && Next(cancellationToken) is { } at)
        {
            var file = _files[at];
            if (Matches(filter, file) && ++number >= first)
            {
                found.Add(new CapturedPacket(number, _capture.Parts[at].Nic, file.TimeNs, file.OriginalBytes, file.Frame.ToArray()));
            }

            file.Advance();
        }

        return found;
    }

    /// <summary>All of them as a pcapng file, an interface for each NIC. Whoever reads slowly holds up nobody else.</summary>
    /// <exception cref="IOException"/>
    public async Task WriteAsync(CaptureFilter filter, PipeWriter output, CancellationToken cancellationToken)
    {
        var writer = new PcapngWriter(output);
        writer.WriteSection(Comment());
        foreach (var part in _capture.Parts)
        {
            writer.WriteInterface(part.Nic.ToString(), part.Gaps == 0 ? null : $"packets were missed {part.Gaps} times");
        }

        while (Next(cancellationToken) is { } at)
        {
            var file = _files[at];
            if (Matches(filter, file))
            {
                writer.WritePacket(at, file.TimeNs, file.OriginalBytes, file.Frame);
                if (output.UnflushedBytes >= FlushBytes)
                {
                    await output.FlushAsync(cancellationToken);
                }
            }

            file.Advance();
        }

        await output.FlushAsync(cancellationToken);
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static bool Matches(CaptureFilter filter, CaptureFileReader file) => filter.IsAll || filter.Matches(PacketParser.Parse(file.Frame), file.OriginalBytes);

    /// <returns>The file whose next packet is the earliest; null at the end of all.</returns>
    private int? Next(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int? earliest = null;
        for (var at = 0; at < _files.Count; at++)
        {
            if (_files[at].HasPacket && (earliest is not { } other || _files[at].TimeNs < _files[other].TimeNs))
            {
                earliest = at;
            }
        }

        return earliest;
    }

    private string Comment() => $"LabNet capture {_capture.Id}{(_capture.Filter.Length == 0 ? "" : $", filter: {_capture.Filter}")}";
}
