using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Labs;

/// <summary>A VM's name as JSON has it, where it is kept.</summary>
internal sealed class VmNameConverter : JsonConverter<VmName>
{
    public override VmName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        VmName.TryParse(reader.GetString(), out var name) ? name : throw new JsonException("this is no VM's name");

    public override void Write(Utf8JsonWriter writer, VmName value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
