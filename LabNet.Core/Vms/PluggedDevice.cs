using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Vms;

/// <summary>A device that was plugged into a running VM, with what has to be made again where the VM is to be made again.</summary>
/// <param name="Id">Its qdev id.</param>
/// <param name="Kind">The word of the REST contract, such as <c>virtio-blk</c>.</param>
/// <param name="Port">The qdev id of the root port that it is in; on that it is always 00.0.</param>
/// <param name="NodeName">The block node of a disk; null for what is none.</param>
/// <param name="File">The disk's file.</param>
/// <param name="Controller">The qdev id of the controller that was plugged in with it, where the disk itself is on that one's bus.</param>
/// <param name="Netdev">The backend's id of a NIC; null for what is none.</param>
/// <param name="Link">The link that a NIC is on; null for the user-mode network.</param>
/// <param name="Tap">Its interface on the host, or its port of the relay; null where Link is.</param>
/// <param name="GuestName">What the guest called it then, such as <c>vdb</c>; null where the guest could not be asked.</param>
public sealed record PluggedDevice(
    string Id,
    string Kind,
    string Port,
    string? NodeName,
    string? File,
    string? Controller,
    string? Netdev,
    string? Mac,
    string? Link,
    string? Tap,
    string? GuestName,
    DateTimeOffset At)
{
    /// <summary>The device that the guest has to let go of.</summary>
    [JsonIgnore]
    public string Outermost => Controller ?? Id;

    /// <summary>What a custom PCI device was plugged in with, in QEMU's own words for it; null for a disk or a NIC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<string, string>? Properties { get; init; }

    /// <summary>Where QEMU listens for the process that behaves for a custom PCI device; null for what behaves by itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Socket { get; init; }

    /// <summary>The character device behind <see cref="Socket"/>.</summary>
    [JsonIgnore]
    public string? Chardev => Socket is null ? null : ChardevOf(Id);

    /// <summary>VIRTIO_BLK_ID_BYTES of linux/virtio_blk.h; what is longer is cut off.</summary>
    private const int VirtioSerialMax = 20;

    /// <summary>What a disk tells the guest as its serial number.</summary>
    [JsonIgnore]
    public string Serial => SerialOf(Id, Controller);

    internal static string ChardevOf(string id) => $"{id}-chardev";

    internal static string SerialOf(string id, string? controller) => controller is null && id.Length > VirtioSerialMax ? id[..VirtioSerialMax] : id;
}

/// <summary>plugged.json in a VM's folder: it lasts as long as the QEMU process does, whatever becomes of LabNet.</summary>
internal static class PluggedFile
{
    private const string Name = "plugged.json";

    /// <returns>Empty if there is none. A file that cannot be read is told by <paramref name="problem"/>.</returns>
    public static ImmutableArray<PluggedDevice> Read(string folder, out string? problem)
    {
        problem = null;
        var path = Path.Join(folder, Name);
        try
        {
            return File.Exists(path) ? [.. JsonSerializer.Deserialize(File.ReadAllBytes(path), PluggedJson.Default.PluggedDeviceArray) ?? []] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            problem = $"{path} cannot be read, so LabNet does not know what it had plugged in: {e.Message}";
            return [];
        }
    }

    /// <exception cref="IOException"/>
    public static void Write(string folder, ImmutableArray<PluggedDevice> devices)
    {
        var path = Path.Join(folder, Name);
        if (devices.IsEmpty)
        {
            File.Delete(path);
            return;
        }

        // Whole or not at all, also when the machine stops in between.
        var making = path + ".new";
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(making, JsonSerializer.SerializeToUtf8Bytes([.. devices], PluggedJson.Default.PluggedDeviceArray));
        File.Move(making, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(PluggedDevice[]))]
internal sealed partial class PluggedJson : JsonSerializerContext
{
}
