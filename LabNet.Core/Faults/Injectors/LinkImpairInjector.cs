using System.Text.Json;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>
/// What happens to a NIC's frames. The link itself does it where it can (<see cref="LinkImpairments"/>: a relay, or the kernel). A delay alone can
/// be had everywhere, by QEMU's <c>filter-buffer</c> between the NIC and its backend, which keeps frames and lets them go at fixed intervals.
/// </summary>
/// <param name="links">Null where nobody knows links: then QEMU's buffer is all there is.</param>
internal sealed class LinkImpairInjector(VmSession vm, LinkImpairFault spec, LinkImpairments? links) : Injector(vm)
{
    /// <summary>Of <see cref="Fault.Before"/>: who does it, and so who has to end it.</summary>
    private const string ByLink = "link";
    private const string ByQemu = "buffer";

    /// <summary>The same fault meets the same frames with the same luck, where the relay does it.</summary>
    private const ulong Seed = 0;

    private const string OnlyDelay =
        "only delayMs works here, by QEMU's own buffer: jitter, loss, rate, duplicates and another order need a kernel with netem, or a link whose transport is relay.";

    /// <summary>What does not work here, in sentences; empty if all does.</summary>
    public static IReadOnlyList<string> WhyNot(VmState state, LinkImpairments? links)
    {
        if (LinkInjector.WhyNot(state, nic: null) is { } whyNot)
        {
            return [whyNot];
        }

        var nics = state.Definition.Nics.OfType<LinkNic>().ToList();
        return links is null || nics.Count == 0
            ? [$"On {state.Name} {OnlyDelay}"]
            : [.. nics.SelectMany(nic => links.WhatWorks(state.Name, nic.Id)
                .Where(ability => !ability.Works && ability.Part != ImpairmentPart.Delay)
                .Select(ability => $"{nic.Id}, {ability.Part.ToString().ToLowerInvariant()}: {ability.WhyNot}"))];
    }

    /// <summary>What the link does stays where its VM goes.</summary>
    public override bool OutlivesQemu(Fault fault) => fault.Before == ByLink;

    public override Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        if (LinkInjector.WhyNot(Vm.State, spec.Nic) is { } whyNoNic)
        {
            throw new VmConflictException(whyNoNic);
        }

        var whyNotByLink = links is null ? $"On {spec.Nic} of {Name} {OnlyDelay}" : links.WhyNot(Name, spec.Nic, spec.What, spec.Direction);
        return Task.FromResult<string?>(
            whyNotByLink is null ? ByLink
            : spec.What is { DelayMs: > 0 } && spec.What with { DelayMs = null } == new Impairment(null, null, null, null, null, null) ? ByQemu
            : throw new VmConflictException(whyNotByLink));
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        if (fault.Before == ByLink)
        {
            var link = links ?? throw new VmConflictException($"On {spec.Nic} of {Name} {OnlyDelay}");
            await link.ApplyAsync(Name, spec.Nic, spec.What, spec.Direction, fault.EndsAt!.Value, Seed, cancellationToken);
            var told = await link.ReadAsync(Name, spec.Nic, cancellationToken);
            return new Sight(told is not null, told is null ? "The link took it, and tells nothing of it." : $"The link says: {told}.");
        }

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
        var (add, look) = (ObjectCommands.Add.With(filter), QomCommands.Get.With(new QomGetArguments($"/objects/{IdOf(fault)}", "interval")));
        var replies = await Vm.ExecuteAsync([add, look], cancellationToken);
        replies.Read(add);
        var interval = replies.Read(look);
        return new Sight(interval.TryGetInt64(out var micros) && micros == microseconds, $"QEMU keeps frames and lets them go each {interval} µs.");
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        if (fault.Before == ByLink)
        {
            await (links?.LiftAsync(Name, spec.Nic, spec.Direction, cancellationToken) ?? Task.CompletedTask);
            return "The link lets all frames pass.";
        }

        var (delete, list) = (ObjectCommands.Delete.With(new IdArguments(IdOf(fault))), QomCommands.List.With(new QomPathArguments("/objects")));
        var replies = await Vm.ExecuteAsync([delete, list], cancellationToken);
        if (replies.Read(list).Any(one => one.Name == IdOf(fault)))
        {
            replies.Read(delete);
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
