namespace LabNet.Core.Snapshots;

/// <summary>
/// The section <c>ram</c>. Each record is an address of 8 bytes whose lowest bits, those below a page, are flags; what follows depends on them:
/// MEM_SIZE the blocks (name, size of 8 bytes) whose sizes make up the address; ZERO and PAGE a block's name unless CONTINUE is set (then it is
/// the last one), then one byte or a page; EOS nothing, it ends the section's part.
/// </summary>
internal sealed class SavedMemoryReader(SavedStateBytes bytes, int pageBytes)
{
    private const int FlagZero = 0x02;
    private const int FlagMemSize = 0x04;
    private const int FlagPage = 0x08;
    private const int FlagEos = 0x10;
    private const int FlagContinue = 0x20;

    /// <summary>Against a state that claims more than any guest has: hashes of 256 GiB take 512 MiB.</summary>
    private const ulong BytesMax = 256UL << 30;
    private const int BlocksMax = 1024;

    private readonly List<SavedMemory> _blocks = [];
    private SavedMemory? _current;

    public IReadOnlyList<SavedMemory> Blocks => _blocks;

    /// <exception cref="SavedStateException"/>
    /// <exception cref="OperationCanceledException"/>
    public void ReadPart(CancellationToken cancellationToken)
    {
        for (long record = 0; ; record++)
        {
            if (record % 4096 == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            var word = bytes.TakeUInt64();
            var flags = (int)(word & (ulong)(pageBytes - 1));
            var address = word - (ulong)flags;
            switch (flags & ~FlagContinue)
            {
                case FlagEos:
                    return;
                case FlagMemSize:
                    ReadBlocks(address);
                    break;
                case FlagZero or FlagPage:
                    ReadPage(address, flags);
                    break;
                default:
                    throw new SavedStateException($"The memory's record before byte {bytes.Position} has the flags 0x{flags:x}, which snapshots do not use.");
            }
        }
    }

    private void ReadBlocks(ulong total)
    {
        if (total > BytesMax || _blocks.Count > 0)
        {
            throw new SavedStateException($"The state claims {total} bytes of memory{(_blocks.Count > 0 ? " once more" : "")}; {BytesMax >> 30} GiB are read.");
        }

        while (total > 0)
        {
            var name = bytes.TakeName();
            var length = bytes.TakeUInt64();
            if (length == 0 || length > total || _blocks.Count == BlocksMax || _blocks.Exists(block => block.Name == name))
            {
                throw new SavedStateException($"The memory's block before byte {bytes.Position} has {length} bytes of {total}, or it is not the only one of its name.");
            }

            _blocks.Add(new SavedMemory(name, (long)length, pageBytes));
            total -= length;
        }
    }

    private void ReadPage(ulong address, int flags)
    {
        if ((flags & FlagContinue) == 0)
        {
            var name = bytes.TakeName();
            _current = _blocks.Find(block => block.Name == name);
        }

        if (_current is null || address >= (ulong)_current.Bytes)
        {
            throw new SavedStateException($"The page before byte {bytes.Position} is in no block of the memory.");
        }

        var page = (long)(address / (ulong)pageBytes);
        if ((flags & FlagPage) != 0)
        {
            _current.Save(page, bytes.Take(pageBytes));
        }
        else if (bytes.TakeByte() is var filler and not 0)
        {
            Span<byte> content = new byte[pageBytes];
            content.Fill(filler);
            _current.Save(page, content);
        }
        else
        {
            _current.SaveZeros(page);
        }
    }
}
