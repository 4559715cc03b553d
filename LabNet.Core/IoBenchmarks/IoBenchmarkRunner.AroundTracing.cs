using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.IoBenchmarks;

/// <summary>How much slower tracing makes a guest: the same load with the VM's trace events and without them, in turns.</summary>
public sealed partial class IoBenchmarkRunner
{
    public const string WithoutTracing = "without tracing", WithTracing = "with tracing";

    /// <summary>
    /// Begins a series of two runs, labelled <see cref="WithoutTracing"/> and <see cref="WithTracing"/>, whose repeats take turns, so that what
    /// else slows the machine down meets both alike. The trace events that are on are switched off for each repeat of the first.
    /// </summary>
    /// <param name="request">Its label is not used.</param>
    /// <inheritdoc cref="BeginAsync" path="/exception"/>
    public Task<Operation> BeginAroundTracingAsync(VmSession vm, IoBenchmarkRequest request, Actor actor, CancellationToken cancellationToken)
    {
        ThrowIfMistaken(request);
        return vm.BeginIoBenchmarkAsync(
            $"{DetailOf(request)}, each with and without trace events",
            actor,
            async (id, ct) =>
            {
                if (!vm.State.TraceSwitches.Any(one => one.Enabled))
                {
                    throw new VmConflictException($"No trace event of {vm.State.Name} is on. Switch on those whose cost is to be measured.");
                }

                var without = await PlanTurnAsync(vm, request with { Label = WithoutTracing }, id, id, actor, ct);
                var with = await PlanTurnAsync(vm, request with { Label = WithTracing }, OperationRegistry.NewId(), id, actor, ct) with { FileOf = id };
                await store.AddAsync(without.Run, ct);
                await store.AddAsync(with.Run, ct);
                return (progress, cancelled) => CarryOutAsync(
                    without, () => CarryOutAsync(with, () => MeasureInTurnsAsync(without, with, progress, cancelled), cancelled), cancelled);
            },
            cancellationToken);
    }

    /// <returns>The VM's newest such series that has ended; null if there is none.</returns>
    /// <exception cref="Storage.DatabaseException"/>
    public TracingSeries? ReadAroundTracing(VmName vm)
    {
        var runs = store.ReadOf(vm);
        var with = runs.FirstOrDefault(run => run is { Series: not null, Label: WithTracing, State: not OperationState.Running });
        var without = with is null ? null : runs.FirstOrDefault(run => run.Series == with.Series && run.Label == WithoutTracing);
        return without is null ? null : new TracingSeries(without, with!);
    }

    private async Task<Plan> PlanTurnAsync(VmSession vm, IoBenchmarkRequest request, string id, string series, Actor actor, CancellationToken cancellationToken)
    {
        var plan = await PlanAsync(vm, request, id, actor, cancellationToken);
        return plan with { Run = plan.Run with { Series = series } };
    }

    /// <summary>A B, B A, A B …: a machine that grows slower all the time favours neither.</summary>
    private async Task MeasureInTurnsAsync(Plan without, Plan with, IProgress<double> progress, CancellationToken cancellationToken)
    {
        await PrepareAsync(without, cancellationToken);
        for (var number = 1; number <= with.Run.Repeats; number++)
        {
            progress.Report((number - 1.0) / with.Run.Repeats);
            foreach (var plan in number % 2 == 1 ? (Plan[])[without, with] : [with, without])
            {
                await (plan == without
                    ? plan.Vm.WithoutTraceEventsAsync(() => AddRepeatAsync(plan, number, cancellationToken), cancellationToken)
                    : AddRepeatAsync(plan, number, cancellationToken));
            }
        }

        progress.Report(1);
    }
}

/// <summary>What tracing costs a guest, as it was measured there.</summary>
/// <param name="Without">The same load without trace events.</param>
/// <param name="With">And with those that were on.</param>
public sealed record TracingSeries(IoBenchmark Without, IoBenchmark With)
{
    /// <summary>Null of one that did not end well; <see cref="IoBenchmark.Error"/> of either then says why.</summary>
    public IoComparison? Comparison { get; } =
        Without.State == OperationState.Succeeded && With.State == OperationState.Succeeded && IoComparison.WhyNot(Without, With) is null ? IoComparison.Of(Without, With) : null;
}
