using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Labs;

/// <summary>A name of the lab file as a JSON string, for what LabNet keeps.</summary>
internal sealed class LabNameConverter<TName> : JsonConverter<TName> where TName : struct, ILabName<TName>
{
    public override TName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        NameGrammar.TryParse<TName>(reader.GetString(), out var name) ? name : throw new JsonException($"That is no {typeof(TName).Name}.");

    public override void Write(Utf8JsonWriter writer, TName value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
