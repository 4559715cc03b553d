using System.Net;
using System.Text.RegularExpressions;

namespace LabNet.Core.Labs;

internal sealed partial class LabFileReader
{
    private const string SocketExample = "./qmp.sock or /run/mine/qmp.sock";
    private const string LoopbackTold = "127.0.0.0/8, [::1] or localhost";

    /// <summary>A VM that somebody else started.</summary>
    private AttachedVm? ReadAttachedVm(VmName name, Fields fields)
    {
        foreach (var key in LabFileKeys.VmStart)
        {
            if (fields.FindEntry(key) is { } useless)
            {
                Tell(useless.At, $"VM \"{name}\" was started by someone else, who chose its {key}; with attach, leave {key} out.");
            }
        }

        var host = ReadHostOf(fields);
        var architecture = OneOf<Architecture>(fields.Find("arch"), "arch", Words.Word);
        if (Open(fields.Find("attach")!, $"attach of VM \"{name}\"", LabFileKeys.Attach, LabFileKeys.AttachRequired) is not { } attach)
        {
            return null;
        }

        var tls = attach.Find("tls");
        var credentials = tls is null ? null : ReadPath(tls, "tls", "./creds or /etc/pki/qemu");
        var qmp = ReadQmp(attach.Find("qmp"), tls is not null, credentials);
        var agent = attach.Find("agent") is { } agentNode ? ReadSocket(agentNode, "agent") : null;
        var console = attach.Find("console") is { } consoleNode ? ReadSocket(consoleNode, "console") : null;
        ClaimSocket(name, "qmp", qmp?.ToString(), attach);
        ClaimSocket(name, "agent", agent, attach);
        ClaimSocket(name, "console", console, attach);
        return host is null || architecture is null || qmp is null ? null : new AttachedVm(name, host.Value, architecture.Value, qmp, agent, console);
    }

    /// <summary>QEMU serves one client a socket.</summary>
    private void ClaimSocket(VmName vm, string key, string? socket, Fields attach)
    {
        if (socket is not null)
        {
            _attachedSockets.Claim(socket, $"{key} of VM \"{vm}\"", socket, attach.Find(key)!.At, Mistakes);
        }
    }

    /// <summary>A text with a slash is a path, any other HOST:PORT.</summary>
    /// <param name="credentials">Null also where they were told to be wrong.</param>
    private QmpAddress? ReadQmp(YamlNode? node, bool withTls, string? credentials)
    {
        if (Text(node, "qmp") is not { } text)
        {
            return null;
        }

        if (text.Contains('/', StringComparison.Ordinal))
        {
            if (withTls)
            {
                Tell(node!.At, "tls belongs to a qmp of the form HOST:PORT; who may connect to a UNIX socket, its file rights say.");
                return null;
            }

            return ReadSocket(node!, "qmp") is { } path ? new QmpAddress.Unix(path) : null;
        }

        if (HostAndPort().Match(text) is not { Success: true, Groups: [_, var bracketed, var plain, var digits] }
            || !int.TryParse(digits.ValueSpan, out var port) || port is 0 or > ushort.MaxValue
            || (bracketed.Success && !IPAddress.TryParse(bracketed.ValueSpan, out _))
            || (plain.Success && LooksLikeIpv4().IsMatch(plain.Value) && !Ipv4Address.TryParse(plain.Value, out _)))
        {
            Tell(node!.At, $"qmp {Spelling.Quote(text)} is neither the path of a UNIX socket with a slash, such as {SocketExample}, "
                + "nor HOST:PORT, such as 127.0.0.1:4444 or \"[::1]:4444\".");
            return null;
        }

        var host = bracketed.Success ? bracketed.Value : plain.Value;
        if (withTls)
        {
            return credentials is null ? null : new QmpAddress.Tls(host, port, credentials);
        }

        if (host != "localhost" && !(IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)))
        {
            Tell(node!.At, $"qmp {Spelling.Quote(text)} is no loopback address: whoever reaches a QMP port can do all that QEMU's user can. "
                + $"Without tls, allowed are the path of a UNIX socket and {LoopbackTold}; else give tls, the folder of QEMU's x509 credentials.");
            return null;
        }

        return new QmpAddress.Tcp(host, port);
    }

    /// <returns>Absolute.</returns>
    private string? ReadSocket(YamlNode node, string key)
    {
        if (Text(node, key) is not { } text)
        {
            return null;
        }

        if (!text.Contains('/', StringComparison.Ordinal) || !IsPath(text))
        {
            Tell(node.At, $"{key} {Spelling.Quote(text)} is not the path of a UNIX socket, with a slash, such as {SocketExample.Replace("qmp", key, StringComparison.Ordinal)}.");
            return null;
        }

        var path = Path.GetFullPath(text, folder);
        if (QmpAddress.Unix.ExcessBytes(path) is var excess and > 0)
        {
            Tell(node.At, $"{key} {Spelling.Quote(path)} is {excess} bytes too long for a UNIX socket ({VmPaths.SocketPathBytesMax} at most).");
            return null;
        }

        return path;
    }

    /// <summary>The host in brackets, or without; the port.</summary>
    [GeneratedRegex(
        @"\A( \[ (?<bracketed> [0-9a-fA-F:.]+ ) \] | (?<plain> [A-Za-z0-9] [A-Za-z0-9.-]{0,252} ) ) : (?<port> [0-9]{1,5} )\z",
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"\A[0-9.]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LooksLikeIpv4();
}
