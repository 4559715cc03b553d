using System.Diagnostics;
using System.Globalization;
using LabNet.Core.RemoteDevices;

namespace LabNet.Tests.Pci.Remote;

/// <summary>Peers of labnet-remote that are slow, dead, or do not read. The VM must never wait longer than it was told to.</summary>
[Trait("suite", "pci")]
public sealed class RemoteFaultTests
{
    private const int TimeoutMs = 300;

    /// <summary>What a crowded machine may add to a wait.</summary>
    private const int SlackMs = 2000;

    /// <summary>Longer than any test takes: who waits so long has hung.</summary>
    private const int Long = 10_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_slow_peer_costs_one_read_the_time_out_and_its_late_answer_mends_it(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, TimeoutMs);
        using var peer = rig.Connect();
        for (var round = 0UL; round < 3; round++)
        {
            AssertWaits(rig);
            var read = peer.Receive(RemoteOp.Read);
            Assert.Equal(("tripped", "no answer in time", round + 1), (rig.State, rig.Reason, rig.Counter("trips")));

            AssertDoesNotWait(rig);
            rig.Write(0x10, 4, 5);
            peer.Answer(read, 0x1234);
            rig.Await("ready");
            Assert.Equal((round + 1, round + 1), (rig.Counter("late-answers"), rig.Counter("lost-writes")));

            rig.Write(0x10, 4, 6);
            var write = peer.Receive(RemoteOp.Write);
            Assert.Equal((2, 6UL), (write.Flags, write.Value));
            Assert.Equal(0x77u, await rig.ReadAsync(peer, 0x77));
        }

        rig.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_peer_that_lost_the_question_is_asked_by_PING_whether_it_is_back(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, TimeoutMs);
        using var peer = rig.Connect();
        AssertWaits(rig);
        peer.Receive(RemoteOp.Read);
        rig.Qemu.Execute("system_reset");

        var ping = peer.Receive(RemoteOp.Ping);
        Assert.Equal("tripped", rig.State);
        rig.Function.PlaceBars();
        AssertDoesNotWait(rig);
        peer.Send(new(RemoteOp.Pong, Seq: ping.Seq));
        rig.Await("ready");

        // What was not told because of the trip is told now.
        peer.Receive(RemoteOp.Reset);
        Assert.Equal(0x77u, await rig.ReadAsync(peer, 0x77));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_peer_that_dies_in_mid_read_ends_the_wait_at_once_and_a_new_one_goes_on(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, Long);
        for (var round = 1UL; round <= 3; round++)
        {
            var peer = rig.Connect();
            Assert.Equal(round, await rig.ReadAsync(peer, round));
            var since = Stopwatch.GetTimestamp();
            var reading = rig.ReadAsync();
            peer.Receive(RemoteOp.Read);
            peer.Dispose();
            Assert.Equal(RemoteRig.AllOnes, await reading);
            AssertSooner(since, Long);
            rig.Await("no-peer");
            AssertDoesNotWait(rig);
            Assert.Equal((round, 0UL), (rig.Counter("connections"), rig.Counter("trips")));
        }
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_second_peer_waits_until_the_first_is_gone(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation);
        var first = rig.Connect();
        using var second = RemotePeer.Connect(rig.Socket);
        Assert.Equal(1u, await rig.ReadAsync(first, 1));
        Assert.Equal(1UL, rig.Counter("connections"));

        first.Dispose();
        second.Greet(second.Receive(RemoteOp.Hello));
        rig.Await("ready", () => rig.State == "ready" && rig.Counter("connections") == 2);
        Assert.Equal(2u, await rig.ReadAsync(second, 2));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_peer_that_does_not_read_trips_the_device_and_loses_no_more_than_it_was_told(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, Long);
        using var peer = rig.Connect();
        var since = Stopwatch.GetTimestamp();
        var written = 0UL;
        while (rig.Counter("lost-writes") == 0)
        {
            for (var i = 0; i < 200; i++)
            {
                rig.Write(0, 4, written++);
            }

            Assert.True(written < 100_000);
        }

        Assert.Equal(("tripped", "the peer does not read"), (rig.State, rig.Reason));
        AssertDoesNotWait(rig);

