using System.Text.Json;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>A NIC of a VM, also one that was plugged in.</summary>
/// <param name="Id">Of the device.</param>
/// <param name="Netdev">The id of its backend.</param>
/// <param name="Link">Null for the user-mode network.</param>
/// <param name="Mac">Its address.</param>
public sealed record VmNic(string Id, string Netdev, LinkName? Link, string Mac);

/// <summary>What features need that look at a VM's packets: QEMU's <c>filter-dump</c>, which writes them to a file and waits for nobody.</summary>
public sealed partial class VmSession
{
    private const string DumpType = "filter-dump";

    /// <summary>The NICs that QEMU has, as far as LabNet made them.</summary>
    public IReadOnlyList<VmNic> Nics =>
    [
        .. _state.Definition.Nics.Select(nic => new VmNic(nic.Id.ToString(), $"{nic.Id}-netdev", (nic as LinkNic)?.Link, nic.Mac.ToString())),
        .. _state.Plugged.Where(device => device.Netdev is not null)
            .Select(device => new VmNic(device.Id, device.Netdev!, device.Link is { } link ? LinkName.Parse(link) : null, device.Mac ?? "")),
    ];

    /// <summary>Why this VM's packets cannot be looked at; null if they can.</summary>
    public string? WhyNoTraffic => _state.Definition is AttachedVm
        ? $"{_state.Name} was started by somebody else, and LabNet does not know its NICs."
        : Host.WhyNoTraffic(Paths) is { } why ? $"There is no place for the packets of {_state.Name}: {why}." : null;

    /// <summary>Whether QEMU writes a virtio header in front of the frames of a NIC on a link.</summary>
    internal bool DumpsHaveVnetHeaders => _state.QemuVersion is { Major: < 8 };

    /// <summary>Lets QEMU write a NIC's packets to a file from now on.</summary>
    /// <param name="queue"><c>all</c>, or <c>rx</c> for what the guest sends alone.</param>
    /// <param name="file">Made anew by QEMU.</param>
    /// <param name="bytesMax">Of each frame; null for all of it.</param>
    /// <exception cref="QmpException"/>
    internal async Task AddDumpAsync(string id, string netdev, string queue, string file, int? bytesMax, CancellationToken cancellationToken)
    {
        var properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal)
        {
            ["netdev"] = Json(netdev),
            ["queue"] = Json(queue),
            ["file"] = Json(file),
        };
        if (bytesMax is { } most)
        {
            properties["maxlen"] = JsonDocument.Parse($"{most}").RootElement;
        }

        await _qmp.ExecuteAsync(ObjectCommands.Add, new ObjectAddArguments(DumpType, id) { Properties = properties }, cancellationToken);
    }

    /// <summary>Ends that; of one that QEMU does not have, it is done.</summary>
    /// <exception cref="QmpException">QEMU cannot be asked.</exception>
    internal async Task RemoveDumpAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await _qmp.ExecuteAsync(ObjectCommands.Delete, new IdArguments(id), cancellationToken);
        }
        catch (QmpCommandException)
        {
            // It went with its NIC.
        }
    }

    /// <summary>The ids of all that write packets in this QEMU.</summary>
    /// <exception cref="QmpException"/>
    internal async Task<IReadOnlyList<string>> ReadDumpsAsync(CancellationToken cancellationToken)
    {
        var objects = await _qmp.ExecuteAsync(QomCommands.List, new QomPathArguments("/objects"), cancellationToken);
        return [.. objects.Where(child => child.ChildType == DumpType).Select(child => child.Name)];
    }

    private static JsonElement Json(string text) => JsonSerializer.SerializeToElement(text, QmpJson.Default.String);
}
