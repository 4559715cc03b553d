using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>What QEMU's events mean, as sentences. An event that is not listed is told by its name and data.</summary>
internal static class QmpEventText
{
    public static EventNote Of(QmpEvent e) => new(
        e.Name == "JOB_STATUS_CHANGE" ? EventKind.Job : EventKind.Qmp,
        e.Name,
        Sentence(e),
        e.TimeNs,
        e.Data.ValueKind == JsonValueKind.Undefined ? null : e.Data.GetRawText());

    /// <summary>qapi/run-state.json, machine.json, block-core.json, job.json, qdev.json, char.json, net.json, ui.json.</summary>
    private static string Sentence(QmpEvent e) => e.Name switch
    {
        "STOP" => "The vCPUs stopped.",
        "RESUME" => "The vCPUs run.",
        "RESET" => Flag(e, "guest") ? "The guest reset the machine." : $"The machine was reset{Reason(e)}.",
        "SHUTDOWN" => Flag(e, "guest") ? "The guest shut the machine down." : $"QEMU shuts down{Reason(e)}.",
        "POWERDOWN" => "The guest was asked to shut down, by its power button.",
        "SUSPEND" => "The guest sleeps.",
        "SUSPEND_DISK" => "The guest sleeps, with its memory on its disk.",
        "WAKEUP" => "The guest woke up.",
        "GUEST_PANICKED" => $"The guest's kernel panicked; QEMU's action: {Text(e, "action")}.",
        "GUEST_CRASHLOADED" => "The guest's kernel crashed and loaded its crash kernel.",
        "WATCHDOG" => $"The guest's watchdog ran out; QEMU's action: {Text(e, "action")}.",
        "DEVICE_DELETED" => $"The guest has let go of {Text(e, "device") ?? Text(e, "path")}.",
        "DEVICE_UNPLUG_GUEST_ERROR" => $"The guest refuses to let go of {Text(e, "device") ?? Text(e, "path")}.",
        "BLOCK_IO_ERROR" => $"A {Text(e, "operation")} on {NodeOf(e)} failed ({Text(e, "reason")}); QEMU's action: {Text(e, "action")}.",
        "BLOCK_IMAGE_CORRUPTED" => $"The image of {NodeOf(e)} is corrupt: {Text(e, "msg")}",
        "BLOCK_WRITE_THRESHOLD" => $"On {NodeOf(e)} was written beyond the threshold that somebody had set.",
        "JOB_STATUS_CHANGE" => $"Job {Text(e, "id")} is {Text(e, "status")}.",
        "BLOCK_JOB_COMPLETED" => $"Block job {Text(e, "device")} is complete{(Text(e, "error") is { } error ? $": {error}" : "")}.",
        "BLOCK_JOB_CANCELLED" => $"Block job {Text(e, "device")} was cancelled.",
        "BLOCK_JOB_ERROR" => $"Block job {Text(e, "device")} met an error in a {Text(e, "operation")}.",
        "BLOCK_JOB_READY" => $"Block job {Text(e, "device")} is ready to be completed.",
        "DEVICE_TRAY_MOVED" => $"The tray of {Text(e, "id") ?? Text(e, "device")} {(Flag(e, "tray-open") ? "opened" : "closed")}.",
        "BALLOON_CHANGE" => $"The balloon leaves {Number(e, "actual")} bytes to the guest.",
        "NIC_RX_FILTER_CHANGED" => $"The guest changed which packets {Text(e, "name") ?? Text(e, "path")} takes.",
        "RTC_CHANGE" => $"The guest set its clock; it is now {Number(e, "offset")} s from the host's.",
        "VSERPORT_CHANGE" => $"The guest {(Flag(e, "open") ? "opened" : "closed")} the port {Text(e, "id")}.",
        "MEMORY_DEVICE_SIZE_CHANGE" => $"The memory device {Text(e, "id")} has {Number(e, "size")} bytes.",
        "ACPI_DEVICE_OST" => "The guest told how a hot-plug went.",
        "MIGRATION" => $"The migration is {Text(e, "status")}.",
        _ => $"QEMU sent {e.Name}.",
    };

    private static string Reason(QmpEvent e) => Text(e, "reason") is { } reason ? $" ({reason})" : "";

    private static string NodeOf(QmpEvent e) => Text(e, "node-name") ?? Text(e, "device") ?? "a disk";

    private static bool Flag(QmpEvent e, string member) => Member(e, member) is { ValueKind: JsonValueKind.True };

    private static string? Text(QmpEvent e, string member) =>
        Member(e, member) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text ? text : null;

    private static string Number(QmpEvent e, string member) => Member(e, member) is { ValueKind: JsonValueKind.Number } value ? value.GetRawText() : "?";

    private static JsonElement? Member(QmpEvent e, string member) =>
        e.Data.ValueKind == JsonValueKind.Object && e.Data.TryGetProperty(member, out var value) ? value : null;
}
