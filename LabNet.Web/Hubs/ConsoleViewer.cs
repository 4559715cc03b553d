using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using LabNet.Core.Consoles;
using LabNet.Core.Vms;

namespace LabNet.Web.Hubs;

/// <summary>One viewer of a VM's console: what the guest writes goes out, what the viewer types goes in.</summary>
internal sealed class ConsoleViewer(VmSession vm, Actor actor) : IDisposable
{
    /// <summary>A terminal in a browser takes some hundred milliseconds for this much; the rest waits where it costs nothing, in the history.</summary>
    public const int UnseenBytesMax = 256 * 1024;
    private const int ChunkBytesMax = 48 * 1024;
    private const int QueuedMax = 4;

    private readonly Channel<ConsoleOutput> _output = Channel.CreateBounded<ConsoleOutput>(new BoundedChannelOptions(QueuedMax) { SingleReader = true });
    private readonly SemaphoreSlim _sawMore = new(0);
    private long? _seen;
    private ConsoleKeyboard? _keyboard;

    /// <summary>Until cancelled, or until LabNet ends.</summary>
    /// <exception cref="ForbiddenException">The viewer typed and is no operator.</exception>
    public async IAsyncEnumerable<ConsoleOutput> RunAsync(
        ConsolePosition? from, IAsyncEnumerable<ConsoleInput> inputs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var loops = Task.WhenAll(EndWithAsync(ShowLoopAsync(from, ending.Token)), EndWithAsync(TypeLoopAsync(inputs, ending.Token)));
        try
        {
            await foreach (var output in _output.Reader.ReadAllAsync(cancellationToken))
            {
                yield return output;
            }
        }
        finally
        {
            await ending.CancelAsync();
            await loops;
        }
    }

    public void Dispose() => _sawMore.Dispose();

    /// <summary>A viewer that has nothing more to type goes on looking; any other end of a loop is the end of the stream.</summary>
    private async Task EndWithAsync(Task<bool> loop)
    {
        try
        {
            if (await loop)
            {
                _output.Writer.TryComplete();
            }
        }
        catch (Exception e)
        {
            _output.Writer.TryComplete(e);
        }
    }

    private async Task<bool> ShowLoopAsync(ConsolePosition? from, CancellationToken cancellationToken)
    {
        await foreach (var chunk in vm.ReadConsoleAsync(from, ChunkBytesMax, cancellationToken))
        {
            await _output.Writer.WriteAsync(ConsoleOutput.Of(chunk), cancellationToken);
            while (_seen is { } seen && chunk.Next.Offset - seen > UnseenBytesMax)
            {
                await _sawMore.WaitAsync(cancellationToken);
            }
        }

        return true;
    }

    private async Task<bool> TypeLoopAsync(IAsyncEnumerable<ConsoleInput> inputs, CancellationToken cancellationToken)
    {
        await foreach (var input in inputs.WithCancellation(cancellationToken))
        {
            switch (input)
            {
                case ConsoleInput.Keys keys:
                    await TypeAsync(keys.Text, cancellationToken);
                    break;
                case ConsoleInput.Seen seen:
                    _seen = seen.Offset;
                    _sawMore.Release();
                    break;
                case ConsoleInput.Sized sized:
                    vm.SizeConsole(sized.Size, actor);
                    break;
            }
        }

        return false;
    }

    private async Task TypeAsync(string text, CancellationToken cancellationToken)
    {
        _keyboard ??= await vm.OpenKeyboardAsync(actor, cancellationToken);
        try
        {
            _keyboard.Type(Encoding.UTF8.GetBytes(text));
        }
        catch (ConsoleException e)
        {
            await _output.Writer.WriteAsync(ConsoleOutput.Told(e.Message), cancellationToken);
        }
    }
}
