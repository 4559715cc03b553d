using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class QmpEventTextTests
{
    private const long At = 1_800_000_000_123_456_000;

    [Theory]
    [InlineData("STOP", null, "The vCPUs stopped.")]
    [InlineData("RESET", """{"guest": true, "reason": "guest-reset"}""", "The guest reset the machine.")]
    [InlineData("RESET", """{"guest": false, "reason": "host-qmp-system-reset"}""", "The machine was reset (host-qmp-system-reset).")]
    [InlineData("SHUTDOWN", """{"guest": false, "reason": "host-signal"}""", "QEMU shuts down (host-signal).")]
    [InlineData("DEVICE_DELETED", """{"path": "/machine/peripheral/d1/virtio-backend"}""", "The guest has let go of /machine/peripheral/d1/virtio-backend.")]
    [InlineData("DEVICE_DELETED", """{"device": "d1", "path": "/machine/peripheral/d1"}""", "The guest has let go of d1.")]
    [InlineData(
        "BLOCK_IO_ERROR",
        """{"device": "", "node-name": "vda", "reason": "No space left on device", "operation": "write", "action": "stop", "nospace": true}""",
        "A write on vda failed (No space left on device); QEMU's action: stop.")]
    [InlineData("BLOCK_JOB_COMPLETED", """{"type": "mirror", "device": "j0", "len": 1, "offset": 1, "speed": 0, "error": "Input/output error"}""", "Block job j0 is complete: Input/output error.")]
    [InlineData("RTC_CHANGE", """{"offset": -3600, "qom-path": "/machine/unattached/device[8]"}""", "The guest set its clock; it is now -3600 s from the host's.")]
    [InlineData("VSERPORT_CHANGE", """{"open": true, "id": "agent"}""", "The guest opened the port agent.")]
    [InlineData("SPICE_INITIALIZED", "{}", "QEMU sent SPICE_INITIALIZED.")]
    public void What_QEMU_tells_is_a_sentence_with_QEMUs_own_time_and_words(string name, string? data, string sentence)
    {
        var note = QmpEventText.Of(new QmpEvent(name, At, data is null ? default : JsonElement.Parse(data)));
        Assert.Equal(new EventNote(EventKind.Qmp, name, sentence, At, data), note);
    }

    [Fact]
    public void A_job_that_goes_from_one_state_to_the_next_is_an_event_of_its_own_kind()
    {
        const string Data = """{"status": "concluded", "id": "snapshot-1"}""";
        var note = QmpEventText.Of(new QmpEvent("JOB_STATUS_CHANGE", At, JsonElement.Parse(Data)));
        Assert.Equal(new EventNote(EventKind.Job, "JOB_STATUS_CHANGE", "Job snapshot-1 is concluded.", At, Data), note);
    }

    /// <summary>Also of those that came with a newer QEMU, and whatever their data say or leave out.</summary>
    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void Every_event_that_a_QEMU_knows_has_a_sentence(string machine)
    {
        var events = JsonElement.Parse(Recording.SchemaBytes(machine)).EnumerateArray()
            .Where(type => type.GetProperty("meta-type").GetString() == "event").Select(type => type.GetProperty("name").GetString()!).ToList();
        Assert.True(events.Count > 40, $"{events.Count}");
        foreach (var name in events)
        {
            foreach (var data in (string[])["{}", "[]", "7", """{"id": 1, "device": {}, "status": null, "guest": "yes", "reason": ["a"], "offset": "b"}"""])
            {
                Assert.Matches("^[A-Z].*[.:] ?$", QmpEventText.Of(new QmpEvent(name, TimeNs: null, JsonElement.Parse(data))).Text);
            }
        }
    }
}
