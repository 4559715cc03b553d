using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>A NIC's carrier, by <c>set_link</c>.</summary>
internal abstract class LinkInjector(VmSession vm, NicId nic) : Injector(vm)
{
    /// <summary>Why there is no such NIC; null if there is.</summary>
    public static string? WhyNot(VmState state, NicId? nic) =>
        state.Definition is AttachedVm ? $"LabNet did not start {state.Name}, and does not know its NICs."
        : state.Definition.Nics.IsEmpty ? $"{state.Name} has no NIC."
        : nic is not null && state.Definition.Nics.All(one => one.Id != nic)
            ? $"{state.Name} has no NIC {nic}. It has {string.Join(", ", state.Definition.Nics.Select(one => one.Id))}."
        : null;

    public override Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        return WhyNot(Vm.State, nic) is { } whyNot ? throw new VmConflictException(whyNot) : Task.FromResult<string?>(null);
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        await SetAsync(up: false, cancellationToken);
        return new Sight(EffectSeen: false, "QEMU took it; the guest has not been asked.");
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        await SetAsync(up: true, cancellationToken);
        return $"{nic} has its carrier again.";
    }

    protected async Task SetAsync(bool up, CancellationToken cancellationToken) =>
        await Vm.ExecuteAsync(DeviceCommands.SetLink, new SetLinkArguments(nic.ToString(), up), cancellationToken);
}

internal sealed class LinkDownInjector(VmSession vm, NicId nic, TimeProvider time) : LinkInjector(vm, nic)
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(250);

    /// <summary>A guest that has not noticed by then has another name for its NIC, or has it switched off.</summary>
    private const int Looks = 8;

    private readonly NicId _nic = nic;

    /// <summary>Asks the guest; QEMU itself tells nobody whether a NIC has its carrier.</summary>
    public override async Task StayAsync(Fault fault, Action<Sight> see, CancellationToken cancellationToken)
    {
        for (var look = 0; look < Looks; look++)
        {
            if (await ReadCarrierAsync(cancellationToken) is var (carrier, whyNot) && carrier == "0")
            {
                see(new Sight(EffectSeen: true, $"The guest says that {_nic} has no carrier."));
                return;
            }

            see(new Sight(EffectSeen: false, whyNot is null ? $"The guest says that {_nic} has its carrier." : $"QEMU took it; the guest was not asked: {whyNot}"));
            await Task.Delay(LookPeriod, time, cancellationToken);
        }
    }

    /// <summary>The kernel's word, <c>0</c> or <c>1</c>; an interface that is switched off has none.</summary>
    private async Task<(string? Carrier, string? WhyNot)> ReadCarrierAsync(CancellationToken cancellationToken)
    {
        try
        {
            var result = await Vm.RunInGuestAsync(new GuestProgram("/bin/cat", [$"/sys/class/net/{_nic}/carrier"]), cancellationToken);
            return result.ExitCode == 0
                ? (Encoding.UTF8.GetString(result.Stdout.Span).Trim(), null)
                : (null, "it has no such interface that is switched on.");
        }
        catch (GuestAgentException e)
        {
            return (null, e.Message);
        }
    }
}

internal sealed class LinkFlapInjector(VmSession vm, LinkFlapFault spec, TimeProvider time) : LinkInjector(vm, spec.Nic)
{
    public override async Task StayAsync(Fault fault, Action<Sight> see, CancellationToken cancellationToken)
    {
        var began = fault.StartedAt ?? time.GetUtcNow();
        var periodMs = (double)spec.DownMs + spec.UpMs;
        for (var turn = (long)Math.Max(0, (time.GetUtcNow() - began).TotalMilliseconds / periodMs); ; turn++)
        {
            var starts = began + TimeSpan.FromMilliseconds(turn * periodMs);
            await FaultClock.UntilAsync(starts, time, cancellationToken);
            await SetAsync(up: false, cancellationToken);
            await FaultClock.UntilAsync(starts + TimeSpan.FromMilliseconds(spec.DownMs), time, cancellationToken);
            await SetAsync(up: true, cancellationToken);
            see(new Sight(EffectSeen: true, $"QEMU took the carrier and gave it back {turn + 1} times."));
        }
    }
}
