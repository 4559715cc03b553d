using LabNet.Core.RemoteDevices;

namespace LabNet.Tests.Pci.Remote;

/// <summary>What labnet-remote makes of the guest's accesses.</summary>
[Trait("suite", "pci")]
public sealed class RemoteAccessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Accesses_of_every_size_and_alignment_reach_the_peer_as_they_are_and_in_order(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        const ulong Value = 0x8877665544332211;
        foreach (var bytes in (int[])[1, 2, 4, 8])
        {
            foreach (var offset in (ulong[])[0, 1, 0x7fd, 0x1000 - (ulong)bytes])
            {
                var mask = bytes == 8 ? ulong.MaxValue : (1UL << (8 * bytes)) - 1;
                rig.Write(offset, bytes, Value);
                var reading = rig.ReadAsync(offset, bytes);

                var write = peer.Receive();
                Assert.Equal((RemoteOp.Write, bytes, offset, Value & mask), (write.Op, write.Size, write.Address, write.Value));
                var read = peer.Receive();
                Assert.Equal((RemoteOp.Read, bytes, offset, write.Seq + 1), (read.Op, read.Size, read.Address, read.Seq));

                // More bits than were asked for are cut off.
                peer.Answer(read, ~Value);
                Assert.Equal(~Value & mask, await reading);
            }
        }

        Assert.Equal((16UL, 16UL, 0UL, 0UL), (rig.Counter("reads"), rig.Counter("writes"), rig.Counter("unanswered-reads"), rig.Counter("lost-writes")));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Without_a_peer_reads_give_all_ones_and_writes_are_counted_as_lost(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        Assert.Equal("no-peer", rig.State);
        foreach (var bytes in (int[])[1, 2, 4, 8])
        {
            Assert.Equal(ulong.MaxValue >> (64 - (8 * bytes)), rig.Read(8, bytes));
            rig.Write(8, bytes, 1);
        }

        Assert.Equal((4UL, 4UL), (rig.Counter("unanswered-reads"), rig.Counter("lost-writes")));

        // Connected is not enough: it has to say what it is.
        using var silent = RemotePeer.Connect(rig.Socket);
        silent.Receive(RemoteOp.Hello);
        Assert.Equal(("greeting", RemoteRig.AllOnes), (rig.State, rig.Read()));
        rig.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task The_peer_is_told_that_writes_before_were_lost(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        rig.Write(0, 4, 1);
        using var peer = rig.Connect();
        rig.Write(0, 4, 2);
        rig.Write(0, 4, 3);
        Assert.Equal([2, 0], [peer.Receive(RemoteOp.Write).Flags, peer.Receive(RemoteOp.Write).Flags]);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_reset_of_the_machine_is_told_to_the_peer_and_lowers_its_interrupts(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        peer.Interrupt(5, high: true);
        Assert.Equal(1u, await rig.ReadAsync(peer, 1));
        Assert.True(rig.Machine.IsInterrupted(rig.Qtest));

        rig.Qemu.Execute("system_reset");
        peer.Receive(RemoteOp.Reset);
        rig.Function.PlaceBars();
        Assert.Equal(2u, await rig.ReadAsync(peer, 2));
        Assert.False(rig.Machine.IsInterrupted(rig.Qtest));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task BAR_0_is_as_large_as_size_says(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, more: ["-global", "labnet-remote.size=1048576"]);
        Assert.Equal(1UL << 20, rig.Function.SizeOf(0));
        using var peer = rig.Connect();
        rig.Write(0xffff8, 8, 7);
        Assert.Equal(0xffff8UL, peer.Receive(RemoteOp.Write).Address);
    }

    [Theory]
    [InlineData("labnet-remote", "chardev= is missing")]
    [InlineData("labnet-remote,chardev=none", "this kind of chardev")]
    [InlineData("labnet-remote,chardev=peer,size=5000", "not a power of two")]
    [InlineData("labnet-remote,chardev=peer,size=2097152", "4096 to 1048576")]
    [InlineData("labnet-remote,chardev=peer,timeout-ms=0", "1 to 10000")]
    [InlineData("labnet-remote,chardev=peer,timeout-ms=10001", "1 to 10000")]
    public async Task A_device_that_could_not_work_is_refused_in_words(string device, string words)
    {
        using var folder = new TestFolder();
        string[] arguments = ["-chardev", $"socket,id=peer,path={folder.File("peer")},server=on,wait=off", "-chardev", "null,id=none", "-device", device];
        var build = await PciDevices.BuildAsync(Cancellation);
        Assert.Contains(words, await QtestQemu.RefusedAsync(PciMachine.Of("x86_64"), build.Plugin, arguments, Cancellation), StringComparison.Ordinal);
    }
}
