using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LabNet.Core.Hosts;
using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.SwitchOnPaper;

namespace LabNet.Tests.Traffic;

/// <summary>The relay with real sockets.</summary>
[Trait("suite", "fake")]
public sealed class RelayProcessTests
{
    private static readonly Impairment Nothing = new(null, null, null, null, null, null);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 30_000)]
    public async Task Frames_go_from_one_VM_to_the_other_and_are_counted()
    {
        await using var relay = new RelayOnThisMachine(nics: 2);
        relay.Send(1, Frame(1, 2, mark: 7, bytes: 1464));
        Assert.Equal(7, await relay.ReceiveAsync(2));
        relay.Send(2, Frame(2, 1, mark: 8, bytes: 60));
        Assert.Equal(8, await relay.ReceiveAsync(1));

        var counters = await relay.UntilCountedAsync(1, one => one.In.Passed == 1);
        Assert.Equal((1, 1464, 60), (counters.Out.Passed, counters.Out.Bytes, counters.In.PassedBytes));
        Assert.Equal("vm1/eth1", counters.Label);
        await UntilAsync(() => relay.CountersInFile("t-1") == new InterfaceCounters(1464, 1, 0, 60, 1, 0));
        Assert.All(await relay.Control.ReadPortsAsync(Cancellation), port => Assert.Null(port.Problem));
    }

    [Fact(Timeout = 30_000)]
    public async Task Only_the_ports_own_QEMU_is_listened_to()
    {
        await using var relay = new RelayOnThisMachine(nics: 2);
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stranger.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        relay.SendFrom(stranger, 1, Frame(1, 2, mark: 1));
        relay.Send(1, Frame(1, 2, mark: 2));
        Assert.Equal(2, await relay.ReceiveAsync(2));
        var counters = await relay.UntilCountedAsync(1, one => one.Strangers == 1);
        Assert.Equal(1, counters.Out.Frames);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_frame_over_the_links_size_is_refused_and_counted()
    {
        await using var relay = new RelayOnThisMachine(nics: 2);
        relay.Send(1, Frame(1, 2, mark: 1, bytes: 1469));
        relay.Send(1, Frame(1, 2, mark: 2, bytes: 65_507));
        relay.Send(1, Frame(1, 2, mark: 3, bytes: 1468));
        Assert.Equal(3, await relay.ReceiveAsync(2));
        Assert.Equal(2, (await relay.UntilCountedAsync(1, one => one.Out.Frames == 3)).Out.Refused);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_VM_that_reads_nothing_costs_its_own_frames_and_each_is_counted()
    {
        const int Frames = 2000;
        await using var relay = new RelayOnThisMachine(nics: 3);
        relay.Send(2, Frame(2, 1));
        await relay.ReceiveAsync(3);
        relay.Send(3, Frame(3, 2));
        await relay.ReceiveAsync(2);
        for (var mark = 1; mark <= Frames; mark++)
        {
            relay.Send(1, Frame(1, 2, mark, bytes: 1400));
            if (mark % 50 == 0)
            {
                // The relay is to lose nothing on its own side.
                await relay.UntilCountedAsync(1, one => one.Out.Frames + one.DroppedBeforeRelay >= mark);
            }
        }

        relay.Send(1, Frame(1, 3, mark: 5));
        Assert.Equal(5, await relay.ReceiveAsync(3));
        var counters = await relay.UntilCountedAsync(2, one => one.DroppedBeforeVm > 0);
        Assert.Equal(Frames + 1, counters.In.Passed);
        Assert.InRange(counters.DroppedBeforeVm, Frames / 2, Frames);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_impairment_is_in_force_when_the_relay_has_answered_and_ends_by_itself()
    {
        await using var relay = new RelayOnThisMachine(nics: 2);
        var until = DateTimeOffset.UtcNow.AddMilliseconds(700);
        await relay.Control.ImpairAsync("t-1", ImpairDirection.Out, Nothing with { LossPercent = 100 }, seed: 1, until, Cancellation);
        relay.Send(1, Frame(1, 2, mark: 1));
        var counters = await relay.UntilCountedAsync(1, one => one.Out.Lost == 1);
        Assert.Equal((ImpairDirection.Out, 100.0, until), (counters.Impairments[0].Direction, counters.Impairments[0].What.LossPercent!.Value, counters.Impairments[0].Until));
        Assert.Single(counters.Impairments);

        await relay.UntilCountedAsync(1, one => one.Impairments.IsEmpty);
        Assert.True(DateTimeOffset.UtcNow >= until);
        relay.Send(1, Frame(1, 2, mark: 2));
        Assert.Equal(2, await relay.ReceiveAsync(2));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_delay_is_as_long_as_asked_for_and_lifted_when_asked()
    {
        await using var relay = new RelayOnThisMachine(nics: 2);
        var until = DateTimeOffset.UtcNow.AddHours(1);
        await relay.Control.ImpairAsync("t-2", ImpairDirection.In, Nothing with { DelayMs = 80 }, seed: 1, until, Cancellation);
        var watch = Stopwatch.StartNew();
        relay.Send(1, Frame(1, 2, mark: 1));
        Assert.Equal(1, await relay.ReceiveAsync(2));
        Assert.InRange(watch.ElapsedMilliseconds, 80, 1000);

        await relay.Control.ImpairAsync("t-2", ImpairDirection.Both, Nothing with { DelayMs = 10_000 }, seed: 1, until, Cancellation);
        relay.Send(1, Frame(1, 2, mark: 2));
        await relay.UntilCountedAsync(2, one => one.HeldIn == 1);
        await relay.Control.LiftAsync("t-2", ImpairDirection.Both, Cancellation);
        Assert.Equal(2, await relay.ReceiveAsync(2));
        await relay.Control.LiftAsync("t-2", ImpairDirection.Both, Cancellation);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_relay_that_comes_after_another_keeps_the_ports_and_the_impairments()
    {
        await using var relay = new RelayOnThisMachine(nics: 2);
        await relay.Control.ImpairAsync("t-1", ImpairDirection.Both, Nothing with { LossPercent = 100 }, seed: 1, DateTimeOffset.UtcNow.AddHours(1), Cancellation);
        await relay.StopAsync();
        relay.Start();
        relay.Send(1, Frame(1, 2, mark: 1));
        await relay.UntilCountedAsync(1, one => one.Out.Lost == 1 && one.Impairments.Length == 2);
        await relay.Control.LiftAsync("t-1", ImpairDirection.Both, Cancellation);
        await relay.StopAsync();
        relay.Start();
        relay.Send(1, Frame(1, 2, mark: 2));
        Assert.Equal(2, await relay.ReceiveAsync(2));
    }

    [Fact(Timeout = 30_000)]
    public async Task Two_relays_in_one_folder_are_refused()
    {
        await using var relay = new RelayOnThisMachine(nics: 1);
        Assert.Throws<IOException>(() => new RelayProcess(relay.Folder, TimeProvider.System));
        Assert.Single(await relay.Control.ReadPortsAsync(Cancellation));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_NIC_that_comes_later_is_served_too()
    {
        await using var relay = new RelayOnThisMachine(nics: 1);
        relay.AddNic();
        await UntilAsync(async () => (await relay.Control.ReadPortsAsync(Cancellation)).Length == 2);
        relay.Send(2, Frame(2, 1, mark: 3));
        Assert.Equal(3, await relay.ReceiveAsync(1));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_port_that_somebody_else_has_is_told_and_taken_when_it_is_free()
    {
        await using var relay = new RelayOnThisMachine(nics: 1);
        await relay.StopAsync();
        using (var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            other.Bind(new IPEndPoint(IPAddress.Loopback, relay.Plan.Nics[0].RelayUdpPort));
            relay.Start();
            Assert.Contains("which vm1/eth1 sends to", Assert.Single(await relay.Control.ReadPortsAsync(Cancellation)).Problem, StringComparison.Ordinal);
            await UntilAsync(() => RelayCounters.Read(relay.Folder)?.Problem?.Contains("vm1/eth1", StringComparison.Ordinal) == true);
        }

        await UntilAsync(async () => (await relay.Control.ReadPortsAsync(Cancellation))[0].Problem is null);
    }

    [Fact(Timeout = 30_000)]
    public async Task Machines_speak_VXLAN_with_each_other_and_with_nobody_else()
    {
        var port = RelayOnThisMachine.FreePort();
        await using var here = new RelayOnThisMachine(nics: 2, "127.0.0.1", port, "127.0.0.2", "127.0.0.3");
        await using var there = new RelayOnThisMachine(nics: 1, "127.0.0.2", port, "127.0.0.1", "127.0.0.3");
        await UntilAsync(async () => (await here.Control.ReadPortsAsync(Cancellation)).All(one => one.Problem is null));
        await UntilAsync(async () => (await there.Control.ReadPortsAsync(Cancellation)).All(one => one.Problem is null));

        here.Send(1, Broadcast(1, mark: 1));
        Assert.Equal(1, await there.ReceiveAsync(1));
        there.Send(1, Frame(9, 1, mark: 2));
        Assert.Equal(2, await here.ReceiveAsync(1));
        Assert.Equal(1, await here.ReceiveAsync(2));

        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stranger.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.4"), 0));
        stranger.SendTo([8, 0, 0, 0, 0, 0, 100, 0, .. Frame(5, 1, mark: 3)], new IPEndPoint(IPAddress.Parse("127.0.0.1"), port));
        await UntilAsync(async () => (await here.Control.ReadCountersAsync(Cancellation)).Any(one => one.Strangers == 1));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("nonsense", "no request")]
    [InlineData("null", "A request is")]
    [InlineData("""{"do": "fly"}""", "A request is")]
    [InlineData("""{"do": "impair", "port": "t-1", "direction": "in"}""", "A request is")]
    [InlineData("""{"do": "impair", "port": "t-1", "direction": "up", "impairment": {}, "until": "2027-01-01T00:00:00Z"}""", "no request")]
    [InlineData("""{"do": "impair", "port": "t-9", "direction": "in", "impairment": {"delayMs": 1}, "until": "2027-01-01T00:00:00Z"}""", "no port t-9")]
    [InlineData("""{"do": "impair", "port": "t-1", "direction": "in", "impairment": {}, "until": "2027-01-01T00:00:00Z"}""", "is one of delayMs")]
    [InlineData("""{"do": "impair", "port": "t-1", "direction": "in", "impairment": {"lossPercent": 101}, "until": "2027-01-01T00:00:00Z"}""", "lossPercent is from 0 to 100")]
    public async Task A_request_that_is_none_is_answered_in_words(string line, string words)
    {
        await using var relay = new RelayOnThisMachine(nics: 1);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Join(relay.Folder, "relay.sock")), Cancellation);
        using var stream = new StreamReader(new NetworkStream(socket));
        foreach (var half in line.Chunk(5))
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(half), Cancellation);
        }

        await socket.SendAsync("\n"u8.ToArray(), Cancellation);
        Assert.Contains(words, await stream.ReadLineAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Who_sends_without_end_is_sent_away_and_the_others_are_served()
    {
        await using var relay = new RelayOnThisMachine(nics: 1);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Join(relay.Folder, "relay.sock")), Cancellation);
        await socket.SendAsync(new byte[4096], Cancellation);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], Cancellation));
        Assert.Single(await relay.Control.ReadPortsAsync(Cancellation));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
        {
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
