using System.Text.Json.Nodes;
using LabNet.Core.Feed;

namespace LabNet.Core.Recovery;

/// <summary>A crash, or what became of it; the whole incident. Told at once, at the moment of the crash, and again when it is over.</summary>
public sealed record IncidentChanged(Incident Incident, bool IsNew = false) : EventItem
{
    public override string RetainedAs => "incident";

    public override EventNote? Note => Incident switch
    {
        { IsOpen: false } => Told(Incident.Outcome.Word(), $"{Incident.Seen} {Incident.Told}", timeNs: IsNew ? Incident.At.ToUnixTimeNs() : null),
        _ when IsNew => Told(Incident.Kind.Word(), $"{Incident.Seen} It is being brought back ({Incident.Policy}).", Incident.At.ToUnixTimeNs()),
        _ => null,
    };

    private EventNote Told(string name, string text, long? timeNs) => new(
        EventKind.Incident, name, text, timeNs, new JsonObject { ["incident"] = Incident.Id, ["kind"] = Incident.Kind.Word(), ["outcome"] = Incident.Outcome.Word() }.ToJsonString());
}

/// <summary>A VM's policy or its breaker changed.</summary>
public sealed record RecoveryChanged(RecoveryStanding Standing) : FeedItem
{
    public override string RetainedAs => "recovery";
}

/// <summary>What a VM is to have done when it crashes, and whether it may.</summary>
public sealed record RecoveryStanding(RecoveryPolicy Policy, RecoveryBreaker Breaker)
{
    public static RecoveryStanding AtFirst { get; } = new(RecoveryPolicy.Default, RecoveryBreaker.Closed);
}
