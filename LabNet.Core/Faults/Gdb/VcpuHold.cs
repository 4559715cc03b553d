using System.Globalization;

namespace LabNet.Core.Faults;

/// <summary>
/// Lets a guest run without one of its vCPUs, as a debugger would that steps around it. QEMU stops the guest when a debugger connects; it goes on
/// by <c>vCont</c>, which names the threads (vCPUs) that do. When the connection is lost, what stood still stays so, until QMP's stop and cont.
/// </summary>
internal static class VcpuHold
{
    /// <summary>vCPUs that a machine may have, with room to spare.</summary>
    private const int ThreadsMax = 1024;

    /// <exception cref="RspException">The gdb server does not do it, or has no such vCPU.</exception>
    public static async Task BeginAsync(RspConnection gdb, int vcpu, CancellationToken cancellationToken)
    {
        var features = await gdb.AskAsync("qSupported:multiprocess+;vContSupported+", cancellationToken);
        if (!features.Contains("vContSupported+", StringComparison.Ordinal))
        {
            throw new RspException("QEMU's gdb server does not let single vCPUs go on.");
        }

        var threads = await ReadThreadsAsync(gdb, cancellationToken);
        if (threads.All(thread => NumberOf(thread) != vcpu))
        {
            throw new RspException($"QEMU's gdb server knows no vCPU {vcpu}; it has {threads.Count}.");
        }

        var others = threads.Where(thread => NumberOf(thread) != vcpu).Select(thread => $";c:{thread}");
        await gdb.SendAsync($"vCont{string.Concat(others)}", cancellationToken);
    }

    /// <summary>As QEMU names them, such as <c>p01.02</c>: process and thread, of which the thread is the vCPU's number plus one, both in hex.</summary>
    private static async Task<IReadOnlyList<string>> ReadThreadsAsync(RspConnection gdb, CancellationToken cancellationToken)
    {
        var threads = new List<string>();
        var answer = await gdb.AskAsync("qfThreadInfo", cancellationToken);
        while (answer.StartsWith('m') && threads.Count < ThreadsMax)
        {
            threads.AddRange(answer[1..].Split(',', StringSplitOptions.RemoveEmptyEntries));
            answer = await gdb.AskAsync("qsThreadInfo", cancellationToken);
        }

        return threads;
    }

    private static int? NumberOf(string thread)
    {
        var digits = thread[(thread.IndexOf('.', StringComparison.Ordinal) + 1)..];
        return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number - 1 : null;
    }
}
