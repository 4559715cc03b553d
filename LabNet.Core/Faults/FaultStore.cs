using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Faults;

/// <summary>Faults in lab.db, those to come too.</summary>
public sealed class FaultStore(Database labDatabase)
{
    /// <summary>Of a VM's faults that are over, the oldest go when there are more.</summary>
    public const int KeptMax = 2000;

    /// <exception cref="DatabaseException"/>
    public Task SaveAsync(Fault fault, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        fault.IsOpen ? Write : Write + Trim,
        new
        {
            id = fault.Id.Text,
            vm = fault.Vm.ToString(),
            plannedNs = fault.PlannedAt.ToUnixTimeNs(),
            isOpen = fault.IsOpen,
            fault = JsonSerializer.Serialize(fault, FaultStoreJson.Default.Fault),
            kept = KeptMax,
        },
        cancellationToken);

    /// <summary>Those to come and those in force, by the time that they are for.</summary>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<Fault> ReadOpen(VmName vm) => Read(
        "SELECT fault FROM faults WHERE vm = @vm AND is_open ORDER BY planned_ns, id", new { vm = vm.ToString() });

    /// <summary>All, the newest first.</summary>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<Fault> Read(VmName vm, int limit) => Read(
        "SELECT fault FROM faults WHERE vm = @vm ORDER BY planned_ns DESC, id DESC LIMIT @limit", new { vm = vm.ToString(), limit });

    /// <exception cref="DatabaseException"/>
    public Fault? Find(FaultId id) => Read("SELECT fault FROM faults WHERE id = @id", new { id = id.Text }).SingleOrDefault();

    private const string Write = "INSERT OR REPLACE INTO faults (id, vm, planned_ns, is_open, fault) VALUES (@id, @vm, @plannedNs, @isOpen, @fault);";

    private const string Trim =
        """

        DELETE FROM faults WHERE vm = @vm AND NOT is_open
          AND planned_ns < (SELECT planned_ns FROM faults WHERE vm = @vm ORDER BY planned_ns DESC LIMIT 1 OFFSET @kept);
        """;

    private List<Fault> Read(string sql, object parameters) => labDatabase.Read(reader => reader
        .Query<string>(sql, parameters)
        .Select(json => JsonSerializer.Deserialize(json, FaultStoreJson.Default.Fault)!).ToList());
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(LabNameConverter<VmName>), typeof(FaultIdConverter), typeof(FaultSpecConverter)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Fault))]
internal sealed partial class FaultStoreJson : JsonSerializerContext;

internal sealed class FaultIdConverter : JsonConverter<FaultId>
{
    public override FaultId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("a fault's id is a string"));

    public override void Write(Utf8JsonWriter writer, FaultId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
}

internal sealed class FaultSpecConverter : JsonConverter<FaultSpec>
{
    public override FaultSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return FaultJson.ReadSpec(document.RootElement, out var mistake) ?? throw new JsonException(mistake);
    }

    public override void Write(Utf8JsonWriter writer, FaultSpec value, JsonSerializerOptions options) => FaultJson.Write(value).WriteTo(writer);
}