        // What was taken comes, in order and whole.
        var taken = written - rig.Counter("lost-writes");
        for (var expected = 0UL; expected < taken; expected++)
        {
            Assert.Equal(expected, peer.Receive(RemoteOp.Write).Value);
        }

        peer.Send(new(RemoteOp.Pong, Seq: peer.Receive(RemoteOp.Ping).Seq));
        rig.Await("ready");
        Assert.Equal(3u, await rig.ReadAsync(peer, 3));
        AssertSooner(since, 10 * Long);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_peer_that_floods_fills_no_memory_and_keeps_neither_the_monitor_nor_a_read(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, TimeoutMs);
        using var peer = rig.Connect();
        var flood = new byte[RemoteMessage.Bytes * 1000];
        for (var at = 0; at < flood.Length; at += RemoteMessage.Bytes)
        {
            // High is high already: the test would have to read each change of the pin.
            new RemoteMessage(RemoteOp.Irq, Flags: RemoteMessage.High).Write(flood.AsSpan(at));
        }

        var before = rig.ResidentBytes();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var flooding = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                peer.SendBytes(flood);
            }
        }, Cancellation);
        var reached = (ulong)LongForm.Rounds(20_000);
        while (rig.Counter("interrupts") < reached)
        {
            rig.Qemu.AssertAlive();
        }

        AssertWaits(rig);
        AssertDoesNotWait(rig);
        Assert.InRange(rig.ResidentBytes(), 0, before + (16 << 20));
        await ended.CancelAsync();
        await flooding;
        peer.Answer(peer.Receive(RemoteOp.Read), 1);
        rig.Await("ready");
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Requests_for_DMA_wait_while_their_answers_have_no_room(string architecture)
    {
        await using var rig = await RemoteRig.StartAsync(architecture, Cancellation, TimeoutMs);
        using var peer = rig.Connect();
        var asked = 0U;
        var request = new byte[RemoteMessage.Bytes];
        do
        {
            new RemoteMessage(RemoteOp.DmaRead, Seq: asked, Address: rig.Memory, Value: RemoteMessage.DataBytesMax).Write(request);
            rig.Qemu.AssertAlive();
        }
        while (peer.TrySendBytes(request) && ++asked < 100_000);

        Assert.InRange(asked, 16u, 99_999u);
        for (var answered = 0U; answered < asked; answered++)
        {
            var answer = peer.Receive(RemoteOp.DmaData);
            Assert.Equal((answered, (ulong)RemoteMessage.DataBytesMax), (answer.Seq, answer.Value));
            peer.ReceiveBytes((int)answer.Value);
        }

        Assert.Equal(3u, await rig.ReadAsync(peer, 3));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_device_can_be_unplugged_while_a_read_waits_and_plugged_again(string architecture)
    {
        await using var rig = await RemoteRig.StartBehindPortAsync(architecture, TimeoutMs, Cancellation);
        for (var round = 0; round < 3; round++)
        {
            using var peer = rig.Connect();
            var reading = rig.ReadAsync();
            peer.Receive(RemoteOp.Read);
            rig.Qemu.Unplug("dut");
            Assert.Equal(RemoteRig.AllOnes, await reading);
            rig.LetGo();
            peer.AssertClosed();

            // The character device is there still, and nobody's: who connects waits.
            using var early = RemotePeer.Connect(rig.Socket);
            rig.PlugBehindPort();
            early.Dispose();
            rig.Await("no-peer");
        }

        rig.Qemu.AssertAlive();
    }

    private static void AssertWaits(RemoteRig rig)
    {
        var since = Stopwatch.GetTimestamp();
        Assert.Equal(RemoteRig.AllOnes, rig.Read());
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalMilliseconds, TimeoutMs - 1, TimeoutMs + SlackMs);
    }

    private static void AssertDoesNotWait(RemoteRig rig)
    {
        const int Reads = 50;
        var since = Stopwatch.GetTimestamp();
        for (var i = 0; i < Reads; i++)
        {
            Assert.Equal(RemoteRig.AllOnes, rig.Read());
        }

        AssertSooner(since, Reads * TimeoutMs / 2);
    }

    private static void AssertSooner(long since, int milliseconds) =>
        Assert.True(Stopwatch.GetElapsedTime(since).TotalMilliseconds < milliseconds, string.Create(CultureInfo.InvariantCulture, $"It took {Stopwatch.GetElapsedTime(since)}."));
}
