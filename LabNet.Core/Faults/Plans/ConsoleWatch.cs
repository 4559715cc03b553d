using System.Text;
using System.Text.RegularExpressions;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>Reads what a VM's kernel writes on its console from now on, and keeps the lines that tell of a fault of its own.</summary>
internal sealed partial class ConsoleWatch : IAsyncDisposable
{
    private const int ChunkBytesMax = 64 * 1024;

    /// <summary>A guest may write without ever ending a line.</summary>
    private const int LineBytesMax = 4096;
    private const int LinesMax = 100;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _sync = new();
    private readonly List<string> _lines = [];
    private readonly List<byte> _line = [];
    private readonly Task _loop;

    public ConsoleWatch(VmSession vm) => _loop = vm.HasConsole ? Task.Run(() => ReadLoopAsync(vm, _stopping.Token), CancellationToken.None) : Task.CompletedTask;

    /// <summary>The lines since the last call, oldest first; what one call has told the next does not.</summary>
    public IReadOnlyList<string> Take()
    {
        lock (_sync)
        {
            var lines = _lines.ToArray();
            _lines.Clear();
            return lines;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await ((Task)_loop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task ReadLoopAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var before = (long)vm.ReadConsoleKept().Length;
        await foreach (var chunk in vm.ReadConsoleAsync(from: null, ChunkBytesMax, cancellationToken))
        {
            var old = (int)Math.Min(before, chunk.Bytes.Length);
            before -= old;
            Read(chunk.Bytes.Span[old..]);
        }
    }

    private void Read(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (one == '\n' || _line.Count == LineBytesMax)
            {
                Keep(Encoding.UTF8.GetString([.. _line]).Trim());
                _line.Clear();
            }
            else
            {
                _line.Add(one);
            }
        }
    }

    private void Keep(string line)
    {
        if (!Oops().IsMatch(line))
        {
            return;
        }

        lock (_sync)
        {
            if (_lines.Count < LinesMax)
            {
                _lines.Add(line);
            }
        }
    }

    /// <summary>What Linux begins such a message with (kernel/panic.c, lib/bug.c, mm and arch's fault.c, kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h).</summary>
    [GeneratedRegex(
        @"Kernel panic - not syncing|\bOops\b|kernel BUG at|\bBUG: |Unable to handle kernel|general protection fault|soft lockup|hard LOCKUP|blocked for more than \d+ seconds|detected stalls on CPUs|self-detected stall",
        RegexOptions.None,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Oops();
}
