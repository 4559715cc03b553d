using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text.Json;
using LabNet.Core.Hosts;

namespace LabNet.Core.Traffic;

/// <summary>Asks the lab's relay, by a connection for each question.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class RelayControl(Host host, TimeProvider time)
{
    /// <summary>It answers within milliseconds, unless the machine is short of CPU.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    /// <exception cref="HostException">The relay does not answer.</exception>
    public async Task<ImmutableArray<RelayPortState>> ReadPortsAsync(CancellationToken cancellationToken) =>
        (await AskAsync(new RelayRequest("ports"), cancellationToken)).Ports ?? [];

    /// <inheritdoc cref="ReadPortsAsync"/>
    public async Task<ImmutableArray<RelayPortCounters>> ReadCountersAsync(CancellationToken cancellationToken) =>
        (await AskAsync(new RelayRequest("counters"), cancellationToken)).Counters ?? [];

    /// <param name="port">By its name.</param>
    /// <param name="until">Then the relay lifts it by itself.</param>
    /// <exception cref="HostException">The relay does not answer, or refuses.</exception>
    public Task ImpairAsync(string port, ImpairDirection direction, Impairment what, ulong seed, DateTimeOffset until, CancellationToken cancellationToken) =>
        AskAsync(new RelayRequest("impair", port, direction, what, seed, until), cancellationToken);

    /// <inheritdoc cref="ImpairAsync"/>
    public Task LiftAsync(string port, ImpairDirection direction, CancellationToken cancellationToken) =>
        AskAsync(new RelayRequest("lift", port, direction), cancellationToken);

    private async Task<RelayReply> AskAsync(RelayRequest request, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await using var stream = await host.OpenSocketAsync(host.RelaySocket, either.Token);
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(request, RelayJson.Default.RelayRequest), (byte)'\n'];
            await stream.WriteAsync(line, either.Token);
            using var reader = new StreamReader(stream);
            var text = await reader.ReadLineAsync(either.Token) ?? throw new IOException("it has hung up");
            var reply = JsonSerializer.Deserialize(text, RelayJson.Default.RelayReply)!;
            return reply.Error is null ? reply : throw new HostException(reply.Error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HostException($"The relay of the lab's links has not answered within {AnswerTimeout.TotalSeconds:0} s.");
        }
        catch (Exception e) when (e is SocketException or IOException or JsonException)
        {
            throw new HostException($"The relay of the lab's links does not answer: {e.Message}", e);
        }
    }
}
