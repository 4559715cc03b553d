using System.Security.Cryptography;
using LabNet.Core.RemoteDevices;

namespace LabNet.Tests.Pci.Remote;

/// <summary>What the peer of labnet-remote can ask for: interrupts and the guest's memory.</summary>
[Trait("suite", "pci")]
public sealed class RemoteRequestTests
{
    private const int MsiX = 0x11;
    private const int Vectors = 8;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task The_pin_is_up_while_any_of_the_levels_is(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        foreach (var (vector, high, interrupted) in ((int, bool, bool)[])[(0, true, true), (7, true, true), (0, false, true), (7, false, false), (3, false, false), (3, true, true)])
        {
            peer.Interrupt(vector, high);
            Assert.Equal(9u, await rig.ReadAsync(peer, 9));
            Assert.Equal(interrupted, rig.Machine.IsInterrupted(rig.Qtest));
        }

        // Nobody would lower it any more.
        peer.Dispose();
        rig.Await("no-peer");
        Assert.Equal(RemoteRig.AllOnes, rig.Read());
        Assert.False(rig.Machine.IsInterrupted(rig.Qtest));
        Assert.Equal(3UL, rig.Counter("interrupts"));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task An_interrupt_comes_unasked_also_right_after_a_read(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal(1u, await rig.ReadAsync(peer, 1));
            peer.Interrupt(0, high: true);
            rig.Await("interrupt", () => rig.Counter("interrupts") == (ulong)round + 1);
            peer.Interrupt(0, high: false);
        }
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task With_MSI_X_each_interrupt_is_a_message_by_its_vector(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        UseMsiX(rig);
        for (var vector = 0; vector < Vectors; vector++)
        {
            peer.Interrupt(vector, high: true);
            Assert.Equal(1u, await rig.ReadAsync(peer, 1));
            Assert.Equal([vector], TakeMessages(rig));
        }

        // High is high already: it is a message all the same, and low is none.
        peer.Interrupt(2, high: true);
        peer.Interrupt(3, high: false);
        Assert.Equal(1u, await rig.ReadAsync(peer, 1));
        Assert.Equal([2], TakeMessages(rig));

        rig.Qtest.Write(VectorAt(rig, 4) + 12, 4, 1);
        peer.Interrupt(4, high: true);
        Assert.Equal(1u, await rig.ReadAsync(peer, 1));
        Assert.Empty(TakeMessages(rig));
        rig.Qtest.Write(VectorAt(rig, 4) + 12, 4, 0);
        Assert.Equal([4], TakeMessages(rig));
        Assert.False(rig.Machine.IsInterrupted(rig.Qtest));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Turning_MSI_X_on_and_off_moves_what_is_high_from_the_pin_and_back(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        peer.Interrupt(1, high: true);
        Assert.Equal(1u, await rig.ReadAsync(peer, 1));
        Assert.True(rig.Machine.IsInterrupted(rig.Qtest));
        var control = rig.Function.FindCapability(MsiX) + 2;
        rig.Function.WriteConfig(control, 0x8000, bytes: 2);
        Assert.Equal(1u, await rig.ReadAsync(peer, 1));
        Assert.False(rig.Machine.IsInterrupted(rig.Qtest));
        rig.Function.WriteConfig(control, 0, bytes: 2);
        Assert.Equal(1u, await rig.ReadAsync(peer, 1));
        Assert.True(rig.Machine.IsInterrupted(rig.Qtest));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task The_peer_reads_and_writes_the_guests_memory(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        foreach (var bytes in (int[])[1, 24, 4095, 4096])
        {
            var data = RandomNumberGenerator.GetBytes(bytes);
            var address = rig.Memory + 0x123;
            peer.Send(new(RemoteOp.DmaWrite, Seq: 77, Address: address, Value: (ulong)bytes), data);
            Assert.Equal(new RemoteMessage(RemoteOp.DmaData, Seq: 77, Address: address), peer.Receive());
            Assert.Equal(data, rig.Qtest.ReadBytes(address, bytes));

            peer.Send(new(RemoteOp.DmaRead, Seq: 78, Address: address, Value: (ulong)bytes));
            Assert.Equal(new RemoteMessage(RemoteOp.DmaData, Seq: 78, Address: address, Value: (ulong)bytes), peer.Receive());
            Assert.Equal(data, peer.ReceiveBytes(bytes));
        }

        Assert.Equal((8UL, 0UL), (rig.Counter("dma-requests"), rig.Counter("dma-refused")));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task What_was_sent_before_an_answer_has_happened_when_the_read_ends(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        for (byte round = 1; round < 50; round++)
        {
            var mark = round;
            Assert.Equal(mark, await rig.ReadAsync(peer, mark, _ =>
            {
                peer.Send(new(RemoteOp.DmaWrite, Address: rig.Memory, Value: 1), [mark]);
                peer.Interrupt(0, high: mark % 2 == 1);
            }));
            Assert.Equal([mark], rig.Qtest.ReadBytes(rig.Memory, 1));
            Assert.Equal(mark % 2 == 1, rig.Machine.IsInterrupted(rig.Qtest));
            peer.Receive(RemoteOp.DmaData);
        }
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task DMA_to_what_is_no_memory_or_without_bus_mastering_is_refused(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        ulong[] nowhere = [0x7000000000000000, ulong.MaxValue, ulong.MaxValue - 2, rig.Machine.Window + 0x08000000, rig.Bar, rig.Function.AddressOf(4)];
        foreach (var address in nowhere)
        {
            AssertRefused(peer, address);
        }

        rig.Function.WriteConfig(PciFunction.Command, PciFunction.MemoryOnly, bytes: 2);
        AssertRefused(peer, rig.Memory);
        rig.Function.WriteConfig(PciFunction.Command, PciFunction.MemoryAndMaster, bytes: 2);

        // From memory over its end.
        peer.Send(new(RemoteOp.DmaRead, Address: rig.Machine.RamEnd - 4, Value: 8));
        Assert.Equal(RemoteMessage.Error, peer.Receive(RemoteOp.DmaData).Flags);
        Assert.Equal(5u, await rig.ReadAsync(peer, 5));
        Assert.Equal((ulong)(2 * (nowhere.Length + 1)) + 1, rig.Counter("dma-refused"));

        // The device's own registers were not touched: only the read came.
        Assert.Equal((1UL, 0UL), (rig.Counter("reads"), rig.Counter("writes")));
        rig.Qemu.AssertAlive();
    }

    private static void AssertRefused(RemotePeer peer, ulong address)
    {
        peer.Send(new(RemoteOp.DmaRead, Seq: 1, Address: address, Value: 4));
        peer.Send(new(RemoteOp.DmaWrite, Seq: 2, Address: address, Value: 4), [1, 2, 3, 4]);
        var refused = new RemoteMessage(RemoteOp.DmaData, Flags: RemoteMessage.Error, Address: address);
        Assert.Equal([refused with { Seq = 1 }, refused with { Seq = 2 }], [peer.Receive(), peer.Receive()]);
    }

    /// <summary>Each vector writes its number to a place of memory of its own.</summary>
    private static void UseMsiX(RemoteRig rig)
    {
        for (var vector = 0; vector < Vectors; vector++)
        {
            rig.Qtest.Write(VectorAt(rig, vector), 8, MessageAt(rig, vector));
            rig.Qtest.Write(VectorAt(rig, vector) + 8, 4, (ulong)vector + 1);
            rig.Qtest.Write(VectorAt(rig, vector) + 12, 4, 0);
        }

        rig.Function.WriteConfig(rig.Function.FindCapability(MsiX) + 2, 0x8000, bytes: 2);
    }

    private static ulong VectorAt(RemoteRig rig, int vector) => rig.Function.AddressOf(4) + (16 * (ulong)vector);

    private static ulong MessageAt(RemoteRig rig, int vector) => rig.Memory + 0x1000 + (4 * (ulong)vector);

    private static List<int> TakeMessages(RemoteRig rig)
    {
        var taken = Enumerable.Range(0, Vectors).Where(vector => rig.Qtest.Read(MessageAt(rig, vector), 4) == (ulong)vector + 1).ToList();
        rig.Qtest.WriteBytes(MessageAt(rig, 0), new byte[4 * Vectors]);
        return taken;
    }
}
