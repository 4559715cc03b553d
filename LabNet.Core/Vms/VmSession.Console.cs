using LabNet.Core.Consoles;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

/// <summary>The guest's serial console.</summary>
public sealed partial class VmSession
{
    /// <summary>A window that is being dragged asks for many sizes; the guest gets the last.</summary>
    private static readonly TimeSpan SizeSettles = TimeSpan.FromMilliseconds(200);

    private readonly Nudge _sizeConsole = new();
    private ConsoleSize? _consoleSize;

    /// <summary>Whether LabNet has a console of this VM to show: an attached VM has one only where the lab file names its socket.</summary>
    public bool HasConsole => _state.Definition is not AttachedVm { ConsoleSocket: null };

    /// <inheritdoc cref="SerialConsole.ReadAllAsync"/>
    /// <exception cref="VmConflictException">There is none: silence would look like a guest that writes nothing.</exception>
    public IAsyncEnumerable<ConsoleChunk> ReadConsoleAsync(ConsolePosition? from, int chunkBytesMax, CancellationToken cancellationToken)
    {
        ThrowWithoutConsole();
        return _console.ReadAllAsync(from, chunkBytesMax, cancellationToken);
    }

    /// <summary>All of the console's output that is kept (<see cref="ConsoleHistory.KeptBytesMax"/>), as the guest wrote it.</summary>
    /// <exception cref="VmConflictException">There is no console.</exception>
    public ReadOnlyMemory<byte> ReadConsoleKept()
    {
        ThrowWithoutConsole();
        return _console.ReadKept();
    }

    /// <summary>Lets the actor (operator) type; audited once, not key by key: what is typed may be a password.</summary>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">There is no console.</exception>
    public async Task<ConsoleKeyboard> OpenKeyboardAsync(Actor actor, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(actor, Role.Operator, "console-type", detail: null, cancellationToken);
        ThrowWithoutConsole();
        return new ConsoleKeyboard(_console);
    }

    /// <summary>
    /// Tells the guest how large the terminal is that its console is shown in. A serial line has no message for that, so the agent sets it
    /// (stty), now and after each boot; without an agent the guest's programs go on with what they assume, mostly 80 by 24. Of several
    /// viewers the last one counts.
    /// </summary>
    /// <exception cref="ForbiddenException">The actor is no operator: programs in the guest draw themselves anew.</exception>
    public void SizeConsole(ConsoleSize size, Actor actor)
    {
        actor.Require(Role.Operator, "sizing the console");
        if (Interlocked.Exchange(ref _consoleSize, size) != size)
        {
            _sizeConsole.Give();
        }
    }

    private void ThrowWithoutConsole()
    {
        if (!HasConsole)
        {
            throw new VmConflictException($"The lab file names no console socket for {_state.Name}, so LabNet does not see its console.");
        }
    }

    private async Task ConsoleSizeLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _sizeConsole.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
            await Task.Delay(SizeSettles, _services.Time, cancellationToken);
            if (_consoleSize is not { } size || _state.Agent is not GuestAgentState.Answering)
            {
                continue;
            }

            try
            {
                var tty = "/dev/" + _state.Definition.Architecture.ConsoleTty();
                await RunInGuestAsync(new GuestProgram("stty", ["-F", tty, "columns", $"{size.Columns}", "rows", $"{size.Rows}"]), cancellationToken);
            }
            catch (GuestAgentException)
            {
                // The agent's own state tells; when it answers again the size is set then.
            }
        }
    }
}

/// <summary>A terminal's size in characters.</summary>
public sealed record ConsoleSize
{
    /// <summary>Far beyond any screen; some programs take memory for each cell.</summary>
    public const int Max = 1000;

    /// <exception cref="ArgumentOutOfRangeException">A side is not between 1 and <see cref="Max"/>.</exception>
    public ConsoleSize(int columns, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, Max);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Max);
        Columns = columns;
        Rows = rows;
    }

    public int Columns { get; }

    public int Rows { get; }
}

/// <summary>What an operator types a guest's console with.</summary>
public sealed class ConsoleKeyboard
{
    private readonly SerialConsole _console;

    internal ConsoleKeyboard(SerialConsole console) => _console = console;

    /// <inheritdoc cref="SerialConsole.Type"/>
    public void Type(ReadOnlyMemory<byte> keys) => _console.Type(keys);
}
