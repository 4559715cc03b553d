using System.Globalization;
using System.Text;

namespace LabNet.Core.Faults;

/// <summary>The debugger's side of the connection does not speak as GDB's manual says, or ended.</summary>
public sealed class RspException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// GDB's remote serial protocol (the appendix of GDB's manual), as far as QEMU's vCPUs need it:
/// <code>
/// packet  = "$" data "#" checksum        ; the sum of data's bytes, modulo 256, as two hex digits
/// answer  = "+" / "-"                    ; one for each packet: taken, or to be sent again
/// data    = *( byte / "}" escaped )      ; escaped is the byte xor 0x20
/// </code>
/// </summary>
/// <remarks>One question at a time.</remarks>
internal sealed class RspConnection(Stream stream) : IAsyncDisposable
{
    /// <summary>What QEMU sends here has some hundred bytes; more is somebody else.</summary>
    private const int PacketBytesMax = 16 * 1024;
    private const int SendTimes = 3;
    private const byte Escape = (byte)'}';

    private readonly byte[] _read = new byte[1024];
    private int _start;
    private int _end;

    /// <summary>Sends a packet; ends when the other side has it.</summary>
    /// <exception cref="RspException"/>
    public async Task SendAsync(string data, CancellationToken cancellationToken)
    {
        var packet = Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${data}#{ChecksumOf(Encoding.Latin1.GetBytes(data)):x2}"));
        for (var times = 0; times < SendTimes; times++)
        {
            await WriteAsync(packet, cancellationToken);
            if (await IsTakenAsync(cancellationToken))
            {
                return;
            }
        }

        throw new RspException($"QEMU's gdb server did not take {data} in {SendTimes} times.");
    }

    /// <summary>Sends a packet and waits for the one that answers it.</summary>
    /// <exception cref="RspException"/>
    public async Task<string> AskAsync(string data, CancellationToken cancellationToken)
    {
        await SendAsync(data, cancellationToken);
        return await ReadPacketAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<bool> IsTakenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (await ReadByteAsync(cancellationToken))
            {
                case (byte)'+':
                    return true;
                case (byte)'-':
                    return false;
                case (byte)'$':
                    // A word of its own, such as why the guest stopped: nobody waits for it.
                    await ReadDataAsync(cancellationToken);
                    await WriteAsync("+"u8.ToArray(), cancellationToken);
                    break;
            }
        }
    }

    private async Task<string> ReadPacketAsync(CancellationToken cancellationToken)
    {
        while (await ReadByteAsync(cancellationToken) != (byte)'$')
        {
        }

        var data = await ReadDataAsync(cancellationToken);
        await WriteAsync("+"u8.ToArray(), cancellationToken);
        return Encoding.Latin1.GetString(data);
    }

    /// <summary>From behind the dollar sign to the end of the checksum.</summary>
    private async Task<byte[]> ReadDataAsync(CancellationToken cancellationToken)
    {
        var data = new List<byte>();
        var sum = 0;
        while (await ReadByteAsync(cancellationToken) is var next && next != (byte)'#')
        {
            sum += next;
            if (next == Escape)
            {
                next = await ReadByteAsync(cancellationToken);
                sum += next;
                next ^= 0x20;
            }

            data.Add(next);
            if (data.Count > PacketBytesMax)
            {
                throw new RspException($"QEMU's gdb server sent a packet of more than {PacketBytesMax} bytes.");
            }
        }

        byte[] digits = [await ReadByteAsync(cancellationToken), await ReadByteAsync(cancellationToken)];
        var told = Encoding.Latin1.GetString(digits);
        return byte.TryParse(told, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var checksum) && checksum == (byte)sum
            ? [.. data]
            : throw new RspException($"QEMU's gdb server sent a packet whose checksum is {told} and not {(byte)sum:x2}.");
    }

    private async ValueTask<byte> ReadByteAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            try
            {
                (_start, _end) = (0, await stream.ReadAsync(_read, cancellationToken));
            }
            catch (IOException e)
            {
                throw new RspException("The connection to QEMU's gdb server was lost.", e);
            }

            if (_end == 0)
            {
                throw new RspException("QEMU's gdb server ended the connection.");
            }
        }

        return _read[_start++];
    }

    private async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException e)
        {
            throw new RspException("The connection to QEMU's gdb server was lost.", e);
        }
    }

    private static byte ChecksumOf(byte[] data) => (byte)data.Sum(one => one);
}
