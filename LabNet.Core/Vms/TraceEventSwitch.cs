using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Vms;

/// <summary>Where trace events go.</summary>
public enum TraceKeep
{
    /// <summary>Into the history.</summary>
    Store,

    /// <summary>Only where the newest ones can be looked at, in memory.</summary>
    Ring,
}

/// <summary>Trace events that are to be on or off, and what is kept of them. Of several that fit an event the last one counts.</summary>
/// <param name="Pattern">A name, or a glob with <c>*</c> and <c>?</c>.</param>
/// <param name="Keep">Where to.</param>
/// <param name="Filter">Only what it lets through is kept; null for all. In the language of docs/trace-filter.md.</param>
public sealed record TraceEventSwitch(string Pattern, bool Enabled, TraceKeep Keep = TraceKeep.Store, string? Filter = null)
{
    private const int PatternCharsMax = 128;

    /// <returns>What is wrong with the pattern, with what is allowed; null if nothing is.</returns>
    public string? Mistake() => Pattern.Length is > 0 and <= PatternCharsMax && Pattern.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '*' or '?')
        ? null
        : $"pattern: \"{Pattern}\" is no trace event's name; it has letters, digits, _ and the wildcards * and ? ({PatternCharsMax} at most).";
}

/// <summary>No trace event of this QEMU has such a name; the message says so.</summary>
public sealed class UnknownTraceEventException(string message) : Exception(message);

/// <summary>trace-events.json in a VM's folder: what was switched, in its order. It outlasts the QEMU process, which begins with all events off.</summary>
internal static class TraceSwitchFile
{
    private const string Name = "trace-events.json";

    /// <returns>Empty if there is none, or it cannot be read: then all events are off.</returns>
    public static ImmutableArray<TraceEventSwitch> Read(string folder)
    {
        try
        {
            var path = Path.Join(folder, Name);
            var read = File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), TraceSwitchJson.Default.TraceEventSwitchArray) ?? [] : [];
            return [.. read.Where(one => one.Mistake() is null)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    /// <exception cref="IOException"/>
    public static void Write(string folder, ImmutableArray<TraceEventSwitch> switches)
    {
        var path = Path.Join(folder, Name);
        var making = path + ".new";
        File.WriteAllBytes(making, JsonSerializer.SerializeToUtf8Bytes([.. switches], TraceSwitchJson.Default.TraceEventSwitchArray));
        File.Move(making, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TraceEventSwitch[]))]
internal sealed partial class TraceSwitchJson : JsonSerializerContext
{
}
