using System.Net.Sockets;
using System.Text;

namespace LabNet.Tests.Web;

/// <summary>A QMP client that shares nothing with LabNet's own: it sends lines and takes lines.</summary>
internal sealed class UserQmp : IDisposable
{
    private const string Return = "{\"return\": ";

    private readonly StreamReader _reader;
    private readonly NetworkStream _stream;

    private UserQmp(NetworkStream stream)
    {
        _stream = stream;
        _reader = new StreamReader(stream, Encoding.UTF8);
    }

    public static async Task<UserQmp> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), TestRun.Ended);
        var client = new UserQmp(new NetworkStream(socket, ownsSocket: true));
        Assert.StartsWith("{\"QMP\"", await client._reader.ReadLineAsync(TestRun.Ended), StringComparison.Ordinal);
        Assert.Equal("{}", await client.AskAsync("""{"execute": "qmp_capabilities"}"""));
        return client;
    }

    /// <summary>The text of QEMU's <c>return</c>, byte for byte.</summary>
    public async Task<string> AskAsync(string command)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\n"), TestRun.Ended);
        while (true)
        {
            var line = await _reader.ReadLineAsync(TestRun.Ended);
            Assert.NotNull(line);
            if (!line.StartsWith("{\"timestamp\"", StringComparison.Ordinal))
            {
                Assert.StartsWith(Return, line, StringComparison.Ordinal);
                return line[Return.Length..^1];
            }
        }
    }

    public void Dispose() => _reader.Dispose();
}
