using System.Text;
using System.Text.RegularExpressions;
using LabNet.Core.Labs;

namespace LabNet.Core.Traffic;

/// <summary>What the packets of a traffic run are.</summary>
public enum TrafficProtocol
{
    Udp,

    /// <summary>Echo requests; the receiver's kernel answers each.</summary>
    Icmp,

    /// <summary>SYN segments; the receiver's kernel refuses each.</summary>
    Tcp,

    /// <summary>Frames of EtherType 0x88b5 (IEEE 802 local experimental 1), without IP.</summary>
    Ethernet,
}

/// <summary>Packets that are to go from one guest to another.</summary>
/// <param name="Link">That both are on; each by its first NIC there.</param>
/// <param name="Port">Source and destination port of UDP and TCP, the id of ICMP; not used by <see cref="TrafficProtocol.Ethernet"/>.</param>
/// <param name="Payload">A text in each packet, behind 12 bytes by which LabNet knows it.</param>
/// <param name="PayloadBytes">Filled up to so many bytes, those 12 included; null for as long as it is.</param>
/// <param name="RatePerSecond">Packets a second; a guest under TCG reaches some hundred.</param>
/// <param name="Script">A Python program in the sender's shared folder that sends instead; null for LabNet's own. It gets the options of scapy_send.py.</param>
public sealed record TrafficWish(
    VmName From, VmName To, LinkName Link, TrafficProtocol Protocol, int Port, string Payload, int? PayloadBytes, int Count, double RatePerSecond, string? Script = null)
{
    /// <summary>What LabNet writes in front: "LNTR", the run, the number.</summary>
    public const int HeadBytes = 12;
    public const int CountMax = 10_000;
    public const double RateMax = 10_000;
    public const int PayloadBytesMax = 9000;

    /// <summary>The port of "discard" (RFC 863): nobody who hears of it answers.</summary>
    public const int PortAtFirst = 9;

    /// <summary>What is wrong, with what is allowed; null if nothing is.</summary>
    public string? Mistake =>
        From == To ? "from and to: these are the same VM."
        : Count is < 1 or > CountMax ? $"count: {Count} is not between 1 and {CountMax}."
        : RatePerSecond is not (> 0 and <= RateMax) ? $"ratePerSecond: {RatePerSecond} is not between 0 and {RateMax}."
        : Port is < 1 or > ushort.MaxValue ? $"port: {Port} is not between 1 and {ushort.MaxValue}."
        : PayloadBytes is { } bytes && (bytes < HeadBytes || bytes > PayloadBytesMax) ? $"payloadBytes: {bytes} is not between {HeadBytes} and {PayloadBytesMax}."
        : Encoding.UTF8.GetByteCount(Payload) > PayloadBytesMax - HeadBytes ? $"payload: it is longer than {PayloadBytesMax - HeadBytes} bytes."
        : Script is not null && !TrafficScript.IsName(Script) ? $"script: “{Script}” is none. It is the name of a file in the shared folder, such as scapy_send.py; in a folder of it, with / between."
        : null;

    /// <summary>What stands behind the head.</summary>
    internal byte[] Rest()
    {
        var text = Encoding.UTF8.GetBytes(Payload);
        var rest = new byte[Math.Max(0, (PayloadBytes ?? (HeadBytes + text.Length)) - HeadBytes)];
        text.AsSpan(0, Math.Min(text.Length, rest.Length)).CopyTo(rest);
        return rest;
    }
}

internal static partial class TrafficScript
{
    /// <summary>Where LabNet's guests have the shared folder.</summary>
    public const string Folder = "/mnt";

    public static bool IsName(string text) => Name().IsMatch(text) && !text.Split('/').Contains("..");

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,8}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
