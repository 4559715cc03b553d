using System.Collections.Immutable;
using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>An object of QEMU's tree (QOM), as it was at one time.</summary>
/// <param name="Type">QEMU's type, such as <c>virtio-blk-pci</c>.</param>
/// <param name="Children">The objects below it, by name.</param>
/// <param name="Properties">The others, by name.</param>
public sealed record QomObject(string Path, string Type, ImmutableArray<ObjectPropertyInfo> Children, ImmutableArray<QomProperty> Properties)
{
    private const string TypeProperty = "type";

    /// <summary>QEMU's QERR_INVALID_PARAMETER_TYPE, from 2.0 to 10.0.</summary>
    private const string WrongType = "Invalid parameter type";

    private static readonly JsonElement Nothing = JsonElement.Parse("null");

    /// <exception cref="QmpException">Also where there is no object at the path.</exception>
    public static async Task<QomObject> ReadAsync(VmSession vm, string path, CancellationToken cancellationToken)
    {
        var all = await vm.ReadAsync(QomCommands.List, new QomPathArguments(path), cancellationToken);
        var asked = all.Where(property => property.ChildType is null)
            .Select(property => (Property: property, Question: QomCommands.Get.With(new QomGetArguments(path, property.Name))))
            .ToList();
        var replies = await vm.ReadAsync([.. asked.Select(one => one.Question)], cancellationToken);
        var properties = asked.Select(one => Read(one.Property, replies.ReadUnlessRefused(one.Question)))
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .ToImmutableArray();
        return new QomObject(
            path,
            properties.FirstOrDefault(property => property.Name == TypeProperty)?.Value ?? "",
            [.. all.Where(property => property.ChildType is not null).OrderBy(property => property.Name, StringComparer.Ordinal)],
            properties);
    }

    /// <summary>
    /// Which of the properties can be set while the machine is there. QEMU does not list that, so each is offered null, a value that none
    /// takes: QEMU first looks whether the property can be written, then whether its object is past the time for it, and at last at the value.
    /// </summary>
    /// <exception cref="QmpException"/>
    public async Task<IReadOnlySet<string>> FindSettableAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var offers = Properties.Where(property => property.IsPlain)
            .Select(property => (property.Name, Offer: QomCommands.Set.With(new QomSetArguments(Path, property.Name, Nothing))))
            .ToList();
        var replies = await vm.ExecuteAsync([.. offers.Select(one => one.Offer)], cancellationToken);
        return offers
            .Where(one => replies.ReadUnlessRefused(one.Offer).WhyNot?.StartsWith(WrongType, StringComparison.Ordinal) is true)
            .Select(one => one.Name)
            .ToHashSet(StringComparer.Ordinal);
    }

    private static QomProperty Read(ObjectPropertyInfo property, (JsonElement Value, string? WhyNot) answer) => new(
        property.Name,
        property.Type,
        property.Description,
        answer.WhyNot is not null ? null : answer.Value.ValueKind == JsonValueKind.String ? answer.Value.GetString() : answer.Value.GetRawText(),
        answer.WhyNot is not null ? JsonValueKind.Undefined : answer.Value.ValueKind,
        answer.WhyNot);
}
