using System.Text.RegularExpressions;
using LabNet.Core.Labs;

namespace LabNet.Core.Devices;

/// <summary>What can be plugged into a running VM.</summary>
public enum PlugKind
{
    VirtioBlk,
    VirtioScsi,
    Nvme,
    VirtioNet,
    E1000e,
}

public static class PlugKinds
{
    /// <summary>The word of the REST contract, such as <c>virtio-blk</c>.</summary>
    public static string Word(this PlugKind kind) => kind switch
    {
        PlugKind.VirtioBlk => "virtio-blk",
        PlugKind.VirtioScsi => "virtio-scsi",
        PlugKind.Nvme => "nvme",
        PlugKind.VirtioNet => "virtio-net",
        PlugKind.E1000e => "e1000e",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };

    /// <summary>Null for another word.</summary>
    public static PlugKind? Parse(string word)
    {
        foreach (var kind in Enum.GetValues<PlugKind>())
        {
            if (kind.Word() == word)
            {
                return kind;
            }
        }

        return null;
    }

    public static bool IsDisk(this PlugKind kind) => kind is PlugKind.VirtioBlk or PlugKind.VirtioScsi or PlugKind.Nvme;
}

/// <summary>A disk or a NIC to be plugged in.</summary>
/// <param name="Id">Its qdev id, by which it is unplugged again.</param>
/// <param name="SizeBytes">Of a new, empty disk.</param>
/// <param name="Image">An image that the disk is to begin with, by its file's name in the folder of images. Without either, the file that an earlier disk of this id left behind.</param>
/// <param name="Link">The lab's link that a NIC is to be on; null for QEMU's user-mode network.</param>
public sealed partial record PlugRequest(PlugKind Kind, string Id, long? SizeBytes = null, string? Image = null, LinkName? Link = null)
{
    public const long SizeBytesMin = 1024 * 1024;

    /// <summary>The file grows with what is written; still, a slip of the unit is likelier than a wish for more.</summary>
    public const long SizeBytesMax = 16L * 1024 * 1024 * 1024 * 1024;

    private const int SectorBytes = 512;

    /// <summary>What is wrong with it, in words for the user; null if nothing is.</summary>
    public string? Mistake => this switch
    {
        _ when MistakeInId(Id) is { } mistake => mistake,
        { SizeBytes: not null } or { Image: not null } when !Kind.IsDisk() => $"sizeBytes and image are for disks, and {Kind.Word()} is none.",
        { Link: not null } when Kind.IsDisk() => $"link: that is for NICs, and {Kind.Word()} is none.",
        { SizeBytes: not null, Image: not null } => "sizeBytes and image: give one of them. A disk that begins with an image has the image's size.",
        { SizeBytes: < SizeBytesMin or > SizeBytesMax } => $"sizeBytes: {SizeBytes} is not between {SizeBytesMin} (1 MiB) and {SizeBytesMax} (16 TiB).",
        { SizeBytes: { } size } when size % SectorBytes != 0 => $"sizeBytes: {size} is no whole number of sectors of {SectorBytes} bytes.",
        { Image: { } image } when image.Length == 0 || image[0] == '.' || image.AsSpan().ContainsAny('/', '\\', '\0') => $"image: “{image}” is no file's name. Images are named by it, without a folder.",
        _ => null,
    };

    internal static string? MistakeInId(string id) =>
        IdPattern().IsMatch(id) ? null : $"id: “{id}” is none. It begins with a letter, and has letters, digits, “-” and “_”, 32 at most, such as d1.";

    public override string ToString() =>
        $"{Id} ({Kind.Word()}{(SizeBytes is { } size ? $", {size} bytes" : "")}{(Image is null ? "" : $", from {Image}")}{(Link is null ? "" : $", on {Link}")})";

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IdPattern();
}
