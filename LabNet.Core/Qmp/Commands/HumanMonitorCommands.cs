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

    /// <summary>All devices with all their properties, bus by bus: one question where QOM would need some thousand.</summary>
    public static QmpCommand<string> DeviceTree { get; } = Execute.With(HumanMonitorLine.DeviceTree);
}

/// <summary>A line of the human monitor: a constant, or one whose only word is a path that LabNet made. There is no way to make others.</summary>
public sealed class HumanMonitorLine
{
    public static readonly HumanMonitorLine MemoryTree = new("info mtree -f -o");
    public static readonly HumanMonitorLine DeviceTree = new("info qtree");

    private HumanMonitorLine(string text) => Text = text;

    [JsonPropertyName("command-line")]
    public string Text { get; }

    /// <summary>The log goes on in another file. QEMU 7.2 appends to what is there, newer ones truncate it: take a new one.</summary>
    /// <param name="path">Absolute, of LabNet's own making.</param>
    /// <exception cref="ArgumentException">The monitor would not take the path for one word.</exception>
    public static HumanMonitorLine LogFile(string path) => Path.IsPathFullyQualified(path) && !path.Any(c => char.IsControl(c) || c is '"' or '\\')
        ? new($"logfile \"{path}\"")
        : throw new ArgumentException($"The human monitor cannot be told of the file {path}.", nameof(path));

    /// <summary>Ends what <see cref="GdbServer"/> began.</summary>
    public static readonly HumanMonitorLine NoGdbServer = new("gdbserver none");

    /// <summary>QEMU listens for a debugger at a socket; whoever connects stops the guest.</summary>
    /// <param name="path">Absolute, of LabNet's own making.</param>
    /// <exception cref="ArgumentException">The monitor, or the option's own grammar, would not take the path for one word.</exception>
    public static HumanMonitorLine GdbServer(string path) => Path.IsPathFullyQualified(path) && !path.Any(c => char.IsControl(c) || c is '"' or '\\' or ',')
        ? new($"gdbserver \"unix:{path},server=on,wait=off\"")
        : throw new ArgumentException($"The human monitor cannot be told of the socket {path}.", nameof(path));

    public override string ToString() => Text;
}
