using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>
/// QEMU's <c>filter-buffer</c> between a NIC and its backend: it keeps frames and lets them go at fixed intervals. That is a delay, and nothing
/// else that an <see cref="Impairment"/> may ask for.
/// </summary>
internal sealed class LinkImpairInjector(VmSession vm, LinkImpairFault spec) : Injector(vm)
{
    private const string OnlyDelay =
        "only delayMs works here, by QEMU's own buffer: jitter, loss, rate, duplicates and another order need a kernel with netem, or a link whose transport is relay.";

    /// <summary>What does not work here, in sentences; empty if all does.</summary>
    public static IReadOnlyList<string> WhyNot(VmState state) =>
        LinkInjector.WhyNot(state, nic: null) is { } whyNot ? [whyNot] : [$"On {state.Name} {OnlyDelay}"];

    public override Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        var whyNot = LinkInjector.WhyNot(Vm.State, spec.Nic)
            ?? (spec.What with { DelayMs = null } == new Impairment(null, null, null, null, null, null) ? null : $"On {spec.Nic} of {Name} {OnlyDelay}")
            ?? (spec.What.DelayMs > 0 ? null : "delayMs: QEMU's buffer needs more than 0.");
        return whyNot is null ? Task.FromResult<string?>(null) : throw new VmConflictException(whyNot);
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        var microseconds = (long)Math.Max(1, spec.What.DelayMs!.Value * 1000);
        var filter = new ObjectAddArguments("filter-buffer", IdOf(fault))
        {
            Properties = new Dictionary<string, JsonElement>
            {
                ["netdev"] = JsonSerializer.SerializeToElement($"{spec.Nic}-netdev"),
                ["queue"] = JsonSerializer.SerializeToElement(QueueOf(spec.Direction)),
                ["interval"] = JsonSerializer.SerializeToElement(microseconds),
            },
        };
        await Vm.ExecuteAsync(ObjectCommands.Add, filter, cancellationToken);
        var interval = await Vm.ReadAsync(QomCommands.Get, new QomGetArguments($"/objects/{IdOf(fault)}", "interval"), cancellationToken);
        return new Sight(interval.TryGetInt64(out var told) && told == microseconds, $"QEMU keeps frames and lets them go each {interval} µs.");
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        var objects = await Vm.ReadAsync(QomCommands.List, new QomPathArguments("/objects"), cancellationToken);
        if (objects.Any(one => one.Name == IdOf(fault)))
        {
            await Vm.ExecuteAsync(ObjectCommands.Delete, new IdArguments(IdOf(fault)), cancellationToken);
        }

        return "QEMU keeps no frames any more.";
    }

    private static string IdOf(Fault fault) => $"labnet-{fault.Id}";

    /// <summary>QEMU names its queues as the backend sees them: what the guest sends, that receives.</summary>
    private static string QueueOf(ImpairDirection direction) => direction switch
    {
        ImpairDirection.Out => "rx",
        ImpairDirection.In => "tx",
        _ => "all",
    };
}
