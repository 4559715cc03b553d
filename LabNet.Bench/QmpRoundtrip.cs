using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Unicode;
using LabNet.Core.Qmp;

namespace LabNet.Bench;

/// <summary>
/// query-status, one in flight: through <see cref="QmpConnection"/>, and through a bare socket loop that parses nothing. All of them talk
/// to the same QEMU in alternating rounds, so that what else the machine does falls on each alike; the ratio is what counts.
/// </summary>
internal static class QmpRoundtrip
{
    public const string Name = "qmp-roundtrip";
    public const string Measures = "QmpConnection's rate of query-status against bare socket loops on the same QEMU";

    private const double TurnSeconds = 0.1;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var qemu = BenchQemu.Start(monitors: 3);
        using var asyncSocket = await NegotiateBareAsync(qemu, monitor: 0);
        using var blockingSocket = await NegotiateBareAsync(qemu, monitor: 1);
        var stream = new NetworkStream(await qemu.ConnectAsync(monitor: 2), ownsSocket: true);
        await using var connection = await QmpConnection.NegotiateAsync(stream, new QmpOptions(), TimeProvider.System, CancellationToken.None);
        connection.Start(static _ => { });

        Contestant[] contestants =
        [
            new(tally => BareAsync(asyncSocket, tally)),
            new(tally => BareBlocking(blockingSocket, tally)),
            new(tally => LabNetAsync(connection, tally)),
        ];
        await RunRoundAsync(contestants, seconds: 1);
        Console.WriteLine("commands a second\nround     bare async  bare blocking  QmpConnection   of async  of blocking");
        List<(double OfAsync, double OfBlocking)> ratios = [];
        for (var round = 1; round <= arguments.Rounds; round++)
        {
            var tallies = await RunRoundAsync(contestants, arguments.Seconds);
            var (bare, blocking, labnet) = (tallies[0].PerSecond, tallies[1].PerSecond, tallies[2].PerSecond);
            ratios.Add((labnet / bare, labnet / blocking));
            Console.WriteLine($"{round,5} {bare,14:0} {blocking,14:0} {labnet,14:0} {labnet / bare,10:0.000} {labnet / blocking,12:0.000}"
                + $"   CPU µs a command: {string.Join(" / ", tallies.Select(t => $"{t.CpuMicroseconds:0}"))}");
        }

        Console.WriteLine($"median ratio: {Median(ratios.Select(r => r.OfAsync)):0.000} of the bare async loop, "
            + $"{Median(ratios.Select(r => r.OfBlocking)):0.000} of the bare blocking loop");
        return 0;
    }

    /// <summary>Short turns, one contestant after the other: a burst of other work on the machine falls on all of them.</summary>
    private static async Task<Tally[]> RunRoundAsync(Contestant[] contestants, double seconds)
    {
        var tallies = contestants.Select(contestant => new Tally(contestant)).ToArray();
        for (var turn = 0; turn < seconds / TurnSeconds; turn++)
        {
            for (var i = 0; i < contestants.Length; i++)
            {
                var (contestant, tally) = (contestants[i], tallies[i]);
                await Task.Run(async () =>
                {
                    tally.StartTurn();
                    await contestant.RunTurn(tally);
                    tally.EndTurn();
                });
            }
        }

        return tallies;
    }

    private static async Task BareAsync(Socket socket, Tally tally)
    {
        var buffer = new byte[16 * 1024];
        var command = new byte[64];
        while (tally.GoesOn())
        {
            await socket.SendAsync(command.AsMemory(0, Write(command, tally.NextId())));
            while (true)
            {
                var bytes = await socket.ReceiveAsync(buffer);
                if (Ends(buffer, bytes))
                {
                    break;
                }
            }
        }
    }

    private static Task BareBlocking(Socket socket, Tally tally)
    {
        var buffer = new byte[16 * 1024];
        var command = new byte[64];
        while (tally.GoesOn())
        {
            socket.Send(command.AsSpan(0, Write(command, tally.NextId())));
            while (!Ends(buffer, socket.Receive(buffer)))
            {
            }
        }

        return Task.CompletedTask;
    }

    private static async Task LabNetAsync(QmpConnection connection, Tally tally)
    {
        while (tally.GoesOn())
        {
            await connection.ExecuteAsync(RunStateCommands.QueryStatus, CancellationToken.None);
        }
    }

    private static async Task<Socket> NegotiateBareAsync(BenchQemu qemu, int monitor)
    {
        var socket = await qemu.ConnectAsync(monitor);
        var buffer = new byte[16 * 1024];
        while (!Ends(buffer, await socket.ReceiveAsync(buffer)))
        {
        }

        await socket.SendAsync("""{"execute":"qmp_capabilities"}"""u8.ToArray());
        while (!Ends(buffer, await socket.ReceiveAsync(buffer)))
        {
        }

        return socket;
    }

    /// <summary>The very bytes that QmpConnection sends: QEMU takes them one by one, so that each of them costs it time.</summary>
    private static int Write(Span<byte> command, long id)
    {
        Utf8.TryWrite(command, $$"""{"execute":"query-status","id":{{id}}}""", out var bytes);
        command[bytes] = (byte)'\n';
        return bytes + 1;
    }

    private static bool Ends(byte[] buffer, int bytes) => bytes > 0
        ? buffer[bytes - 1] == (byte)'\n'
        : throw new IOException("QEMU closed the connection.");

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed class Contestant(Func<Tally, Task> runTurn)
    {
        public Func<Tally, Task> RunTurn { get; } = runTurn;

        public long LastId { get; set; }
    }

    /// <summary>Commands, time and CPU time of one contestant in one round. Reading the clock costs 25 ns, the same to all.</summary>
    private sealed class Tally(Contestant contestant)
    {
        private long _commands;
        private long _turnStarted;
        private TimeSpan _cpuAtStart;
        private TimeSpan _spent;
        private TimeSpan _cpu;

        public double PerSecond => _commands / _spent.TotalSeconds;

        public double CpuMicroseconds => _cpu.TotalMicroseconds / _commands;

        /// <summary>Counts over all rounds, as QmpConnection's own does.</summary>
        public long NextId() => ++contestant.LastId;

        public void StartTurn()
        {
            _cpuAtStart = Environment.CpuUsage.TotalTime;
            _turnStarted = Stopwatch.GetTimestamp();
        }

        public bool GoesOn()
        {
            if (Stopwatch.GetElapsedTime(_turnStarted).TotalSeconds >= TurnSeconds)
            {
                return false;
            }

            _commands++;
            return true;
        }

        public void EndTurn()
        {
            _spent += Stopwatch.GetElapsedTime(_turnStarted);
            _cpu += Environment.CpuUsage.TotalTime - _cpuAtStart;
        }
    }
}
