using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Traffic;

/// <summary>Traffic runs in lab.db.</summary>
public sealed class TrafficRunStore(Database labDatabase)
{
    /// <summary>The oldest go when there are more.</summary>
    public const int RunsMax = 200;

    /// <summary>Keeps a run as it is now, and lets the oldest go.</summary>
    /// <exception cref="DatabaseException"/>
    public Task SaveAsync(TrafficRun run, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        $"""
        INSERT OR REPLACE INTO traffic_runs (id, started_ns, is_open, run) VALUES (@Id, @startedNs, @isOpen, @json);
        DELETE FROM traffic_runs WHERE id IN (SELECT id FROM traffic_runs ORDER BY started_ns DESC, id DESC LIMIT -1 OFFSET {RunsMax});
        """,
        new { run.Id, startedNs = run.StartedAt.ToUnixTimeNs(), isOpen = run.EndedAt is null, json = JsonSerializer.Serialize(run, TrafficRunJson.Default.TrafficRun) },
        cancellationToken);

    /// <summary>Newest first.</summary>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<TrafficRun> Read(int limit) => Read("true", new { limit }, "ORDER BY started_ns DESC, id DESC LIMIT @limit");

    /// <exception cref="DatabaseException"/>
    public TrafficRun? Find(string id) => Read("id = @id", new { id }, "").SingleOrDefault();

    /// <summary>What a LabNet that is gone has left open is told as failed: nobody carries it on.</summary>
    /// <exception cref="DatabaseException"/>
    public async Task CloseAbandonedAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var run in Read("is_open", new { }, ""))
        {
            await SaveAsync(run with { State = TrafficRunState.Failed, EndedAt = now, Problem = "LabNet ended before the run did." }, cancellationToken);
        }
    }

    private List<TrafficRun> Read(string which, object parameters, string rest) => labDatabase.Read(reader => reader
        .Query<string>($"SELECT run FROM traffic_runs WHERE {which} {rest}", parameters).Select(json => JsonSerializer.Deserialize(json, TrafficRunJson.Default.TrafficRun)!).ToList());
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(LabNameConverter<VmName>), typeof(LabNameConverter<LinkName>)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrafficRun))]
[JsonSerializable(typeof(TrafficTold))]
internal sealed partial class TrafficRunJson : JsonSerializerContext;

/// <summary>What send.py and receive.py print.</summary>
/// <param name="Packets">Number and nanoseconds since 1970.</param>
internal sealed record TrafficTold(IReadOnlyList<long[]> Packets, string? Problem);
