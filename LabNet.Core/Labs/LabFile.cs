using System.Collections.Immutable;
using System.Text;

namespace LabNet.Core.Labs;

/// <summary>
/// Reads lab files: one YAML 1.2 document in UTF-8, whose shape infra/labs/lab.schema.json describes. A wrong file is expected: nothing
/// here throws because of what a file says, or because it is not there.
/// </summary>
public static class LabFile
{
    /// <summary>A thousand VMs take a fifth of this. Defends the dashboard's memory against a wrong path, such as a disk image's.</summary>
    public const int FileBytesMax = 1024 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Shares with relative paths are resolved against the file's folder.</summary>
    /// <param name="path">The lab file's.</param>
    /// <param name="images">The guest images that VMs may name.</param>
    public static LabFileReading Read(string path, IReadOnlySet<ImageName> images)
    {
        byte[] bytes;
        try
        {
            // Read to the limit instead of asking for the length first: a pipe or /proc file has none.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var buffer = new byte[FileBytesMax + 1];
            bytes = buffer[..file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Refused(new LabFileMistake(0, 0, $"The lab file \"{path}\" can't be read: {failure.Message}"));
        }

        return Parse(bytes, Path.GetDirectoryName(Path.GetFullPath(path))!, images);
    }

    /// <param name="bytes">The file's content.</param>
    /// <param name="folder">Absolute; what shares' relative paths start from.</param>
    /// <param name="images">The guest images that VMs may name.</param>
    public static LabFileReading Parse(ReadOnlySpan<byte> bytes, string folder, IReadOnlySet<ImageName> images)
    {
        if (bytes.Length > FileBytesMax)
        {
            return Refused(new LabFileMistake(0, 0, $"The lab file is larger than {FileBytesMax / 1024} KiB; is it the right file?"));
        }

        bytes = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        try
        {
            return Parse(StrictUtf8.GetString(bytes), folder, images);
        }
        catch (DecoderFallbackException failure)
        {
            var (line, column) = Position(StrictUtf8.GetString(bytes[..failure.Index]));
            return Refused(new LabFileMistake(line, column, $"Byte 0x{failure.BytesUnknown![0]:x2} is no UTF-8; save the file as UTF-8."));
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, string, IReadOnlySet{ImageName})"/>
    public static LabFileReading Parse(string text, string folder, IReadOnlySet<ImageName> images)
    {
        var mistakes = new List<LabFileMistake>();
        var root = YamlTreeReader.Read(text, "lab file", LabFileKeys.LabRequired, mistakes);
        var lab = root is null ? null : new LabFileReader(mistakes, folder, images).Read(root);
        return lab is not null && mistakes.Count == 0 ? new LabFileReading(lab) : Refused([.. mistakes]);
    }

    internal static (int Line, int Column) Position(ReadOnlySpan<char> before) =>
        (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));

    // An alias shows one place to the reader many times: each mistake is told once.
    private static LabFileReading Refused(params IEnumerable<LabFileMistake> mistakes) =>
        new([.. mistakes.Distinct().OrderBy(mistake => mistake.Line).ThenBy(mistake => mistake.Column)]);
}
