using LabNet.Core.RemoteDevices;

namespace LabNet.Tests.Pci.Remote;

/// <summary>Peers of labnet-remote that break the protocol's rules: the connection ends, QEMU does not, and the reason can be read.</summary>
[Trait("suite", "pci")]
public sealed class RemoteRuleTests
{
    private static readonly RemoteMessage Hello = new(RemoteOp.PeerHello, Value: RemoteMessage.Version);
    private static readonly RemoteMessage Irq = new(RemoteOp.Irq, Flags: RemoteMessage.High);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_message_that_breaks_a_rule_ends_the_connection_and_says_why(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        (RemoteMessage Message, string Reason)[] broken =
        [
            (new((RemoteOp)0x00), "unknown message"),
            (new(RemoteOp.Hello, Value: 1), "unknown message"),
            (new((RemoteOp)0x83), "unknown message"),
            (new((RemoteOp)0xff, 0xff, 0xffff, uint.MaxValue, ulong.MaxValue, ulong.MaxValue), "unknown message"),
            (new(RemoteOp.DmaRead, Value: 0), "length of DMA"),
            (new(RemoteOp.DmaRead, Value: 4097), "length of DMA"),
            (new(RemoteOp.DmaWrite, Value: 0), "length of DMA"),
            (new(RemoteOp.DmaWrite, Value: 4097), "length of DMA"),
            (new(RemoteOp.DmaWrite, Value: 0x100000001), "length of DMA"),
            (new(RemoteOp.DmaWrite, Value: ulong.MaxValue), "length of DMA"),
            (Irq with { Flags = 0 }, "flags of IRQ"),
            (Irq with { Flags = 3 }, "flags of IRQ"),
            (Irq with { Flags = 0x8001 }, "flags of IRQ"),
            (Irq with { Value = 8 }, "vector of IRQ"),
            (Irq with { Value = ulong.MaxValue }, "vector of IRQ"),
            (Irq with { Size = 1 }, "size"),
            (new(RemoteOp.DmaRead, Size: 4, Value: 4), "size"),
            (new(RemoteOp.DmaRead, Flags: 1, Value: 4), "flags"),
            (new(RemoteOp.ReadDone, Seq: 77), "answer to no question"),
            (new(RemoteOp.ReadDone, Seq: 0), "answer to no question"),
            (new(RemoteOp.Pong), "PONG to no PING"),
            (Hello, "HELLO again"),
        ];
        foreach (var (index, (message, reason)) in broken.Index())
        {
            using var peer = rig.Connect();
            peer.Send(message);
            peer.AssertClosed();
            rig.Await("no-peer");
            Assert.Equal((message, reason, (ulong)index + 1), (message, rig.Reason, rig.Counter("violations")));
        }

        using var good = rig.Connect();
        Assert.Equal(1u, await rig.ReadAsync(good, 1));
        rig.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Who_does_not_begin_with_HELLO_of_this_version_is_turned_away(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        foreach (var (message, reason) in ((RemoteMessage, string)[])[(Irq, "no HELLO"), (new(RemoteOp.DmaRead, Value: 8), "no HELLO"), (Hello with { Value = 2 }, "another version of the protocol")])
        {
            using var peer = RemotePeer.Connect(rig.Socket);
            peer.Receive(RemoteOp.Hello);
            peer.Send(message);
            peer.AssertClosed();
            rig.Await("no-peer");
            Assert.Equal(reason, rig.Reason);
        }

        Assert.Equal((3UL, 0UL, 0UL), (rig.Counter("violations"), rig.Counter("interrupts"), rig.Counter("dma-requests")));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_rule_that_is_broken_in_mid_read_ends_the_wait(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, timeoutMs: 10_000);
        using var peer = rig.Connect();
        var reading = rig.ReadAsync();
        peer.Send(new(RemoteOp.ReadDone, Seq: peer.Receive(RemoteOp.Read).Seq + 1));
        Assert.Equal(RemoteRig.AllOnes, await reading);
        rig.Await("no-peer");
        Assert.Equal(("answer to no question", 0UL), (rig.Reason, rig.Counter("trips")));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Messages_may_come_in_pieces_and_a_piece_of_one_does_nothing(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        var message = new byte[RemoteMessage.Bytes + 32];
        new RemoteMessage(RemoteOp.DmaWrite, Address: rig.Memory, Value: 32).Write(message);
        Enumerable.Repeat((byte)0xa5, 32).ToArray().CopyTo(message, RemoteMessage.Bytes);
        for (var first = 1; first < message.Length; first++)
        {
            rig.Qtest.WriteBytes(rig.Memory, new byte[32]);
            using var peer = rig.Connect();
            peer.SendBytes(message.AsSpan(0, first));
            if (first % 2 == 0)
            {
                peer.Dispose();
                rig.Await("no-peer");
                Assert.Equal(new byte[32], rig.Qtest.ReadBytes(rig.Memory, 32));
                continue;
            }

            // Both sides speak meanwhile: what is half there is not mistaken for the answer.
            var reading = rig.ReadAsync();
            var read = peer.Receive(RemoteOp.Read);
            peer.SendBytes(message.AsSpan(first));
            peer.Answer(read, 4);
            Assert.Equal(4u, await reading);
            Assert.Equal(message[RemoteMessage.Bytes..], rig.Qtest.ReadBytes(rig.Memory, 32));
            peer.Dispose();
            rig.Await("no-peer");
        }
    }

    [LongFormFact(60_000)]
    public async Task Noise_never_ends_QEMU()
    {
        var random = Seed.Print();
        await using var rig = await RemoteRig.StartAsync(random.Next(2) == 0 ? "x86_64" : "aarch64", Cancellation);
        for (var round = 0; round < LongForm.Rounds(150); round++)
        {
            using var peer = RemotePeer.Connect(rig.Socket);
            var hello = peer.Receive(RemoteOp.Hello);
            if (random.Next(4) > 0)
            {
                peer.Greet(hello);
            }

            var noise = new byte[random.Next(1, 6000)];
            random.NextBytes(noise);
            for (var at = 0; at + RemoteMessage.Bytes <= noise.Length; at += random.Next(1, 200))
            {
                // Now and then what is nearly a message.
                noise[at] = (byte)random.Next(0x80, 0x89);
                noise.AsSpan(at + 1, Math.Min(3, noise.Length - at - 1)).Clear();
                noise[at + 2] = (byte)random.Next(3);
                if (at + RemoteMessage.Bytes <= noise.Length)
                {
                    noise.AsSpan(at + 18, 6).Clear();
                }
            }

            peer.TrySendBytes(noise);
            peer.Dispose();
            rig.Await("no-peer");
        }

        rig.Qemu.AssertAlive();
    }
}
