using System.Collections.Immutable;
using LabNet.Core.Hosts;
using LabNet.Core.Vms;

namespace LabNet.Core.Workbench;

/// <summary>Builds the custom PCI devices, one build at a time, and keeps what the last one said.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class PciBuilder(Host host, OperationRegistry operations, AuditLog audit)
{
    /// <summary>Of the operation, and of the audit line.</summary>
    public const string OperationKind = "pci-build";

    /// <summary>A compiler says more about one missing brace than anybody reads.</summary>
    private const int LinesMax = 400;
    private const int LineCharsMax = 400;

    /// <summary>Of the operation's error, which everybody who looks is sent.</summary>
    private const int TailLines = 12;

    private readonly Lock _sync = new();
    private ImmutableQueue<string> _lines = [];
    private int _count;
    private string? _operation;

    /// <summary>The operation that builds, or built last since LabNet was started; null for none.</summary>
    public Operation? Last => _operation is { } id ? operations.Find(id) : null;

    /// <summary>What it said, the newest line last; of many the last ones.</summary>
    public ImmutableArray<string> Lines
    {
        get
        {
            lock (_sync)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Whenever there is another line, or a build has begun or ended. On any thread, and not to be held up.</summary>
    public event EventHandler? Changed;

    /// <summary>Begins to build, for the actor (operator).</summary>
    /// <param name="force">Also what did not change.</param>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">A build goes on, or this LabNet has no place for one.</exception>
    public async Task<Operation> BeginAsync(bool force, Actor actor, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(force ? "force" : null, actor, cancellationToken);
        if (host.Settings.PciFolder is null)
        {
            throw new VmConflictException("This LabNet was started without a folder for custom PCI devices.");
        }

        Operation operation;
        lock (_sync)
        {
            if (Last is { State: OperationState.Running })
            {
                throw new VmConflictException("A build goes on. Wait for its end, or cancel it.");
            }

            (_lines, _count) = ([], 0);
            operation = operations.Begin(OperationKind, vm: null, actor, (_, ct) => BuildAsync(force, ct));
            _operation = operation.Id;
        }

        Changed?.Invoke(this, EventArgs.Empty);
        return operation;
    }

    private async Task BuildAsync(bool force, CancellationToken cancellationToken)
    {
        try
        {
            var status = await host.BuildPciAsync(force, Take, cancellationToken);
            if (status != 0)
            {
                throw new HostException($"The devices were not built (exit status {status}); those of before stay. {string.Join('\n', Lines.TakeLast(TailLines))}");
            }
        }
        finally
        {
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    private void Take(string line)
    {
        lock (_sync)
        {
            _lines = (_count < LinesMax ? _lines : _lines.Dequeue()).Enqueue(line.Length > LineCharsMax ? line[..LineCharsMax] + "…" : line);
            _count = Math.Min(_count + 1, LinesMax);
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    private async Task AuthorizeAsync(string? detail, Actor actor, CancellationToken cancellationToken)
    {
        try
        {
            actor.Require(Role.Operator, OperationKind);
        }
        catch (ForbiddenException)
        {
            await audit.WriteAsync(actor, OperationKind, vm: null, detail, "forbidden", cancellationToken);
            throw;
        }

        await audit.WriteAsync(actor, OperationKind, vm: null, detail, "accepted", cancellationToken);
    }
}
