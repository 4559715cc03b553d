using System.IO.Compression;
using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Tests;

/// <summary>What a real QEMU answered: Recordings/VERSION-ARCHITECTURE/NAME.jsonl, one message a line in the order seen.</summary>
internal static class Recording
{
    /// <summary>The folders: QEMU's version and the guest's architecture.</summary>
    public static readonly TheoryData<string> Machines = ["7.2-x86_64", "7.2-aarch64", "10.0-x86_64", "10.0-aarch64"];

    public static string[] Read(string machine, string name) =>
        File.ReadAllLines(Path.Join(Repository.Root, "LabNet.Tests", "Recordings", machine, $"{name}.jsonl"));

    /// <summary>What QEMU printed for people.</summary>
    public static string Text(string machine, string command)
    {
        using var returned = JsonDocument.Parse(Return(machine, command));
        return returned.RootElement.GetProperty("human-readable-text").GetString()!;
    }

    /// <summary>What the human monitor printed, with its line ends: Recordings/VERSION-ARCHITECTURE/NAME.txt.</summary>
    public static string Printed(string machine, string name) =>
        File.ReadAllText(Path.Join(Repository.Root, "LabNet.Tests", "Recordings", machine, $"{name}.txt"));

    /// <summary>The value that QEMU returned to the one command of a recording.</summary>
    public static string Return(string machine, string name)
    {
        using var reply = JsonDocument.Parse(Read(machine, name).Single(line => line.StartsWith("""{"return""", StringComparison.Ordinal)));
        return reply.RootElement.GetProperty("return").GetRawText();
    }

    /// <summary>What query-qmp-schema answered, as QEMU sent it; it is kept compressed.</summary>
    public static byte[] SchemaBytes(string machine)
    {
        using var file = File.OpenRead(Path.Join(Repository.Root, "LabNet.Tests", "Recordings", machine, "query-qmp-schema.json.gz"));
        using var json = new GZipStream(file, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        json.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static QmpSchema Schema(string machine) => QmpSchema.Parse(SchemaBytes(machine));
}
