using Microsoft.Win32.SafeHandles;

namespace LabNet.Core.Traffic;

/// <summary>Reads a file of LabNet's own packet by packet, with one packet in hand; QEMU's times become the wall clock's by their era.</summary>
internal sealed class CaptureFileReader : IDisposable
{
    private const int BufferBytes = PcapFormat.CapturedBytesMax + PcapFormat.RecordHeaderBytes;

    private readonly SafeFileHandle _file;
    private readonly long _end;
    private readonly IReadOnlyList<CaptureEra> _eras;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private long _next = PcapFormat.HeaderBytes;
    private int _era = -1;
    private int _begin;
    private int _filled;
    private int _frameAt;
    private int _frameBytes;

    /// <param name="end">The file is read up to here.</param>
    /// <param name="eras">Of the file, oldest first.</param>
    /// <exception cref="IOException"/>
    public CaptureFileReader(string path, long end, IReadOnlyList<CaptureEra> eras)
    {
        _eras = eras;
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _end = Math.Min(end, RandomAccess.GetLength(_file));
        Advance();
    }

    public bool HasPacket { get; private set; }

    /// <summary>UTC nanoseconds since 1970, never before the packet before it.</summary>
    public long TimeNs { get; private set; }

    public int OriginalBytes { get; private set; }

    public ReadOnlySpan<byte> Frame => _buffer.AsSpan(_frameAt, _frameBytes);

    /// <summary>Takes the next packet in hand; none at the end, and where the file is damaged.</summary>
    public void Advance()
    {
        HasPacket = TryTake() || (Fill() && TryTake());
    }

    public void Dispose() => _file.Dispose();

    private bool TryTake()
    {
        if (!PcapFormat.Fine.TryReadRecord(_buffer.AsSpan(_begin, _filled - _begin), out var record, out _))
        {
            return false;
        }

        var at = _next - (_filled - _begin);
        while (_era + 1 < _eras.Count && _eras[_era + 1].Begin <= at)
        {
            _era++;
        }

        (TimeNs, OriginalBytes) = (Math.Max(TimeNs, record.TimeNs + (_era < 0 ? 0 : _eras[_era].OffsetNs)), record.OriginalBytes);
        (_frameAt, _frameBytes) = (_begin + PcapFormat.RecordHeaderBytes, record.Frame.Length);
        _begin += record.FileBytes;
        return true;
    }

    private bool Fill()
    {
        _buffer.AsSpan(_begin, _filled - _begin).CopyTo(_buffer);
        (_begin, _filled) = (0, _filled - _begin);
        var before = _filled;
        while (_filled < _buffer.Length && _next < _end)
        {
            var read = RandomAccess.Read(_file, _buffer.AsSpan(_filled, (int)Math.Min(_buffer.Length - _filled, _end - _next)), _next);
            if (read == 0)
            {
                break;
            }

            (_filled, _next) = (_filled + read, _next + read);
        }

        return _filled > before;
    }
}
