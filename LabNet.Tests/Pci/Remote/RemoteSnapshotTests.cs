using System.Diagnostics;
using LabNet.Core.RemoteDevices;

namespace LabNet.Tests.Pci.Remote;

/// <summary>labnet-remote and a VM that stops, or goes to another time.</summary>
[Trait("suite", "pci")]
public sealed class RemoteSnapshotTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task After_a_load_the_peer_is_told_and_what_it_sent_before_it_knew_is_dropped(string architecture)
    {
        using var folder = new TestFolder();
        var drive = await MakeDriveAsync(folder);
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, more: drive);
        using var peer = rig.Connect();
        peer.Interrupt(6, high: true);
        Assert.Equal(1u, await rig.ReadAsync(peer, 1));
        rig.Qemu.Human("savevm one");
        peer.Interrupt(6, high: false);
        Assert.Equal(2u, await rig.ReadAsync(peer, 2));
        Assert.False(IsHigh(rig));

        rig.Qemu.Human("loadvm one");
        Assert.True(IsHigh(rig));
        var reading = rig.ReadAsync();
        peer.Receive(RemoteOp.Reset);
        var hello = peer.Receive(RemoteOp.Hello);
        Assert.Equal(RemoteMessage.Restored, hello.Flags);
        var read = peer.Receive(RemoteOp.Read);

        // For the guest that there was.
        peer.Send(new(RemoteOp.DmaWrite, Address: rig.Memory, Value: 1), [0xee]);
        peer.Answer(read with { Seq = hello.Seq - 1 }, 3);
        peer.Greet(hello);
        peer.Interrupt(6, high: false);
        peer.Answer(read, 4);
        Assert.Equal(4u, await reading);
        Assert.Equal([0], rig.Qtest.ReadBytes(rig.Memory, 1));
        Assert.False(IsHigh(rig));
        Assert.Equal((2UL, 0UL), (rig.Counter("dropped-messages"), rig.Counter("dma-requests")));
        rig.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Another_QEMU_tells_its_first_peer_that_the_guest_has_a_past(string architecture)
    {
        using var folder = new TestFolder();
        var drive = await MakeDriveAsync(folder);
        await using (var rig = await RemoteRig.StartAsync(architecture, Cancellation, more: drive))
        {
            using var peer = rig.Connect();
            peer.Interrupt(6, high: true);
            Assert.Equal(1u, await rig.ReadAsync(peer, 1));
            rig.Qemu.Human("savevm one");
        }

        await using var other = await RemoteRig.StartAsync(architecture, Cancellation, more: drive);
        other.Qemu.Human("loadvm one");
        Assert.True(IsHigh(other));
        using (var first = other.Connect(restored: true))
        {
            Assert.Equal(2u, await other.ReadAsync(first, 2));
        }

        other.Await("no-peer");
        using var second = other.Connect();
        Assert.Equal(3u, await other.ReadAsync(second, 3));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_VM_that_is_stopped_keeps_its_memory_until_it_goes_on_or_is_read(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        using var peer = rig.Connect();
        rig.Qemu.Execute("stop");
        peer.Send(new(RemoteOp.DmaWrite, Address: rig.Memory, Value: 1), [1]);
        rig.Qemu.Execute("query-status");
        Assert.Equal([0], rig.Qtest.ReadBytes(rig.Memory, 1));

        Assert.Equal(5u, await rig.ReadAsync(peer, 5));
        Assert.Equal([1], rig.Qtest.ReadBytes(rig.Memory, 1));
        peer.Receive(RemoteOp.DmaData);
        peer.Send(new(RemoteOp.DmaWrite, Address: rig.Memory, Value: 1), [2]);
        rig.Qemu.Execute("cont");
        peer.Receive(RemoteOp.DmaData);
        Assert.Equal([2], rig.Qtest.ReadBytes(rig.Memory, 1));
    }

    /// <summary>By PCI's status register: what a load does to the pin, nobody sees at the interrupt controller.</summary>
    private static bool IsHigh(RemoteRig rig) => (rig.Function.ReadConfig(0x06, bytes: 2) & 8) != 0;

    private static async Task<string[]> MakeDriveAsync(TestFolder folder)
    {
        var disk = folder.File("snapshots.qcow2");
        using var made = Process.Start("qemu-img", ["create", "-q", "-f", "qcow2", disk, "256M"]);
        await made.WaitForExitAsync(Cancellation);
        Assert.Equal(0, made.ExitCode);
        return ["-drive", $"if=none,format=qcow2,file={disk},id=snapshots"];
    }
}
