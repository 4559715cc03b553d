using System.Text.Json.Nodes;
using LabNet.Core.Feed;

namespace LabNet.Core.Traffic;

/// <summary>What became of a capture.</summary>
public enum CaptureStep
{
    Began,
    WentOn,
    Ended,
    Removed,
}

/// <summary>A capture began, has more packets, ended or was removed; the whole capture.</summary>
public sealed record CaptureChanged(Capture Capture, CaptureStep Step, string? Why = null) : EventItem
{
    /// <summary>How far it has come is shown while it runs, and not kept.</summary>
    public override EventNote? Note => Step switch
    {
        CaptureStep.Began => Told("began", $"A capture on {Nics} began{(Capture.Filter.Length == 0 ? "" : " with a filter")}, asked for by {Capture.Actor}."),
        CaptureStep.Ended => Told("ended", $"The capture on {Nics} ended with {Capture.Packets} packets. {Capture.Told}"),
        CaptureStep.Removed => Told("removed", $"The capture on {Nics} of {Capture.StartedAt:yyyy-MM-dd HH:mm:ss} UTC was removed{(Why is null ? "" : $": {Why}")}."),
        _ => null,
    };

    private string Nics => string.Join(", ", Capture.Parts.Select(part => part.Nic.ToString()));

    private EventNote Told(string name, string text) => new(EventKind.Capture, name, text, Data: new JsonObject { ["capture"] = Capture.Id }.ToJsonString());
}
