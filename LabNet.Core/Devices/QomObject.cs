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

    private static QomProperty Read(ObjectPropertyInfo property, (JsonElement Value, string? WhyNot) answer) => new(
        property.Name,
        property.Type,
        property.Description,
        answer.WhyNot is not null ? null : answer.Value.ValueKind == JsonValueKind.String ? answer.Value.GetString() : answer.Value.GetRawText(),
        answer.WhyNot);
}

/// <param name="Type">QEMU's, such as <c>bool</c>, <c>uint32</c> or <c>link&lt;bus&gt;</c>.</param>
/// <param name="Value">A string as it is, anything else as JSON; null where QEMU does not tell it.</param>
/// <param name="WhyNot">QEMU's words for that.</param>
public sealed record QomProperty(string Name, string Type, string? Description, string? Value, string? WhyNot)
{
    /// <summary>The path of the object that it refers to; null for a property that refers to none.</summary>
    public string? Target => Type.StartsWith("link<", StringComparison.Ordinal) && Value is ['/', ..] ? Value : null;
}
