using System.Globalization;
using System.Text;

namespace LabNet.Core.Consoles;

/// <summary>
/// Keeps a console's newest part on disk, as the guest wrote it: console.log, and console.log.1 before it. It reads the history as any
/// viewer does, so that a slow or full disk holds up nobody; what was not written is told in the log itself.
/// </summary>
/// <param name="path">Of console.log; its folder need not be there before the first byte.</param>
internal sealed class ConsoleLog(string path)
{
    private const int ReadBytes = 64 * 1024;

    private readonly string _olderPath = path + ".1";
    private FileStream? _file;

    /// <summary>When something was last written; null if nothing was ever.</summary>
    public DateTimeOffset? WrittenAt => (File.Exists(path), File.Exists(_olderPath)) switch
    {
        (true, _) => new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero),
        (_, true) => new DateTimeOffset(File.GetLastWriteTimeUtc(_olderPath), TimeSpan.Zero),
        _ => null,
    };

    /// <summary>The newest bytes of what an earlier LabNet wrote, at most as many as a history keeps.</summary>
    public byte[] ReadKept()
    {
        try
        {
            var newest = ReadEnd(path, ConsoleHistory.KeptBytesMax);
            return [.. ReadEnd(_olderPath, ConsoleHistory.KeptBytesMax - newest.Length), .. newest];
        }
        catch (IOException)
        {
            // A disk that fails takes the scrollback with it, not the console.
            return [];
        }
    }

    /// <summary>Writes until the history is complete; cancelling does not end it, so that nothing is lost at LabNet's end.</summary>
    public async Task WriteLoopAsync(ConsoleHistory history, long position)
    {
        var buffer = new byte[ReadBytes];
        try
        {
            long lost = 0;
            while (await history.WaitForMoreAsync(position, CancellationToken.None))
            {
                var count = history.Read(position, buffer, out var at);
                lost += at - position;
                position = at + count;
                lost = TryWrite(buffer.AsSpan(0, count), lost) ? 0 : lost + count;
            }
        }
        finally
        {
            Close();
        }
    }

    private bool TryWrite(ReadOnlySpan<byte> bytes, long lostBefore)
    {
        try
        {
            _file ??= new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (lostBefore > 0)
            {
                var told = string.Create(CultureInfo.InvariantCulture, $"\r\n[LabNet: {lostBefore} bytes are missing here: they could not be written]\r\n");
                _file.Write(Encoding.ASCII.GetBytes(told));
            }

            _file.Write(bytes);
            if (_file.Length >= ConsoleHistory.KeptBytesMax)
            {
                Close();
                File.Move(path, _olderPath, overwrite: true);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Full, or gone; the next bytes try again.
            Close();
            return false;
        }
    }

    private void Close()
    {
        try
        {
            _file?.Dispose();
        }
        catch (IOException)
        {
            // Nothing is buffered that could still be saved.
        }

        _file = null;
    }

    private static byte[] ReadEnd(string file, int bytesMax)
    {
        if (bytesMax == 0 || !File.Exists(file))
        {
            return [];
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = Math.Max(0, stream.Length - bytesMax);
        var bytes = new byte[stream.Length - stream.Position];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
