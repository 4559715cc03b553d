using System.Diagnostics;
using System.Text;

namespace LabNet.Core.Hosts;

/// <summary>Wireshark's <c>tshark</c>, where it is installed: it knows more protocols than LabNet.</summary>
public sealed partial class Host
{
    /// <summary>A dissector that runs away, or wants all memory, is one that a packet was made for.</summary>
    private const int TsharkSeconds = 10;
    private const long TsharkMemoryBytes = 3L << 30;

    private static readonly Lazy<string?> Tshark = new(() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Join(folder, "tshark")).FirstOrDefault(File.Exists));

    /// <summary>Whether packets can be summed up by it.</summary>
    public static bool HasTshark => Tshark.Value is not null;

    /// <summary>Protocol and summary of each packet.</summary>
    /// <param name="packets">A capture file, whole.</param>
    /// <param name="count">How many packets it has.</param>
    /// <returns>Null if it could not, did not within some seconds, or tells of another number of packets.</returns>
    public static async Task<IReadOnlyList<(string Protocol, string Summary)>?> SummarizeAsync(ReadOnlyMemory<byte> packets, int count, CancellationToken cancellationToken)
    {
        if (Tshark.Value is not { } tshark)
        {
            return null;
        }

        // -n: it would ask name servers for addresses of the guests' choosing.
        string[] arguments =
            [$"--cpu={TsharkSeconds}", $"--as={TsharkMemoryBytes}", "--core=0", tshark, "-n", "-r", "-", "-T", "fields", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info"];
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(TsharkSeconds));
        using var process = Start(new ProcessStartInfo("prlimit", arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        });
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.StandardInput.BaseStream.WriteAsync(packets, timeout.Token);
            process.StandardInput.Close();
            var lines = (await output).TrimEnd('\n').Split('\n');
            await errors;
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode != 0 || lines.Length != count ? null : [.. lines.Select(line => line.Split('\t', 2) is [var protocol, var summary] ? (protocol, summary) : ("", line))];
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
