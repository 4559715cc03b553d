using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Faults;

/// <summary>Plans, runs and journals in lab.db.</summary>
public sealed class ChaosStore(Database labDatabase)
{
    /// <summary>The oldest go when there are more.</summary>
    public const int RunsMax = 200;

    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<KeptPlan> ReadPlans() => labDatabase.Read(reader => reader
        .Query<PlanRow>("SELECT id, name, text, saved_ns, actor FROM fault_plans ORDER BY name, id").Select(row => row.ToPlan()).ToList());

    /// <exception cref="DatabaseException"/>
    public KeptPlan? FindPlan(string id) => labDatabase.Read(reader => reader
        .QuerySingleOrDefault<PlanRow>("SELECT id, name, text, saved_ns, actor FROM fault_plans WHERE id = @id", new { id }))?.ToPlan();

    /// <summary>Keeps a plan, in place of the one of the same name.</summary>
    /// <returns>As it is kept: one that was there has its id still.</returns>
    /// <exception cref="DatabaseException"/>
    public Task<KeptPlan> SavePlanAsync(KeptPlan plan, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        (connection, transaction) =>
        {
            var id = connection.QuerySingleOrDefault<string>("SELECT id FROM fault_plans WHERE name = @Name", plan, transaction) ?? plan.Id;
            connection.Execute(
                "INSERT OR REPLACE INTO fault_plans (id, name, text, saved_ns, actor) VALUES (@id, @Name, @Text, @savedNs, @Actor)",
                new { id, plan.Name, plan.Text, savedNs = plan.SavedAt.ToUnixTimeNs(), plan.Actor },
                transaction);
            return plan with { Id = id };
        },
        cancellationToken);

    /// <returns>False if there is none. Its runs stay.</returns>
    /// <exception cref="DatabaseException"/>
    public async Task<bool> DeletePlanAsync(string id, CancellationToken cancellationToken) => await labDatabase.WriteAsync(
        (connection, transaction) => connection.Execute("DELETE FROM fault_plans WHERE id = @id", new { id }, transaction), cancellationToken) == 1;

    /// <summary>Keeps a new run, and lets the oldest go.</summary>
    /// <exception cref="DatabaseException"/>
    public Task AddAsync(ChaosRun run, string planText, ChaosSchedule schedule, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        $"""
        INSERT INTO chaos_runs (id, started_ns, is_open, run, plan_text, schedule) VALUES (@Id, @startedNs, 1, @run, @planText, @schedule);
        DELETE FROM chaos_runs WHERE id IN (SELECT id FROM chaos_runs ORDER BY started_ns DESC, id DESC LIMIT -1 OFFSET {RunsMax});
        """,
        new { run.Id, startedNs = run.StartedAt.ToUnixTimeNs(), run = Json(run), planText, schedule = Packed.Pack(Encoding.UTF8.GetBytes(schedule.Text)) },
        cancellationToken);

    /// <summary>Keeps what has become of a run, with the lines that tell of it.</summary>
    /// <exception cref="DatabaseException"/>
    public Task UpdateAsync(ChaosRun run, IReadOnlyList<ChaosLine> lines, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        (connection, transaction) =>
        {
            connection.Execute("UPDATE chaos_runs SET run = @run, is_open = @isOpen WHERE id = @Id", new { run.Id, run = Json(run), isOpen = run.EndedAt is null }, transaction);
            return connection.Execute(
                "INSERT OR REPLACE INTO chaos_journal (run, number, line) VALUES (@Id, @Number, @line)",
                lines.Select(line => new { run.Id, line.Number, line = JsonSerializer.Serialize(line, ChaosStoreJson.Default.ChaosLine) }),
                transaction);
        },
        cancellationToken);

    /// <summary>Newest first.</summary>
    /// <param name="planId">Null for all.</param>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<ChaosRun> ReadRuns(string? planId) => labDatabase.Read(reader => reader
        .Query<string>("SELECT run FROM chaos_runs WHERE @planId IS NULL OR run ->> 'planId' = @planId ORDER BY started_ns DESC, id DESC", new { planId })
        .Select(json => JsonSerializer.Deserialize(json, ChaosStoreJson.Default.ChaosRun)!).ToList());

    /// <exception cref="DatabaseException"/>
    public ChaosRun? FindRun(string id) => labDatabase.Read(reader => reader.QuerySingleOrDefault<string>("SELECT run FROM chaos_runs WHERE id = @id", new { id })) is { } json
        ? JsonSerializer.Deserialize(json, ChaosStoreJson.Default.ChaosRun)
        : null;

    /// <summary>Those that a LabNet that is gone has left open.</summary>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<ChaosRun> ReadOpen() => labDatabase.Read(reader => reader
        .Query<string>("SELECT run FROM chaos_runs WHERE is_open").Select(json => JsonSerializer.Deserialize(json, ChaosStoreJson.Default.ChaosRun)!).ToList());

    /// <summary>The text that a run ran by, and its schedule (<see cref="ChaosSchedule.Text"/>).</summary>
    /// <returns>Null if there is no such run.</returns>
    /// <exception cref="DatabaseException"/>
    public (string Plan, string Schedule)? FindText(string run) => labDatabase.Read(reader => reader
        .QuerySingleOrDefault<TextRow>("SELECT plan_text, schedule FROM chaos_runs WHERE id = @run", new { run })) is { } row
        ? (row.Plan_text, Encoding.UTF8.GetString(Packed.Unpack(row.Schedule)))
        : null;

    /// <summary>A part of a run's journal, oldest first.</summary>
    /// <param name="after">Only what comes after the line of this number; 0 for all.</param>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<ChaosLine> ReadJournal(string run, long after, int limit) => labDatabase.Read(reader => reader
        .Query<string>("SELECT line FROM chaos_journal WHERE run = @run AND number > @after ORDER BY number LIMIT @limit", new { run, after, limit })
        .Select(json => JsonSerializer.Deserialize(json, ChaosStoreJson.Default.ChaosLine)!).ToList());

    /// <returns>The number of a journal's last line; 0 for none.</returns>
    /// <exception cref="DatabaseException"/>
    public long ReadLastLine(string run) => labDatabase.Read(reader => reader.ExecuteScalar<long>("SELECT coalesce(max(number), 0) FROM chaos_journal WHERE run = @run", new { run }));

    private static string Json(ChaosRun run) => JsonSerializer.Serialize(run, ChaosStoreJson.Default.ChaosRun);

    private sealed record PlanRow(string Id, string Name, string Text, long Saved_ns, string Actor)
    {
        public KeptPlan ToPlan() => new(Id, Name, Text, UnixTime.FromUnixTimeNs(Saved_ns), Actor);
    }

    private sealed record TextRow(string Plan_text, byte[] Schedule);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    Converters = [typeof(LabNameConverter<VmName>)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ChaosRun))]
[JsonSerializable(typeof(ChaosLine))]
internal sealed partial class ChaosStoreJson : JsonSerializerContext;
