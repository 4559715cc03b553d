using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Snapshots;

/// <summary>LabNet's own name of a snapshot, for good: a tag can be deleted and given again.</summary>
[JsonConverter(typeof(SnapshotIdConverter))]
public readonly record struct SnapshotId(string Text)
{
    /// <summary>Later ones sort behind.</summary>
    public static SnapshotId New() => new(Guid.CreateVersion7().ToString("N"));

    public override string ToString() => Text;
}

internal sealed class SnapshotIdConverter : JsonConverter<SnapshotId>
{
    public override SnapshotId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("a snapshot's id is a string"));

    public override void Write(Utf8JsonWriter writer, SnapshotId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
}
