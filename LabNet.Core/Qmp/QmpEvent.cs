using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>An event that QEMU sent of itself.</summary>
/// <param name="Name">QEMU's name, such as <c>STOP</c> or <c>DEVICE_DELETED</c>.</param>
/// <param name="TimeNs">QEMU's own time, UTC nanoseconds since 1970 (µs resolution); null where QEMU had no clock (it then sends −1).</param>
/// <param name="Data">The event's data, or an undefined element where it has none.</param>
public sealed record QmpEvent(string Name, long? TimeNs, JsonElement Data)
{
    /// <summary>A member of the data that is a string; null for any other, and for none.</summary>
    public string? Text(string member) =>
        Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>What QEMU says when a client connects.</summary>
/// <param name="Version">QEMU's version, such as 7.2.22.</param>
/// <param name="Package">The distribution's package text, may be empty.</param>
public sealed record QmpGreeting(Version Version, string Package);

/// <summary>What a <see cref="QmpSession"/> tells, in the order in which it happened.</summary>
public abstract record QmpSignal
{
    /// <summary>A connection is negotiated; what was known before must be asked again.</summary>
    public sealed record Connected(QmpGreeting Greeting) : QmpSignal;

    public sealed record Received(QmpEvent Event) : QmpSignal;

    /// <summary>Events were dropped because the reader of the signals was too slow; what they told must be asked again.</summary>
    public sealed record Gap(long Events) : QmpSignal;

    public sealed record Disconnected(QmpException Reason) : QmpSignal;

    /// <summary>An attempt to connect failed; the next one follows by itself.</summary>
    public sealed record ConnectFailed(QmpException Reason) : QmpSignal;
}
