using LabNet.Core.Traffic;

namespace LabNet.Tests.Traffic;

/// <summary>A switch whose sockets and clock are the test's.</summary>
internal sealed class SwitchOnPaper
{
    public const int FrameBytesMax = 1468;

    public SwitchOnPaper(int ports)
    {
        Switch = new FrameSwitch(Send, FrameBytesMax);
        for (var port = 1; port <= ports; port++)
        {
            Switch.AddPort(port, $"p{port}");
        }
    }

    public FrameSwitch Switch { get; }

    /// <summary>What was sent: by which port, when, and the frame's mark.</summary>
    public List<(int Port, long AtUs, int Mark)> Sent { get; } = [];

    public long NowUs { get; set; }

    /// <summary>Whether a port has room.</summary>
    public Func<int, bool> HasRoom { get; set; } = _ => true;

    public static byte[] Frame(int from, int to, int mark = 0, int bytes = 64)
    {
        var frame = new byte[bytes];
        Address(to).CopyTo(frame, 0);
        Address(from).CopyTo(frame, 6);
        BitConverter.TryWriteBytes(frame.AsSpan(14), mark);
        return frame;
    }

    /// <summary>To everybody.</summary>
    public static byte[] Broadcast(int from, int mark = 0)
    {
        var frame = Frame(from, 0, mark);
        frame.AsSpan(0, 6).Fill(0xff);
        return frame;
    }

    /// <summary>Lets everybody be known behind the port of the same number.</summary>
    public SwitchOnPaper WithAllKnown(int ports)
    {
        for (var port = 1; port <= ports; port++)
        {
            Take(port, Broadcast(port));
        }

        Sent.Clear();
        return this;
    }

    public void Take(int port, byte[] frame)
    {
        Switch.Take(port, frame, NowUs);
        Switch.Advance(NowUs);
    }

    /// <summary>Goes on to a time, stopping wherever something is due.</summary>
    public void GoOnTo(long us)
    {
        while (Switch.NextDueUs is { } due && due <= us)
        {
            NowUs = Math.Max(NowUs, due);
            Switch.Advance(NowUs);
        }

        NowUs = us;
    }

    public List<int> SentBy(int port) => [.. Sent.Where(one => one.Port == port).Select(one => one.Mark)];

    private static byte[] Address(int number) => [0x52, 0x54, 0, 0, (byte)(number >> 8), (byte)number];

    private bool Send(int port, ReadOnlySpan<byte> frame)
    {
        if (!HasRoom(port))
        {
            return false;
        }

        Sent.Add((port, NowUs, BitConverter.ToInt32(frame[14..])));
        return true;
    }
}
