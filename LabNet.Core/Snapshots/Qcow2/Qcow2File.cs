using Microsoft.Win32.SafeHandles;

namespace LabNet.Core.Snapshots;

/// <summary>The bytes of one file, read at any place. A running QEMU may hold and change it: nothing is locked and nothing is kept.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Qcow2File : IDisposable
{
    private readonly SafeFileHandle _handle;

    /// <exception cref="IOException"/>
    /// <exception cref="UnauthorizedAccessException"/>
    public Qcow2File(string path)
    {
        Path = path;
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
    }

    public string Path { get; }

    public string Name => System.IO.Path.GetFileName(Path);

    public long Length => RandomAccess.GetLength(_handle);

    /// <summary>As many bytes as there are, up to the buffer's length.</summary>
    public int Read(Span<byte> buffer, long offset)
    {
        var done = 0;
        while (done < buffer.Length && RandomAccess.Read(_handle, buffer[done..], offset + done) is > 0 and var count)
        {
            done += count;
        }

        return done;
    }

    /// <param name="what">For the message.</param>
    /// <exception cref="Qcow2Exception">The file ends before.</exception>
    public void ReadAll(Span<byte> buffer, long offset, string what)
    {
        if (Read(buffer, offset) < buffer.Length)
        {
            throw new Qcow2Exception($"{Name}: {what} at {offset} reaches beyond the end of the file.");
        }
    }

    public void Dispose() => _handle.Dispose();
}
