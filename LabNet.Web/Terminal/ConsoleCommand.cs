using System.Net;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using LabNet.Core.Consoles;
using LabNet.Web.Hubs;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Win32.SafeHandles;

namespace LabNet.Web.Terminal;

/// <summary>
/// <c>LabNet.Web console URL VM</c>: a VM's console in this terminal, over the hub, for infra/lab, which has put the terminal into raw mode
/// and gives the token by the environment variable LABNET_TOKEN. Ctrl-] leaves. When LabNet goes away it is waited for.
/// </summary>
public sealed class ConsoleCommand : IDisposable
{
    private const byte Leave = 0x1d;
    private const int Refused = 1;

    /// <summary>For keys that found no LabNet to go to.</summary>
    private static readonly byte[] Bell = [0x07];
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Uri _hub;
    private readonly string _vm;
    private readonly Channel<ConsoleInput> _inputs = Channel.CreateBounded<ConsoleInput>(64);

    /// <summary>By its descriptor: System.Console would set the terminal up for itself, and read whole lines.</summary>
    private readonly FileStream _screen = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
    private ConsolePosition? _position;
    private bool _away;

    private ConsoleCommand(Uri hub, string vm)
    {
        _hub = hub;
        _vm = vm;
    }

    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(string url, string vm)
    {
        var hub = new UriBuilder(url) { Path = HubRegistration.Path };
        hub.Scheme = hub.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        using var command = new ConsoleCommand(hub.Uri, vm);
        return await command.RunAsync();
    }

    public void Dispose() => _screen.Dispose();

    private async Task<int> RunAsync()
    {
        using var leaving = new CancellationTokenSource();
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => TellSize());
        var typing = Task.Run(() => ReadKeysLoopAsync(leaving), CancellationToken.None);
        while (true)
        {
            try
            {
                await ShowAsync(leaving.Token);
                await TellAsync("LabNet has ended; trying to reach it again (Ctrl-] leaves)");
            }
            catch (OperationCanceledException) when (leaving.IsCancellationRequested)
            {
                await typing;
                return 0;
            }
            catch (HubException e)
            {
                await TellAsync(e.Message);
                return Refused;
            }
            catch (Exception e) when (e is WebSocketException or IOException or InvalidOperationException or OperationCanceledException)
            {
                await TellAsync("LabNet cannot be reached; trying again (Ctrl-] leaves)");
            }

            await Task.Delay(RetryPause, leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ShowAsync(CancellationToken cancellationToken)
    {
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton<IConnectionFactory>(new WebSocketConnections(Environment.GetEnvironmentVariable("LABNET_TOKEN") ?? ""));
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(_hub));
        builder.AddJsonProtocol(json => HubRegistration.ConfigureJson(json.PayloadSerializerOptions));
        await using var connection = builder.Build();
        await connection.StartAsync(cancellationToken);
        TellSize();

        // Else the connection that is gone would take the next key.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var outputs = connection.StreamAsync<ConsoleOutput>(
            nameof(LabHub.ConsoleFrom), _vm, _position, _inputs.Reader.ReadAllAsync(ended.Token), cancellationToken);
        try
        {
            await foreach (var output in outputs)
            {
                await ShowAsync(output, cancellationToken);
            }
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private async Task ShowAsync(ConsoleOutput output, CancellationToken cancellationToken)
    {
        _away = false;
        if (output.Problem is { } problem)
        {
            await TellAsync(problem);
            return;
        }

        if (output.MissedBytes > 0)
        {
            await TellAsync($"{output.MissedBytes} bytes came faster than this terminal could take them");
        }

        await _screen.WriteAsync(output.Data, cancellationToken);
        await _screen.FlushAsync(cancellationToken);
        _position = new ConsolePosition(output.Stream, output.Offset + output.Data.Length);
        await _inputs.Writer.WriteAsync(new ConsoleInput.Seen(_position.Value.Offset), cancellationToken);
    }

    /// <summary>Once for each time that LabNet is away.</summary>
    private async Task TellAsync(string text)
    {
        if (!_away)
        {
            _away = true;
            await _screen.WriteAsync(Encoding.UTF8.GetBytes($"\r\n[{text}]\r\n"));
            await _screen.FlushAsync();
        }
    }

    private async Task ReadKeysLoopAsync(CancellationTokenSource leaving)
    {
        await using var keyboard = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        var decoder = Encoding.UTF8.GetDecoder();
        var bytes = new byte[1024];
        var text = new char[bytes.Length];
        int read;
        while ((read = await keyboard.ReadAsync(bytes, CancellationToken.None)) > 0)
        {
            var leave = bytes.AsSpan(0, read).IndexOf(Leave);
            var characters = decoder.GetChars(bytes.AsSpan(0, leave < 0 ? read : leave), text, flush: false);
            if (characters > 0 && !_inputs.Writer.TryWrite(new ConsoleInput.Keys(new string(text, 0, characters))))
            {
                await _screen.WriteAsync(Bell, CancellationToken.None);
            }

            if (leave >= 0)
            {
                await leaving.CancelAsync();
                return;
            }
        }
    }

    /// <summary>Without a terminal, in a pipe, there is no size to tell; a full queue has a later one behind it.</summary>
    private void TellSize()
    {
        if (TerminalSize.Read() is { } size)
        {
            _inputs.Writer.TryWrite(new ConsoleInput.Sized(size));
        }
    }
}
