using LabNet.Core.RemoteDevices;
using LabNet.Tests.Pci.Remote;

namespace LabNet.Tests.RemoteDevices;

/// <summary>The library's side of labnet-remote's protocol, over a real socket; the test plays QEMU.</summary>
[Trait("suite", "unit")]
public sealed class RemoteDeviceServerTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accesses_reach_the_device_in_order_and_reads_are_answered()
    {
        var device = new OpenDevice();
        await using var qemu = new PlayedQemu(device);
        using var peer = await qemu.AcceptAsync(Cancellation);
        peer.Send(new(RemoteOp.Write, Size: 2, Seq: 2, Address: 0x10, Value: 0xabcd));
        Assert.Equal(0x19u, ReadBy(peer, seq: 3, offset: 0x18));
        peer.Send(new(RemoteOp.Reset, Seq: 4));
        Assert.Equal(1u, ReadBy(peer, seq: 5, offset: 0));
        Assert.Equal(["write 2 at 0x10: 0xabcd", "read 4 at 0x18", "reset", "read 4 at 0x0"], device.Calls);

        peer.Send(new(RemoteOp.Ping, Seq: 6));
        Assert.Equal(new RemoteMessage(RemoteOp.Pong, Seq: 6), peer.Receive());
    }

    [Fact]
    public async Task Messages_that_come_in_pieces_are_put_together()
    {
        await using var qemu = new PlayedQemu(new OpenDevice());
        using var peer = await qemu.AcceptAsync(Cancellation);
        var bytes = new byte[2 * RemoteMessage.Bytes];
        new RemoteMessage(RemoteOp.Read, Size: 4, Seq: 7, Address: 1).Write(bytes);
        new RemoteMessage(RemoteOp.Read, Size: 4, Seq: 8, Address: 2).Write(bytes.AsSpan(RemoteMessage.Bytes));
        for (var first = 1; first < bytes.Length; first++)
        {
            peer.SendBytes(bytes.AsSpan(0, first));
            if (first >= RemoteMessage.Bytes)
            {
                Assert.Equal((7u, 2UL), Answer(peer));
            }

            peer.SendBytes(bytes.AsSpan(first));
            if (first < RemoteMessage.Bytes)
            {
                Assert.Equal((7u, 2UL), Answer(peer));
            }

            Assert.Equal((8u, 3UL), Answer(peer));
        }
    }

    [Fact]
    public async Task An_interrupt_that_is_high_is_raised_again_where_QEMU_may_have_forgotten_it()
    {
        var device = new OpenDevice();
        device.Raise(3);
        await using var qemu = new PlayedQemu(device);
        using (var peer = await qemu.AcceptAsync(Cancellation))
        {
            Assert.Equal(Irq(3, high: true), peer.Receive());
            ReadBy(peer, seq: 2, offset: 0);
            device.Lower(3);
            device.Raise(7);
            Assert.Equal([Irq(3, high: false), Irq(7, high: true)], [peer.Receive(), peer.Receive()]);

            // It may have come after QEMU's reset.
            peer.Send(new(RemoteOp.Reset, Seq: 3));
            Assert.Equal(Irq(7, high: false), peer.Receive());
            device.Raise(1);
            Assert.Equal(Irq(1, high: true), peer.Receive());
        }

        using var second = await qemu.AcceptAsync(Cancellation, RemoteMessage.Restored);
        Assert.Equal(Enumerable.Range(0, 8).Select(vector => Irq(vector, high: vector == 1)), Enumerable.Range(0, 8).Select(_ => second.Receive()));
        ReadBy(second, seq: 2, offset: 0);
        Assert.Equal(["read 4 at 0x0", "reset", "restored", "read 4 at 0x0"], device.Calls);
    }

    [Fact]
    public async Task Memory_is_moved_in_parts_that_the_protocol_can_carry()
    {
        var device = new OpenDevice();
        await using var qemu = new PlayedQemu(device);
        using var peer = await qemu.AcceptAsync(Cancellation);
        var data = Enumerable.Range(0, 9000).Select(i => (byte)(i * 7)).ToArray();

        var writing = device.WriteAsync(0x1000, data, Cancellation);
        var written = new List<byte>();
        while (written.Count < data.Length)
        {
            var request = peer.Receive(RemoteOp.DmaWrite);
            Assert.Equal(0x1000u + (ulong)written.Count, request.Address);
            written.AddRange(peer.ReceiveBytes((int)request.Value));
            peer.Send(new(RemoteOp.DmaData, Seq: request.Seq, Address: request.Address));
        }

        await writing.WaitAsync(Hang, Cancellation);
        Assert.Equal(data, written);

        var reading = device.ReadAsync(0x1000, data.Length, Cancellation);
        for (var done = 0; done < data.Length;)
        {
            var request = peer.Receive(RemoteOp.DmaRead);
            Assert.Equal(0x1000u + (ulong)done, request.Address);
            peer.Send(new(RemoteOp.DmaData, Seq: request.Seq, Address: request.Address, Value: request.Value), data.AsSpan(done, (int)request.Value));
            done += (int)request.Value;
        }

        Assert.Equal(data, await reading.WaitAsync(Hang, Cancellation));
    }

    [Fact]
    public async Task No_more_than_eight_transfers_wait_for_QEMU_and_a_refused_one_says_so()
    {
        var device = new OpenDevice();
        await using var qemu = new PlayedQemu(device);
        using var peer = await qemu.AcceptAsync(Cancellation);
        ReadBy(peer, seq: 2, offset: 0);
        var transfers = Enumerable.Range(0, 20).Select(i => device.ReadAsync((ulong)i * 0x100, 1, Cancellation)).ToList();
        for (var answered = 0; answered < transfers.Count;)
        {
            var requests = Enumerable.Range(0, Math.Min(8, transfers.Count - answered)).Select(_ => peer.Receive(RemoteOp.DmaRead)).ToList();

            // What comes next is the answer: the others wait.
            ReadBy(peer, seq: 3, offset: 0);
            foreach (var request in requests)
            {
                peer.Send(new(RemoteOp.DmaData, Flags: RemoteMessage.Error, Seq: request.Seq, Address: request.Address));
                answered++;
            }
        }

        foreach (var (i, transfer) in transfers.Index())
        {
            var refused = await Assert.ThrowsAsync<DmaRefusedException>(() => transfer.WaitAsync(Hang, Cancellation));
            Assert.Equal(((ulong)i * 0x100, 1), (refused.Address, refused.Bytes));
        }
    }

    [Fact]
    public async Task What_waits_ends_with_the_connection_and_the_server_comes_back()
    {
        var device = new OpenDevice();
        await Assert.ThrowsAsync<RemoteDeviceDisconnectedException>(() => device.ReadAsync(0, 1, Cancellation));
        await using var qemu = new PlayedQemu(device);
        for (var round = 0; round < 3; round++)
        {
            using var peer = await qemu.AcceptAsync(Cancellation);
            ReadBy(peer, seq: 2, offset: 0);
            Assert.True(device.IsConnected);
            var transfers = Enumerable.Range(0, 20).Select(_ => device.ReadAsync(0, 1, Cancellation)).ToList();
            peer.Receive(RemoteOp.DmaRead);
            peer.Dispose();
            foreach (var transfer in transfers)
            {
                await Assert.ThrowsAsync<RemoteDeviceDisconnectedException>(() => transfer.WaitAsync(Hang, Cancellation));
            }
        }
    }

    [Fact]
    public async Task Who_cancels_a_transfer_does_not_wait_and_its_late_answer_is_nobodys()
    {
        var device = new OpenDevice();
        await using var qemu = new PlayedQemu(device);
        using var peer = await qemu.AcceptAsync(Cancellation);
        ReadBy(peer, seq: 2, offset: 0);
        using var impatient = new CancellationTokenSource();
        var transfer = device.ReadAsync(0, 1, impatient.Token);
        var request = peer.Receive(RemoteOp.DmaRead);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transfer.WaitAsync(Hang, Cancellation));
        peer.Send(new(RemoteOp.DmaData, Seq: request.Seq, Value: 1), [9]);
        Assert.Equal(1u, ReadBy(peer, seq: 3, offset: 0));
    }

    [Fact]
    public async Task Cancelling_ends_the_server_also_while_QEMU_says_nothing()
    {
        var device = new OpenDevice();
        await using var qemu = new PlayedQemu(device);
        using var peer = await qemu.AcceptAsync(Cancellation);
        ReadBy(peer, seq: 2, offset: 0);
        await qemu.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => qemu.Serving.WaitAsync(Hang, Cancellation));
        peer.AssertClosed();
        Assert.False(device.IsConnected);
    }

    [Theory]
    [InlineData(0x07, 0, 0)]
    [InlineData(0x82, 0, 0)]
    [InlineData(0x01, 0, 2)]
    [InlineData(0x05, 0, 4097)]
    [InlineData(0x05, 0, ulong.MaxValue)]
    [InlineData(0x05, 99, 0)]
    public async Task What_is_not_the_protocol_ends_the_server_with_words(int op, uint seq, ulong value)
    {
        var device = new OpenDevice();
        await using var qemu = new PlayedQemu(device);
        using var peer = await qemu.AcceptAsync(Cancellation);
        peer.Send(new((RemoteOp)op, Seq: seq, Value: value));
        await Assert.ThrowsAsync<RemoteDeviceProtocolException>(() => qemu.Serving.WaitAsync(Hang, Cancellation));
        peer.AssertClosed();
        Assert.False(device.IsConnected);
    }

    [Fact]
    public async Task A_device_that_fails_ends_the_server_with_its_own_exception()
    {
        await using var qemu = new PlayedQemu(new OpenDevice { ReadFails = new InvalidDataException("of the device") });
        using var peer = await qemu.AcceptAsync(Cancellation);
        peer.Send(new(RemoteOp.Read, Size: 4, Seq: 2));
        Assert.Equal("of the device", (await Assert.ThrowsAsync<InvalidDataException>(() => qemu.Serving.WaitAsync(Hang, Cancellation))).Message);
        peer.AssertClosed();
    }

    [Fact]
    public void A_vector_that_is_none_is_a_mistake_of_the_caller()
    {
        var device = new OpenDevice();
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Raise(8));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Lower(-1));
    }

    private static RemoteMessage Irq(int vector, bool high) =>
        new(RemoteOp.Irq, Flags: high ? RemoteMessage.High : RemoteMessage.Low, Value: (ulong)vector);

    private static ulong ReadBy(RemotePeer peer, uint seq, ulong offset)
    {
        peer.Send(new(RemoteOp.Read, Size: 4, Seq: seq, Address: offset));
        var (answered, value) = Answer(peer);
        Assert.Equal(seq, answered);
        return value;
    }

    private static (uint Seq, ulong Value) Answer(RemotePeer peer)
    {
        var answer = peer.Receive(RemoteOp.ReadDone);
        return (answer.Seq, answer.Value);
    }
}
