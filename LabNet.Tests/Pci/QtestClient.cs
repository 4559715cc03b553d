using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LabNet.Tests.Pci;

/// <summary>
/// QEMU's test protocol (softmmu/qtest.c): a line asks, a line that begins with OK or FAIL answers, and lines that begin with IRQ come in
/// between. In this QEMU no vCPU runs, and the clock stands still until it is told to go on.
/// </summary>
internal sealed class QtestClient : IDisposable
{
    private const int AnswerMs = 20_000;

    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;
    private readonly HashSet<int> _raised = [];

    public QtestClient(Socket socket)
    {
        socket.ReceiveTimeout = AnswerMs;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new StreamReader(_stream, Encoding.ASCII);
    }

    /// <summary>Interrupt lines that are up, of the controller whose lines are intercepted.</summary>
    public IReadOnlySet<int> Raised => _raised;

    public void InterceptInterrupts(string controller) => Ask($"irq_intercept_in {controller}");

    public void Out(int port, uint value) => Ask($"outl 0x{port:x} 0x{value:x}");

    public void Out(int port, int bytes, uint value) => Ask($"out{Suffix(bytes)} 0x{port:x} 0x{value:x}");

    public uint In(int port, int bytes) => (uint)Number(Ask($"in{Suffix(bytes)} 0x{port:x}"));

    /// <param name="bytes">1, 2, 4 or 8.</param>
    public ulong Read(ulong address, int bytes) => Number(Ask($"read{Suffix(bytes)} 0x{address:x}"));

    public void Write(ulong address, int bytes, ulong value) => Ask($"write{Suffix(bytes)} 0x{address:x} 0x{value:x}");

    public byte[] ReadBytes(ulong address, int count) => Convert.FromHexString(Ask($"read 0x{address:x} 0x{count:x}").AsSpan(2));

    public void WriteBytes(ulong address, ReadOnlySpan<byte> data) => Ask($"write 0x{address:x} 0x{data.Length:x} 0x{Convert.ToHexString(data)}");

    /// <summary>To the next timer.</summary>
    /// <returns>The clock's nanoseconds.</returns>
    public long StepClock() => long.Parse(Ask("clock_step"), CultureInfo.InvariantCulture);

    public long StepClock(TimeSpan by) => long.Parse(Ask($"clock_step {(long)by.TotalNanoseconds}"), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
    }

    private string Ask(string command)
    {
        _stream.Write(Encoding.ASCII.GetBytes(command + "\n"));
        while (true)
        {
            var line = _reader.ReadLine() ?? throw new EndOfStreamException($"QEMU ended at \"{command}\".");
            if (line.StartsWith("IRQ ", StringComparison.Ordinal))
            {
                Note(line.Split(' '));
                continue;
            }

            return line.StartsWith("OK", StringComparison.Ordinal) ? line[2..].Trim() : throw new InvalidOperationException($"{command}: {line}");
        }
    }

    private void Note(string[] words)
    {
        var line = int.Parse(words[2], CultureInfo.InvariantCulture);
        _ = words[1] == "raise" ? _raised.Add(line) : _raised.Remove(line);
    }

    private static string Suffix(int bytes) => bytes switch
    {
        1 => "b",
        2 => "w",
        4 => "l",
        8 => "q",
        _ => throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "1, 2, 4 or 8"),
    };

    private static ulong Number(string text) => ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
