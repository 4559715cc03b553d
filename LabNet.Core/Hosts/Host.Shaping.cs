using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Hosts;

/// <summary>The kernel's queueing disciplines at a network interface, by <c>tc</c>.</summary>
public sealed partial class Host
{
    /// <summary>By this handle LabNet knows its own again, and leaves others' alone.</summary>
    private const string ShapingHandle = "7ab0:";
    private static readonly TimeSpan TcTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Why this process may not change how an interface queues; null if it may.</summary>
    public static string? WhyNotShape() =>
        !Environment.IsPrivilegedProcess ? "LabNet does not run as root, so it may not change how the kernel sends."
        : FindTc() is null ? "There is no tc here (package iproute2)."
        : null;

    /// <summary>Why the kernel cannot delay or lose frames; null if it can. Tried in a network namespace of its own, which is gone with the try.</summary>
    public string? WhyNotNetem()
    {
        if (WhyNotShape() is { } whyNot)
        {
            return whyNot;
        }

        try
        {
            using var tried = Process.Start(new ProcessStartInfo("unshare", ["--net", FindTc()!, "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            if (!tried.WaitForExit(TcTimeout))
            {
                tried.Kill(entireProcessTree: true);
            }

            return tried is { HasExited: true, ExitCode: 0 } ? null : "This machine's kernel has no netem.";
        }
        catch (Win32Exception e)
        {
            LogNetemNotTried(e.Message);
            return "Whether this machine's kernel has netem cannot be tried here.";
        }
    }

    /// <summary>What is sent by the interface queues so from now on.</summary>
    /// <param name="discipline">As tc takes it, such as <c>tbf rate 1000kbit …</c>.</param>
    /// <exception cref="HostException">The kernel refused.</exception>
    internal static Task ShapeAsync(string device, IReadOnlyList<string> discipline, CancellationToken cancellationToken) =>
        RunAsync(FindTc() ?? "tc", ["qdisc", "replace", "dev", device, "root", "handle", ShapingHandle, .. discipline], input: null, cancellationToken);

    /// <exception cref="HostException">The kernel refused.</exception>
    internal static async Task EndShapingAsync(string device, CancellationToken cancellationToken)
    {
        if (await ReadShapingAsync(device, cancellationToken) is not null)
        {
            await RunAsync(FindTc() ?? "tc", ["qdisc", "del", "dev", device, "root", "handle", ShapingHandle], input: null, cancellationToken);
        }
    }

    /// <summary>LabNet's own discipline at the interface, as tc tells it in JSON; null if there is none, or no such interface.</summary>
    internal static async Task<string?> ReadShapingAsync(string device, CancellationToken cancellationToken)
    {
        if (ReadInterface(device) is null || FindTc() is not { } tc)
        {
            return null;
        }

        using var shown = JsonDocument.Parse(await RunAsync(tc, ["-json", "qdisc", "show", "dev", device], input: null, cancellationToken));
        var own = shown.RootElement.EnumerateArray().FirstOrDefault(one => one.TryGetProperty("handle", out var handle) && handle.GetString() == ShapingHandle);
        return own.ValueKind == JsonValueKind.Object ? own.GetRawText() : null;
    }

    /// <summary>An ordinary user's PATH may lack the folders of programs for root.</summary>
    private static string? FindTc() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"])
        .Select(folder => Path.Join(folder, "tc")).FirstOrDefault(File.Exists);

    [LoggerMessage(1106, LogLevel.Warning, "Whether the kernel has netem could not be tried: {Reason}")]
    private partial void LogNetemNotTried(string reason);
}
