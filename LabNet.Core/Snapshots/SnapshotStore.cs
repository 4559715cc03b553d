using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Snapshots;

/// <summary>The trees in lab.db, and what the machines were.</summary>
public sealed class SnapshotStore(Database labDatabase)
{
    /// <returns>Null if none was kept.</returns>
    /// <exception cref="DatabaseException"/>
    public SnapshotTree? Find(VmName vm) => labDatabase.Read(reader =>
        reader.QuerySingleOrDefault<string>("SELECT tree FROM snapshot_trees WHERE vm = @vm", new { vm = vm.ToString() })) is { } json
        ? SnapshotDocument.Parse(json)
        : null;

    /// <summary>Keeps the tree, and lets go of what it no longer has.</summary>
    /// <exception cref="DatabaseException"/>
    public Task SaveAsync(SnapshotTree tree, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        """
        INSERT INTO snapshot_trees (vm, revision, tree) VALUES (@vm, @Revision, @tree)
            ON CONFLICT (vm) DO UPDATE SET revision = excluded.revision, tree = excluded.tree;
        DELETE FROM snapshot_machines WHERE vm = @vm AND id NOT IN (SELECT value FROM json_each(@ids));
        """,
        new
        {
            vm = tree.Vm.ToString(),
            tree.Revision,
            tree = SnapshotDocument.Format(tree),
            ids = JsonSerializer.Serialize([.. tree.Snapshots.Select(one => one.Id.Text), .. tree.Step is { } step ? [step.Id.Text] : Array.Empty<string>()], SnapshotJson.Default.StringArray),
        },
        cancellationToken);

    /// <exception cref="DatabaseException"/>
    public Task SaveFactsAsync(VmName vm, SnapshotId id, MachineFacts facts, CancellationToken cancellationToken) => labDatabase.WriteAsync(
        "INSERT OR REPLACE INTO snapshot_machines (vm, id, facts) VALUES (@vm, @id, @facts)",
        new { vm = vm.ToString(), id = id.Text, facts = Packed.Pack(JsonSerializer.SerializeToUtf8Bytes(facts, SnapshotJson.Default.MachineFacts)) },
        cancellationToken);

    /// <returns>Null for a snapshot that somebody else took.</returns>
    /// <exception cref="DatabaseException"/>
    public MachineFacts? FindFacts(VmName vm, SnapshotId id) => labDatabase.Read(reader =>
        reader.QuerySingleOrDefault<byte[]>("SELECT facts FROM snapshot_machines WHERE vm = @vm AND id = @id", new { vm = vm.ToString(), id = id.Text })) is { } packed
        ? JsonSerializer.Deserialize(Packed.Unpack(packed), SnapshotJson.Default.MachineFacts)
        : null;
}

/// <summary>A tree as it is kept, in lab.db and beside the disk alike.</summary>
internal static class SnapshotDocument
{
    private const string FileName = "snapshots.json";

    public static string Format(SnapshotTree tree) => JsonSerializer.Serialize(tree, SnapshotJson.Default.SnapshotTree);

    /// <exception cref="JsonException">It is none.</exception>
    public static SnapshotTree? Parse(string json) => JsonSerializer.Deserialize(json, SnapshotJson.Default.SnapshotTree);

    /// <summary>The document beside the VM's disk; null if there is none.</summary>
    /// <exception cref="IOException"/>
    /// <exception cref="JsonException"/>
    public static SnapshotTree? ReadFrom(string folder)
    {
        var path = Path.Join(folder, FileName);
        return File.Exists(path) ? Parse(File.ReadAllText(path)) : null;
    }

    /// <summary>Whole or not at all, also when the machine stops in between.</summary>
    /// <exception cref="IOException"/>
    public static void WriteTo(string folder, SnapshotTree tree)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Join(folder, FileName);
        var making = path + ".new";
        using (var file = new FileStream(making, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, tree, SnapshotJson.Default.SnapshotTree);
            file.Flush(flushToDisk: true);
        }

        File.Move(making, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(LabNameConverter<VmName>)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SnapshotTree))]
[JsonSerializable(typeof(MachineFacts))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
