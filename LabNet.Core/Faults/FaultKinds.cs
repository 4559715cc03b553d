using System.Text.RegularExpressions;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>The kinds of faults in the words of the REST contract.</summary>
public static class FaultKinds
{
    public const string Pause = "pause";
    public const string VcpuPause = "vcpu-pause";
    public const string BlockError = "block-error";
    public const string BlockThrottle = "block-throttle";
    public const string BlockLatency = "block-latency";
    public const string LinkDown = "link-down";
    public const string LinkFlap = "link-flap";
    public const string LinkImpair = "link-impair";
    public const string Balloon = "balloon";
    public const string Kill = "kill";
    public const string Nmi = "nmi";
    public const string Reset = "reset";

    public static IReadOnlyList<string> All { get; } =
        [Pause, VcpuPause, BlockError, BlockThrottle, BlockLatency, LinkDown, LinkFlap, LinkImpair, Balloon, Kill, Nmi, Reset];

    /// <summary>Whether it happens and is over.</summary>
    public static bool IsMomentary(string kind) => kind is Kill or Nmi or Reset;
}

/// <summary>What one fault at a time may hold.</summary>
internal static partial class FaultHold
{
    public const string RunState = "run-state";
    public const string Balloon = "balloon";

    public static string Vcpu(int vcpu) => $"vcpu:{vcpu}";

    public static string BlockErrors(string device) => $"block:{device}:errors";

    public static string BlockThrottle(string device) => $"block:{device}:throttle";

    public static string Link(NicId nic) => $"nic:{nic}:link";

    public static string Impair(NicId nic) => $"nic:{nic}:impair";

    /// <summary>A qdev id, of the lab file's or of what is plugged in.</summary>
    public static string? MistakeOfDevice(string device) => DevicePattern().IsMatch(device)
        ? null
        : $"device: “{device}” is none. It is a disk's id, such as vda.";

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DevicePattern();
}
