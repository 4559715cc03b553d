using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>qapi/qom.json's objects of a user's own, which hang below <c>/objects</c> by their id.</summary>
public static class ObjectCommands
{
    public static readonly QmpCommand<ObjectAddArguments, QmpNothing> Add =
        new("object-add", QmpJson.Default.ObjectAddArguments, QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<IdArguments, QmpNothing> Delete =
        new("object-del", QmpJson.Default.IdArguments, QmpJson.Default.QmpNothing);
}

/// <param name="QomType">Such as <c>filter-dump</c>.</param>
public sealed record ObjectAddArguments(string QomType, string Id)
{
    /// <summary>What only this type takes.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Properties { get; set; }
}
