using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>qapi/misc.json: QEMU's human monitor, for the few things that no command with JSON tells.</summary>
public static class HumanMonitorCommands
{
    /// <summary>Takes only lines that stand in this file: no text of a user ever reaches the human monitor.</summary>
    public static readonly QmpCommand<HumanMonitorLine, string> Execute =
        new("human-monitor-command", QmpJson.Default.HumanMonitorLine, QmpJson.Default.String);

    /// <summary>The address spaces, each as the flat list of what answers in it, with owners. 17 to 29 KB, about a millisecond of QEMU's main loop.</summary>
    public static QmpCommand<string> MemoryTree { get; } = Execute.With(HumanMonitorLine.MemoryTree);
}

/// <summary>A line of the human monitor that only reads. There is no way to make others.</summary>
public sealed class HumanMonitorLine
{
    public static readonly HumanMonitorLine MemoryTree = new("info mtree -f -o");

    private HumanMonitorLine(string text) => Text = text;

    [JsonPropertyName("command-line")]
    public string Text { get; }

    public override string ToString() => Text;
}
