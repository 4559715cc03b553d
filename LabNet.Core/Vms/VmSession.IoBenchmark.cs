using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>I/O benchmarks of the guest: one at a time, because two would measure each other.</summary>
public sealed partial class VmSession
{
    internal const string IoBenchmark = "io-benchmark";

    private int _benchmarks;

    /// <summary>Begins one for the actor (operator).</summary>
    /// <param name="detail">What is measured, for the audit log.</param>
    /// <param name="prepare">Gets the id that the operation will have; what it throws is the caller's, and nothing was begun. Returns the work.</param>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">The guest does not run, or is being measured already.</exception>
    /// <exception cref="QmpDisconnectedException"/>
    /// <exception cref="GuestAgentException"/>
    internal async Task<Operation> BeginIoBenchmarkAsync(
        string detail,
        Actor actor,
        Func<string, CancellationToken, Task<Func<IProgress<double>, CancellationToken, Task>>> prepare,
        CancellationToken cancellationToken)
    {
        await AuthorizeAsync(actor, Role.Operator, IoBenchmark, detail, cancellationToken);
        ThrowUnlessGuestRuns("a guest that stands still reads and writes nothing");
        if (WhyGuestCannotAnswer() is { } whyNot)
        {
            throw whyNot;
        }

        if (Interlocked.Exchange(ref _benchmarks, 1) != 0)
        {
            throw new VmConflictException($"An I/O benchmark of {_state.Name} runs already, and two would measure each other. Wait for its end, or cancel it.");
        }

        try
        {
            var id = OperationRegistry.NewId();
            var work = await prepare(id, cancellationToken);
            return _services.Operations.Begin(IoBenchmark, _state.Name, actor, (progress, token) => BenchmarkAsync(work, progress, token), detail, id);
        }
        catch
        {
            Volatile.Write(ref _benchmarks, 0);
            throw;
        }
    }

    /// <summary>Lets the actor (operator) forget a run, and writes it down.</summary>
    /// <exception cref="ForbiddenException"/>
    internal Task AllowIoBenchmarkDeletionAsync(string detail, Actor actor, CancellationToken cancellationToken) =>
        AuthorizeAsync(actor, Role.Operator, IoBenchmark + "-delete", detail, cancellationToken);

    private async Task BenchmarkAsync(Func<IProgress<double>, CancellationToken, Task> work, IProgress<double> progress, CancellationToken cancellationToken)
    {
        try
        {
            await work(progress, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _benchmarks, 0);
        }
    }
}
