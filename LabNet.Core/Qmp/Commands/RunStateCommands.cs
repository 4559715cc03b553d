using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>qapi/run-state.json and the power commands of qapi/misc.json, qapi/machine.json.</summary>
public static class RunStateCommands
{
    public static readonly QmpCommand<StatusInfo> QueryStatus = new("query-status", QmpJson.Default.StatusInfo);
    public static readonly QmpCommand<QmpNothing> Stop = new("stop", QmpJson.Default.QmpNothing);
    public static readonly QmpCommand<QmpNothing> Cont = new("cont", QmpJson.Default.QmpNothing);
    public static readonly QmpCommand<QmpNothing> SystemReset = new("system_reset", QmpJson.Default.QmpNothing);
    public static readonly QmpCommand<QmpNothing> SystemPowerdown = new("system_powerdown", QmpJson.Default.QmpNothing);
    public static readonly QmpCommand<QmpNothing> Quit = new("quit", QmpJson.Default.QmpNothing);
}

/// <param name="Running">Whether the vCPUs run.</param>
public sealed record StatusInfo(RunState Status, bool Running);

/// <summary>QEMU's run state; a word that only a newer QEMU knows is kept as it came.</summary>
[JsonConverter(typeof(RunStateConverter))]
public readonly record struct RunState(string Word)
{
    public static readonly RunState Running = new("running");
    public static readonly RunState Paused = new("paused");
    public static readonly RunState Prelaunch = new("prelaunch");
    public static readonly RunState Shutdown = new("shutdown");
    public static readonly RunState GuestPanicked = new("guest-panicked");
    public static readonly RunState Watchdog = new("watchdog");
    public static readonly RunState IoError = new("io-error");
    public static readonly RunState InternalError = new("internal-error");
    public static readonly RunState RestoreVm = new("restore-vm");
    public static readonly RunState SaveVm = new("save-vm");
    public static readonly RunState Suspended = new("suspended");

    public override string ToString() => Word;
}

internal sealed class RunStateConverter : JsonConverter<RunState>
{
    public override RunState Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("a run state is a string"));

    public override void Write(Utf8JsonWriter writer, RunState value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Word);
}
