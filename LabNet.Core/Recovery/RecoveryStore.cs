using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Recovery;

/// <summary>Policies, breakers and incidents in lab.db.</summary>
public sealed class RecoveryStore(Database labDatabase)
{
    /// <summary>The oldest incidents go when there are more: some 50 MB if each had all its evidence.</summary>
    public const int IncidentsMax = 500;

    /// <summary>As SQLite takes it.</summary>
    private const int NoLimit = -1;

    /// <exception cref="DatabaseException"/>
    public RecoveryStanding FindStanding(VmName vm) => labDatabase.Read(reader =>
        reader.QuerySingleOrDefault<string>("SELECT standing FROM recovery WHERE vm = @vm", new { vm = vm.ToString() })) is { } json
        ? JsonSerializer.Deserialize(json, RecoveryJson.Default.RecoveryStanding) ?? RecoveryStanding.AtFirst
        : RecoveryStanding.AtFirst;

    /// <exception cref="DatabaseException"/>
    public Task SaveStandingAsync(VmName vm, RecoveryStanding standing, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        "INSERT OR REPLACE INTO recovery (vm, standing) VALUES (@vm, @standing)",
        new { vm = vm.ToString(), standing = JsonSerializer.Serialize(standing, RecoveryJson.Default.RecoveryStanding) },
        cancellationToken);

    /// <summary>Keeps a new incident with its evidence, and lets the oldest go.</summary>
    /// <exception cref="DatabaseException"/>
    public Task AddAsync(Incident incident, CrashEvidence evidence, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        $"""
        INSERT OR REPLACE INTO incidents (id, vm, at_ns, is_open, incident, evidence) VALUES (@Id, @vm, @atNs, @IsOpen, @incident, @evidence);
        DELETE FROM incidents WHERE NOT is_open AND id NOT IN (SELECT id FROM incidents ORDER BY at_ns DESC, id DESC LIMIT {IncidentsMax});
        """,
        new
        {
            incident.Id,
            vm = incident.Vm.ToString(),
            atNs = incident.At.ToUnixTimeNs(),
            incident.IsOpen,
            incident = JsonSerializer.Serialize(incident, RecoveryJson.Default.Incident),
            evidence = Packed.Pack(JsonSerializer.SerializeToUtf8Bytes(evidence, RecoveryJson.Default.CrashEvidence)),
        },
        cancellationToken);

    /// <exception cref="DatabaseException"/>
    public Task UpdateAsync(Incident incident, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        "UPDATE incidents SET is_open = @IsOpen, incident = @incident WHERE id = @Id",
        new { incident.Id, incident.IsOpen, incident = JsonSerializer.Serialize(incident, RecoveryJson.Default.Incident) },
        cancellationToken);

    /// <returns>False if there is none, or it goes on.</returns>
    /// <exception cref="DatabaseException"/>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellationToken) => await labDatabase.WriteAsync(
        (connection, transaction) => connection.Execute("DELETE FROM incidents WHERE id = @id AND NOT is_open", new { id }, transaction), cancellationToken) == 1;

    /// <summary>Newest first.</summary>
    /// <param name="vm">Null for all.</param>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<Incident> Read(VmName? vm) => Read(vm is null ? "true" : "vm = @vm", new { vm = vm?.ToString() });

    /// <exception cref="DatabaseException"/>
    public Incident? Find(string id) => Read("id = @id", new { id }).SingleOrDefault();

    /// <summary>The newest of a VM.</summary>
    /// <exception cref="DatabaseException"/>
    public Incident? FindNewest(VmName vm) => Read("vm = @vm", new { vm = vm.ToString() }, limit: 1).SingleOrDefault();

    /// <returns>Null if there is no such incident.</returns>
    /// <exception cref="DatabaseException"/>
    public CrashEvidence? FindEvidence(string id) => labDatabase.Read(reader =>
        reader.QuerySingleOrDefault<byte[]>("SELECT evidence FROM incidents WHERE id = @id", new { id })) is { } packed
        ? JsonSerializer.Deserialize(Packed.Unpack(packed), RecoveryJson.Default.CrashEvidence)
        : null;

    private List<Incident> Read(string which, object parameters, int limit = NoLimit) => labDatabase.Read(reader => reader
        .Query<string>($"SELECT incident FROM incidents WHERE {which} ORDER BY at_ns DESC, id DESC LIMIT {limit}", parameters)
        .Select(json => JsonSerializer.Deserialize(json, RecoveryJson.Default.Incident)!).ToList());
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(LabNameConverter<VmName>)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RecoveryStanding))]
[JsonSerializable(typeof(Incident))]
[JsonSerializable(typeof(CrashEvidence))]
internal sealed partial class RecoveryJson : JsonSerializerContext;
