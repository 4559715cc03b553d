using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Traffic;

/// <summary>What is known of captures, in lab.db; the packets are in files of their own.</summary>
public sealed class CaptureStore(Database labDatabase)
{
    /// <exception cref="DatabaseException"/>
    public Task SaveAsync(Capture capture, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        "INSERT OR REPLACE INTO captures (id, started_ns, is_running, capture) VALUES (@Id, @startedNs, @IsRunning, @capture)",
        new
        {
            capture.Id,
            startedNs = capture.StartedAt.ToUnixTimeNs(),
            capture.IsRunning,
            capture = JsonSerializer.Serialize(capture, CaptureJson.Default.Capture),
        },
        cancellationToken);

    /// <exception cref="DatabaseException"/>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) => labDatabase.WriteAsync("DELETE FROM captures WHERE id = @id", new { id }, cancellationToken);

    /// <summary>Newest first.</summary>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<Capture> Read() => labDatabase.Read(static reader => reader
        .Query<string>("SELECT capture FROM captures ORDER BY started_ns DESC, id DESC")
        .Select(json => JsonSerializer.Deserialize(json, CaptureJson.Default.Capture)!).ToList());
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    Converters = [typeof(LabNameConverter<VmName>)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Capture))]
internal sealed partial class CaptureJson : JsonSerializerContext;
