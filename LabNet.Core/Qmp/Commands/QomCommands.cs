using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>qapi/qom.json: QEMU's tree of objects.</summary>
public static class QomCommands
{
    /// <summary>The children and properties of the object at a path.</summary>
    public static readonly QmpCommand<QomPathArguments, ObjectPropertyInfo[]> List =
        new("qom-list", QmpJson.Default.QomPathArguments, QmpJson.Default.ObjectPropertyInfoArray);

    /// <summary>A property's value; of the property <c>type</c> it is a string, the object's type.</summary>
    public static readonly QmpCommand<QomGetArguments, JsonElement> Get =
        new("qom-get", QmpJson.Default.QomGetArguments, QmpJson.Default.JsonElement);

    public static readonly QmpCommand<QomSetArguments, QmpNothing> Set = new("qom-set", QmpJson.Default.QomSetArguments, QmpJson.Default.QmpNothing);

    /// <summary>Every type that this QEMU has: large, so that <c>QemuCatalogue</c> keeps it.</summary>
    public static readonly QmpCommand<ObjectTypeInfo[]> ListTypes = new("qom-list-types", QmpJson.Default.ObjectTypeInfoArray);

    /// <summary>The properties that an object of a type has, as far as they can be known without the object.</summary>
    public static readonly QmpCommand<QomTypeArguments, ObjectPropertyInfo[]> ListProperties =
        new("qom-list-properties", QmpJson.Default.QomTypeArguments, QmpJson.Default.ObjectPropertyInfoArray);
}

/// <param name="Path">Absolute, such as <c>/machine/peripheral</c>.</param>
public sealed record QomPathArguments(string Path);

public sealed record QomGetArguments(string Path, string Property);

public sealed record QomSetArguments(string Path, string Property, JsonElement Value);

public sealed record QomTypeArguments(string Typename);

/// <param name="Type"><c>child&lt;TYPE&gt;</c> for a child, <c>link&lt;TYPE&gt;</c> for a reference, else the property's own type.</param>
public sealed record ObjectPropertyInfo(string Name, string Type, string? Description = null)
{
    private const string Child = "child<";

    /// <summary>The type of the object that hangs here; null where this is no child.</summary>
    public string? ChildType => Type.StartsWith(Child, StringComparison.Ordinal) && Type.EndsWith('>') ? Type[Child.Length..^1] : null;
}

/// <param name="Name">Such as <c>virtio-blk-pci</c>.</param>
/// <param name="Parent">The type that it extends; null for the root.</param>
public sealed record ObjectTypeInfo(string Name, bool? Abstract = null, string? Parent = null);
