using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>What makes and removes devices and their backends: qapi/qdev.json, qapi/block-core.json, qapi/net.json.</summary>
public static class DeviceCommands
{
    public static readonly QmpCommand<DeviceAddArguments, QmpNothing> DeviceAdd =
        new("device_add", QmpJson.Default.DeviceAddArguments, QmpJson.Default.QmpNothing);

    /// <summary>Asks the guest to let go of a device. It is gone with the event DEVICE_DELETED, or never if the guest does not.</summary>
    public static readonly QmpCommand<IdArguments, QmpNothing> DeviceDelete =
        new("device_del", QmpJson.Default.IdArguments, QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<BlockdevAddArguments, QmpNothing> BlockdevAdd =
        new("blockdev-add", QmpJson.Default.BlockdevAddArguments, QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<NodeNameArguments, QmpNothing> BlockdevDelete =
        new("blockdev-del", QmpJson.Default.NodeNameArguments, QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<NetdevAddArguments, QmpNothing> NetdevAdd =
        new("netdev_add", QmpJson.Default.NetdevAddArguments, QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<IdArguments, QmpNothing> NetdevDelete =
        new("netdev_del", QmpJson.Default.IdArguments, QmpJson.Default.QmpNothing);

    /// <summary>qapi/char.json.</summary>
    public static readonly QmpCommand<ChardevAddArguments, ChardevReturn> ChardevAdd =
        new("chardev-add", QmpJson.Default.ChardevAddArguments, QmpJson.Default.ChardevReturn);

    public static readonly QmpCommand<IdArguments, QmpNothing> ChardevRemove =
        new("chardev-remove", QmpJson.Default.IdArguments, QmpJson.Default.QmpNothing);

    /// <summary>Gives a NIC its carrier, or takes it.</summary>
    public static readonly QmpCommand<SetLinkArguments, QmpNothing> SetLink =
        new("set_link", QmpJson.Default.SetLinkArguments, QmpJson.Default.QmpNothing);
}

/// <param name="Name">The NIC's qdev id.</param>
public sealed record SetLinkArguments(string Name, bool Up);

/// <param name="Driver">A device type, such as <c>virtio-blk-pci</c>.</param>
/// <param name="Bus">A bus's name, which of a root port is the port's id.</param>
public sealed record DeviceAddArguments(string Driver, string Id, string Bus)
{
    /// <summary>What only this type of device takes.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Properties { get; set; }
}

/// <param name="Driver">A block driver, such as <c>qcow2</c>.</param>
/// <param name="Discard"><c>unmap</c> frees in the file what the guest discards.</param>
public sealed record BlockdevAddArguments(string Driver, string NodeName, string? Discard = null)
{
    /// <summary>What only this driver takes, such as the node <c>file</c> below it.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Properties { get; set; }
}

/// <param name="Type">Such as <c>user</c> or <c>tap</c>.</param>
public sealed record NetdevAddArguments(string Type, string Id)
{
    /// <summary>What only this type takes.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Properties { get; set; }
}

public sealed record ChardevAddArguments(string Id, ChardevBackend Backend)
{
    /// <summary>Listens at a UNIX socket, and waits for nobody.</summary>
    public static ChardevAddArguments Listening(string id, string path) => new(id, new ChardevBackend("socket")
    {
        Properties = new Dictionary<string, JsonElement>
        {
            ["data"] = JsonSerializer.SerializeToElement(new { addr = new { type = "unix", data = new { path } }, server = true, wait = false }),
        },
    });
}

/// <param name="Type">Such as <c>socket</c>.</param>
public sealed record ChardevBackend(string Type)
{
    /// <summary>What only this type takes, in a member <c>data</c>.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Properties { get; set; }
}

/// <param name="Pty">The path of a pseudo-terminal; null for anything else.</param>
public sealed record ChardevReturn(string? Pty = null);

public sealed record IdArguments(string Id);

public sealed record NodeNameArguments(string NodeName);
