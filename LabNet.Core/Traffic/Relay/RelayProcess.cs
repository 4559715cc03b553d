using System.Net.Sockets;
using System.Runtime.InteropServices;
using LabNet.Core.Hosts;

namespace LabNet.Core.Traffic;

/// <summary>
/// The relay's process: a UDP socket of loopback for each NIC, a switch for each link, VXLAN towards the lab's other machines, and a UNIX
/// socket by which it is asked. It goes on without LabNet. One thread does everything, and waits for nobody: what a socket does not take at
/// once is dropped and counted.
/// </summary>
public sealed partial class RelayProcess : IDisposable
{
    /// <summary>So many frames of one socket before the others have their turn.</summary>
    private const int FramesPerTurn = 64;

    /// <summary>The longest that it sleeps; so soon it hears of its end and of a new plan.</summary>
    private const long SleepUsMax = 200_000;
    private const long TickUs = 1_000_000;

    /// <summary>While frames pass, the counters are written so often; a chart that is drawn ten times a second is to be smooth.</summary>
    private const long CountersUs = 20_000;

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly FileStream _lock;
    private readonly FileStream _countersFile;
    private readonly byte[] _frame = new byte[ushort.MaxValue + 1];
    private readonly Dictionary<Socket, Action> _readers = [];
    private readonly List<Socket> _ready = [];
    private long _lastTickUs = long.MinValue / 2;
    private long _lastCountersUs = long.MinValue / 2;
    private long _countersNumber;
    private bool _countersChanged;

    /// <param name="folder">With its plan.</param>
    /// <exception cref="IOException">Another relay is at work in that folder.</exception>
    public RelayProcess(string folder, TimeProvider time)
    {
        (_folder, _time) = (folder, time);
        _lock = new FileStream(Path.Join(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        _countersFile = new FileStream(RelayCounters.PathIn(folder), FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        ListenForRequests();
        ReadPlan();
        ReinstateImpairments();
    }

    /// <summary>The program <c>relay FOLDER</c>: runs until it is told to end.</summary>
    /// <returns>Its exit status.</returns>
    public static int Run(string folder)
    {
        using var stopping = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            using var relay = new RelayProcess(folder, TimeProvider.System);
            relay.Run(stopping.Token);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            Console.Error.WriteLine($"The relay in {folder} cannot run: {e.Message}");
            return 1;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }

    /// <summary>Carries frames until it is cancelled.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = NowUs();
            AdvanceAll(now);
            if (now - _lastTickUs >= TickUs)
            {
                _lastTickUs = now;
                Tick();
            }

            WriteCounters(now);
            WaitForReaders(NowUs());
            foreach (var socket in _ready)
            {
                // A reader that was served before may have closed this one.
                if (_readers.TryGetValue(socket, out var read))
                {
                    read();
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var socket in _readers.Keys)
        {
            socket.Dispose();
        }

        File.Delete(SocketPath);
        _countersFile.Dispose();
        _lock.Dispose();
    }

    /// <summary>Until a socket can be read, or a frame is due.</summary>
    private void WaitForReaders(long now)
    {
        var due = _links.Values.Min(link => link.Switch.NextDueUs) ?? long.MaxValue;
        var counters = _countersChanged ? _lastCountersUs + CountersUs : long.MaxValue;
        var sleep = Math.Clamp(Math.Min(due, counters) - now, 0, SleepUsMax);

        // poll(2) knows milliseconds: a part of one would be none, and a whole one spent on spinning.
        sleep = (sleep + 999) / 1000 * 1000;
        _ready.Clear();
        _ready.AddRange(_readers.Keys);
        Socket.Select(_ready, checkWrite: null, checkError: null, TimeSpan.FromMicroseconds(sleep));
    }

    private void AdvanceAll(long now)
    {
        foreach (var link in _links.Values)
        {
            link.Switch.Advance(now);
        }
    }

    private void Tick()
    {
        ReadPlanIfNew();
        BindWhatIsNotBound();
        LookForVms();
        ForgetEndedImpairments();
        _countersChanged = true;
    }

    private void WriteCounters(long now)
    {
        if (!_countersChanged || now - _lastCountersUs < CountersUs)
        {
            return;
        }

        (_lastCountersUs, _countersChanged) = (now, false);
        var problem = _planProblem ?? _nics.Values.Select(nic => nic.Problem).Concat(_uplinks.Values.Select(uplink => uplink.Problem)).FirstOrDefault(one => one is not null);
        var text = RelayCounters.Format(++_countersNumber, _time.GetUtcNow(), problem ?? "", _nics.Values.Select(nic => (nic.Plan.Name, CountersOf(nic))));
        RandomAccess.Write(_countersFile.SafeFileHandle, text, fileOffset: 0);
        if (_countersFile.Length != text.Length)
        {
            RandomAccess.SetLength(_countersFile.SafeFileHandle, text.Length);
        }
    }

    private long NowUs() => _time.GetTimestamp() / (_time.TimestampFrequency / 1_000_000);
}
