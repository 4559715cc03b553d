using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>
/// Reads a VM's devices: what there is (<c>query-pci</c>, and the children of three places of QEMU's tree), which properties a type has where
/// that is not known yet, and then of each device where it hangs and what it is made of. Each step is sent in one piece, on the connection that
/// commands go by.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class DeviceTopologyReader(PciIds ids)
{
    internal const string Named = "/machine/peripheral";
    internal const string Nameless = "/machine/peripheral-anon";

    /// <summary>What the machine brought along, beside much that is no device.</summary>
    private const string OfMachine = "/machine/unattached";
    private const string MachinesDevice = "device[";

    private const string Address = "addr";
    private const string ParentBus = "parent_bus";

    /// <summary>Properties that name a backend; a type has one or none of most.</summary>
    private static readonly string[] BackendProperties = ["drive", "netdev", "chardev", "fsdev"];

    private static readonly (string Path, QmpCommand<ObjectPropertyInfo[]> Question)[] Places =
        [.. new[] { Named, Nameless, OfMachine }.Select(path => (path, QomCommands.List.With(new QomPathArguments(path))))];

    /// <summary>A question that QEMU refuses takes as long as one that it answers: only a type's own properties are asked for.</summary>
    private readonly ConcurrentDictionary<(Version? Qemu, string Type), ImmutableArray<string>> _properties = new();

    /// <exception cref="QmpException"/>
    public async Task<DeviceTopology> ReadAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var first = await vm.ReadAsync([.. Places.Select(place => place.Question), PciCommands.QueryPci], cancellationToken);
        var children = Places.SelectMany(place => first.Read(place.Question)
            .Where(child => child.ChildType is not null && (place.Path != OfMachine || child.Name.StartsWith(MachinesDevice, StringComparison.Ordinal)))
            .Select(child => new Child(place.Path, child.Name, child.ChildType!)))
            .ToList();
        var qemu = vm.State.QemuVersion;
        await LearnPropertiesAsync(vm, qemu, children, cancellationToken);

        var questions = children.ToDictionary(child => child, child => QuestionsTo(child, qemu));
        var replies = await vm.ReadAsync([.. questions.Values.SelectMany(asked => asked.Values)], cancellationToken);
        return DeviceTree.Build([.. children.Select(child => Read(child, questions[child], replies))], first.Read(PciCommands.QueryPci), ids);
    }

    private async Task LearnPropertiesAsync(VmSession vm, Version? qemu, List<Child> children, CancellationToken cancellationToken)
    {
        var unknown = children.DistinctBy(child => child.Type).Where(child => !_properties.ContainsKey((qemu, child.Type)))
            .Select(child => (child.Type, Question: QomCommands.List.With(new QomPathArguments(child.Path))))
            .ToList();
        if (unknown.Count == 0)
        {
            return;
        }

        var replies = await vm.ReadAsync([.. unknown.Select(one => one.Question)], cancellationToken);
        foreach (var (type, question) in unknown)
        {
            if (replies.ReadUnlessRefused(question).Value is { } properties)
            {
                _properties[(qemu, type)] =
                    [.. properties.Select(property => property.Name).Where(name => name is Address or ParentBus || BackendProperties.Contains(name))];
            }
        }
    }

    private Dictionary<string, QmpCommand<JsonElement>> QuestionsTo(Child child, Version? qemu) =>
        _properties.GetValueOrDefault((qemu, child.Type), []).ToDictionary(
            property => property, property => QomCommands.Get.With(new QomGetArguments(child.Path, property)), StringComparer.Ordinal);

    /// <summary>A refusal means that the device is gone since.</summary>
    private static QomDevice Read(Child child, Dictionary<string, QmpCommand<JsonElement>> questions, QmpReplies replies)
    {
        JsonElement Value(string property) => questions.TryGetValue(property, out var question) ? replies.ReadUnlessRefused(question).Value : default;
        string Text(string property) => Value(property) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        return new QomDevice(
            child.Place == Named ? child.Name : null,
            child.Type,
            child.Path,
            Text(ParentBus),
            Value(Address) is { ValueKind: JsonValueKind.Number } address && address.TryGetInt32(out var number) ? number : null,
            [.. BackendProperties.Select(property => new DeviceBackend(property, Text(property))).Where(backend => backend.Id.Length > 0)]);
    }

    private sealed record Child(string Place, string Name, string Type)
    {
        public string Path { get; } = $"{Place}/{Name}";
    }
}

/// <summary>A device as QEMU's tree of objects has it.</summary>
/// <param name="ParentBus">The QOM path of the bus that it is on, whose own parent is the device that has the bus; empty for none.</param>
/// <param name="DeviceFunction">Slot and function of a PCI device; negative where QEMU has chosen none; null for any other.</param>
public sealed record QomDevice(
    string? QdevId, string Type, string QomPath, string ParentBus, int? DeviceFunction, ImmutableArray<DeviceBackend> Backends);
