using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text.Json;

namespace LabNet.Core.Traffic;

/// <summary>What the relay is asked, and what it answers.</summary>
public sealed partial class RelayProcess
{
    /// <summary>Longer than any request.</summary>
    private const int RequestBytesMax = 4096;

    /// <summary>LabNet needs one, whoever looks for himself another.</summary>
    private const int ClientsMax = 16;

    private int _clients;

    private string SocketPath => Path.Join(_folder, "relay.sock");

    private void ListenForRequests()
    {
        // The lock is held: a socket that is there is a dead relay's.
        File.Delete(SocketPath);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        File.SetUnixFileMode(SocketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        listener.Listen(ClientsMax);
        _readers.Add(listener, () => Accept(listener));
    }

    private void Accept(Socket listener)
    {
        try
        {
            var client = listener.Accept();
            client.Blocking = false;
            if (_clients == ClientsMax)
            {
                client.Dispose();
                return;
            }

            _clients++;
            var buffer = new byte[RequestBytesMax];
            var filled = 0;
            _readers.Add(client, () => filled = Serve(client, buffer, filled));
        }
        catch (SocketException)
        {
            // The client has gone again.
        }
    }

    /// <returns>How much of the buffer is a line that has not ended.</returns>
    private int Serve(Socket client, byte[] buffer, int filled)
    {
        try
        {
            var read = client.Receive(buffer.AsSpan(filled));
            var text = buffer.AsSpan(0, filled + read);
            while (text.IndexOf((byte)'\n') is var end and >= 0)
            {
                var reply = JsonSerializer.SerializeToUtf8Bytes(Answer(text[..end]), RelayJson.Default.RelayReply);
                byte[] line = [.. reply, (byte)'\n'];

                // A client that does not read its answers is sent away; the frames do not wait for it.
                if (client.Send(line) < line.Length)
                {
                    return SendAway(client);
                }

                text = text[(end + 1)..];
            }

            if (read > 0 && text.Length < buffer.Length)
            {
                text.CopyTo(buffer);
                return text.Length;
            }
        }
        catch (SocketException)
        {
            // The client has gone.
        }

        return SendAway(client);
    }

    private int SendAway(Socket client)
    {
        _clients--;
        Close(client);
        return 0;
    }

    private RelayReply Answer(ReadOnlySpan<byte> line)
    {
        try
        {
            return Carry(JsonSerializer.Deserialize(line, RelayJson.Default.RelayRequest));
        }
        catch (JsonException e)
        {
            return new RelayReply($"That is no request: {Told(e)}");
        }
    }

    private RelayReply Carry(RelayRequest? request) => request switch
    {
        { Do: "ports" } => new RelayReply { Ports = [.. _ends.Values.Select(StateOf)] },
        { Do: "counters" } => new RelayReply { Counters = [.. _ends.Values.Select(CountersOf)] },
        { Do: "impair", Port: { } port, Direction: { } direction, Impairment: { } what, Until: { } until } =>
            Impair(port, direction, what, request.Seed ?? 0, until),
        { Do: "lift", Port: { } port, Direction: { } direction } => Lift(port, direction),
        _ => new RelayReply("A request is ports, counters, impair (port, direction, impairment, until) or lift (port, direction)."),
    };

    private static ImpairDirection[] EachOf(ImpairDirection direction) =>
        direction == ImpairDirection.Both ? [ImpairDirection.In, ImpairDirection.Out] : [direction];

    private static RelayPortState StateOf(PortEnd end) =>
        new(end.Name, end.Link.Plan.Name, end.Label, end is NicEnd nic ? nic.Problem : ((PeerEnd)end).Uplink.Problem);

    private RelayPortCounters CountersOf(PortEnd end)
    {
        var of = end.Link.Switch;
        var nic = end as NicEnd;
        ImmutableArray<ImpairmentInForce> impairments =
        [
            .. EachOf(ImpairDirection.Both).Where(direction => of.ImpairmentOf(end.Number, direction) is not null && _inForce.ContainsKey((end.Name, direction)))
                .Select(direction => _inForce[(end.Name, direction)]),
        ];
        return new RelayPortCounters(
            end.Name,
            end.Link.Plan.Name,
            end.Label,
            of.CountersOf(end.Number, ImpairDirection.Out),
            of.CountersOf(end.Number, ImpairDirection.In),
            of.HeldBy(end.Number, ImpairDirection.Out),
            of.HeldBy(end.Number, ImpairDirection.In),
            nic is null ? 0 : _udp.DropsOf(nic.Plan.RelayUdpPort),
            nic is null ? 0 : _udp.DropsOf(nic.Plan.VmUdpPort),
            nic?.Strangers ?? ((PeerEnd)end).Uplink.Strangers,
            impairments);
    }
}
