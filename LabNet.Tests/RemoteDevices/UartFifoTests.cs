using System.Text;
using LabNet.Core.RemoteDevices;
using LabNet.Tests.Pci.Remote;

namespace LabNet.Tests.RemoteDevices;

/// <summary>The example device, as a guest sees it.</summary>
[Trait("suite", "unit")]
public sealed class UartFifoTests
{
    private const ulong Interrupt = 1;
    private const ulong Loopback = 2;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_received_can_be_read_and_interrupts_until_it_is()
    {
        var uart = new UartFifo(_ => { });
        await using var qemu = new PlayedQemu(uart);
        using var peer = await qemu.AcceptAsync(Cancellation);
        Assert.Equal((UartFifo.Id, 0UL, 0UL), (Read(peer, UartFifo.IdOffset), Read(peer, UartFifo.StatusOffset), Read(peer, UartFifo.DataOffset)));

        uart.Receive("hi"u8);
        Assert.Equal(0x201u, Read(peer, UartFifo.StatusOffset));
        Write(peer, UartFifo.ControlOffset, Interrupt);
        Assert.Equal(RemoteMessage.High, peer.Receive(RemoteOp.Irq).Flags);
        Assert.Equal('h', Read(peer, UartFifo.DataOffset));
        Assert.Equal(0x101u, Read(peer, UartFifo.StatusOffset));
        peer.Send(new(RemoteOp.Read, Size: 4, Address: UartFifo.DataOffset));

        // Lowered before the read ends: the handler's next look finds it low.
        Assert.Equal(RemoteMessage.Low, peer.Receive(RemoteOp.Irq).Flags);
        Assert.Equal('i', peer.Receive(RemoteOp.ReadDone).Value);
    }

    [Fact]
    public async Task What_has_no_room_is_lost_and_told()
    {
        var uart = new UartFifo(_ => { });
        await using var qemu = new PlayedQemu(uart);
        using var peer = await qemu.AcceptAsync(Cancellation);
        uart.Receive(new byte[UartFifo.FifoBytes]);
        Assert.Equal(0x4001u, Read(peer, UartFifo.StatusOffset));
        uart.Receive([1]);
        Assert.Equal(0x4003u, Read(peer, UartFifo.StatusOffset));
        peer.Send(new(RemoteOp.Reset));
        Assert.Equal(0u, Read(peer, UartFifo.StatusOffset));
    }

    [Fact]
    public async Task What_the_guest_writes_is_sent_or_comes_back()
    {
        var sent = new StringBuilder();
        var uart = new UartFifo(b => sent.Append((char)b));
        await using var qemu = new PlayedQemu(uart);
        using var peer = await qemu.AcceptAsync(Cancellation);
        Write(peer, UartFifo.DataOffset, 'o');
        Write(peer, UartFifo.DataOffset, 0xff00 | 'k');
        Write(peer, UartFifo.ControlOffset, Loopback | 0xfc);
        Write(peer, UartFifo.DataOffset, '!');
        Assert.Equal((Loopback, 0x101UL, '!', "ok"), (Read(peer, UartFifo.ControlOffset), Read(peer, UartFifo.StatusOffset), (char)Read(peer, UartFifo.DataOffset), sent.ToString()));
    }

    private static ulong Read(RemotePeer peer, ulong offset)
    {
        peer.Send(new(RemoteOp.Read, Size: 4, Address: offset));
        return peer.Receive(RemoteOp.ReadDone).Value;
    }

    private static void Write(RemotePeer peer, ulong offset, ulong value) => peer.Send(new(RemoteOp.Write, Size: 4, Address: offset, Value: value));
}
