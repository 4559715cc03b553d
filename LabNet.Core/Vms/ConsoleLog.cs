using System.Text;

namespace LabNet.Core.Vms;

/// <summary>
/// Reads a VM's serial console for as long as it is there, because a console that nobody reads stops the guest after some hundred bytes,
/// and keeps the newest part of it in the VM's folder: console.log, and console.log.1 before it.
/// </summary>
public sealed class ConsoleLog(Func<CancellationToken, ValueTask<Stream>> open, string logPath, TimeProvider time)
{
    /// <summary>Of each of the two files.</summary>
    private const int FileBytesMax = 1024 * 1024;
    private const int TailBytes = 4096;
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>The last lines, as the guest wrote them.</summary>
    public string ReadTail()
    {
        if (!File.Exists(logPath))
        {
            return "";
        }

        using var file = new FileStream(logPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Max(0, file.Length - TailBytes);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n").Trim();
    }

    /// <summary>Until cancelled; connects again when the socket comes back.</summary>
    public async Task ReadLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var console = await open(cancellationToken);
                await CopyAsync(console, cancellationToken);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
            {
                // No QEMU yet, or no longer: the session tells that. A full disk must not stop the reading either.
            }

            await Task.Delay(ReconnectDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CopyAsync(Stream console, CancellationToken cancellationToken)
    {
        var log = Open();
        try
        {
            var buffer = new byte[16 * 1024];
            int read;
            while ((read = await console.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await log.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await log.FlushAsync(cancellationToken);
                if (log.Length >= FileBytesMax)
                {
                    await log.DisposeAsync();
                    File.Move(logPath, logPath + ".1", overwrite: true);
                    log = Open();
                }
            }
        }
        finally
        {
            await log.DisposeAsync();
        }
    }

    private FileStream Open() => new(logPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}
