using System.Collections.Immutable;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.Traffic;

/// <summary>What an impairment is made of.</summary>
public enum ImpairmentPart
{
    Delay,
    Jitter,
    Loss,
    Rate,
    Duplicate,
    Reorder,
}

/// <param name="WhyNot">In words for the user; null if it works.</param>
public sealed record ImpairmentAbility(ImpairmentPart Part, string? WhyNot)
{
    public bool Works => WhyNot is null;
}

/// <summary>
/// Impairs the links of the lab's VMs at their NICs: by the relay, which can do everything and lifts it by itself, or by the kernel's own
/// queueing at a tap, which can do less and leaves it until it is lifted.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class LinkImpairments(Lab lab, Host host, RelayControl relay)
{
    private readonly InterfaceNames _names = InterfaceNames.Of(lab);
    private readonly Lazy<(string? Netem, string? Tbf)> _whyNot = new(() => (host.WhyNotNetem(), Host.WhyNotShape()));

    /// <summary>Each part, and why it does not work here. The first question about a link of the kernel's tries the kernel, which takes a moment.</summary>
    public ImmutableArray<ImpairmentAbility> WhatWorks(VmName vm, NicId nic)
    {
        var whyNone = WhyNone(vm, nic, out var link);
        return [.. Enum.GetValues<ImpairmentPart>().Select(part => new ImpairmentAbility(part, whyNone ?? (link!.IsByRelay ? null : WhyNotByKernel(part))))];
    }

    /// <summary>Why not this impairment in this direction; null if it works.</summary>
    public string? WhyNot(VmName vm, NicId nic, Impairment what, ImpairDirection direction)
    {
        if (WhyNone(vm, nic, out var link) is { } whyNone)
        {
            return whyNone;
        }

        return ImpairmentLimits.MistakeOf(what)
            ?? WhatWorks(vm, nic).FirstOrDefault(ability => !ability.Works && Asks(what, ability.Part))?.WhyNot
            ?? (link!.IsByRelay || direction == ImpairDirection.In ? null
                : $"Link {link.Name} goes by the kernel, which can hold up what goes to a VM and not what comes from it: ask for direction in, at the other VM. {RelayHint}");
    }

    /// <summary>In force when it answers. Asked again, it takes the place of what was before.</summary>
    /// <param name="until">The relay lifts it by itself then; of the kernel's it is for the caller to lift.</param>
    /// <param name="seed">By the relay, the same frames with the same seed have the same fates; the kernel's cannot be told.</param>
    /// <exception cref="VmConflictException">It does not work here; the message says why.</exception>
    /// <exception cref="HostException">The relay or the kernel refused.</exception>
    public async Task ApplyAsync(
        VmName vm, NicId nic, Impairment what, ImpairDirection direction, DateTimeOffset until, ulong seed, CancellationToken cancellationToken)
    {
        if (WhyNot(vm, nic, what, direction) is { } whyNot)
        {
            throw new VmConflictException(whyNot);
        }

        if (LinkOf(vm, nic)!.IsByRelay)
        {
            await relay.ImpairAsync(_names.Tap(vm, nic), direction, what, seed, until, cancellationToken);
        }
        else
        {
            await Host.ShapeAsync(_names.Tap(vm, nic), _whyNot.Value.Netem is null ? NetemOf(what) : TbfOf(what), cancellationToken);
        }
    }

    /// <inheritdoc cref="ApplyAsync(VmName, NicId, Impairment, ImpairDirection, DateTimeOffset, ulong, CancellationToken)"/>
    public Task ApplyAsync(VmName vm, NicId nic, Impairment what, ImpairDirection direction, DateTimeOffset until, CancellationToken cancellationToken) =>
        ApplyAsync(vm, nic, what, direction, until, seed: 0, cancellationToken);

    /// <summary>Nothing is done to the NIC's frames any more when it answers; also where nothing was.</summary>
    /// <exception cref="HostException">The relay or the kernel refused.</exception>
    public Task LiftAsync(VmName vm, NicId nic, ImpairDirection direction, CancellationToken cancellationToken) => LinkOf(vm, nic) switch
    {
        null => Task.CompletedTask,
        { IsByRelay: true } => relay.LiftAsync(_names.Tap(vm, nic), direction, cancellationToken),
        _ => Host.EndShapingAsync(_names.Tap(vm, nic), cancellationToken),
    };

    /// <summary>What is done to the NIC's frames just now, as the relay or the kernel tells it; null if nothing is.</summary>
    /// <exception cref="HostException">The relay does not answer.</exception>
    public async Task<string?> ReadAsync(VmName vm, NicId nic, CancellationToken cancellationToken)
    {
        if (LinkOf(vm, nic) is not { } link)
        {
            return null;
        }

        if (!link.IsByRelay)
        {
            return await Host.ReadShapingAsync(_names.Tap(vm, nic), cancellationToken);
        }

        var name = _names.Tap(vm, nic);
        var port = (await relay.ReadCountersAsync(cancellationToken)).FirstOrDefault(port => port.Name == name);
        return port is null || port.Impairments.IsEmpty ? null
            : string.Join("; ", port.Impairments.Select(one => $"relay {one.Direction.ToString().ToLowerInvariant()}: {Text(one.What)} until {one.Until:O}"));
    }

    private const string RelayHint = "With transport: relay in the lab file everything works.";

    private string? WhyNone(VmName vm, NicId nic, out Link? link)
    {
        link = LinkOf(vm, nic);
        return link is not null ? null
            : lab.Vms.FirstOrDefault(one => one.Name == vm)?.Nics.FirstOrDefault(one => one.Id == nic) is null ? $"{vm} has no NIC {nic} in the lab file."
            : $"{nic} of {vm} is on QEMU's user-mode network, which is no link.";
    }

    private Link? LinkOf(VmName vm, NicId nic) =>
        lab.Vms.FirstOrDefault(one => one.Name == vm)?.Nics.OfType<LinkNic>().FirstOrDefault(one => one.Id == nic) is { } found
            ? lab.Links.First(link => link.Name == found.Link)
            : null;

    private string? WhyNotByKernel(ImpairmentPart part)
    {
        var (netem, tbf) = _whyNot.Value;
        return netem is null || (part == ImpairmentPart.Rate && tbf is null) ? null
            : $"{(part == ImpairmentPart.Rate ? tbf : netem)} {RelayHint}";
    }

    private static bool Asks(Impairment what, ImpairmentPart part) => part switch
    {
        ImpairmentPart.Delay => what.DelayMs is not null,
        ImpairmentPart.Jitter => what.JitterMs is not null,
        ImpairmentPart.Loss => what.LossPercent is not null,
        ImpairmentPart.Rate => what.RateKbit is not null,
        ImpairmentPart.Duplicate => what.DuplicatePercent is not null,
        ImpairmentPart.Reorder => what.ReorderPercent is not null,
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, message: null),
    };

    /// <summary>tc-netem(8). Its reordering wants a delay: what is reordered goes without it.</summary>
    internal static string[] NetemOf(Impairment what) =>
    [
        "netem", "limit", "10000",
        .. what is { DelayMs: null, JitterMs: null, ReorderPercent: null } ? [] : (string[])["delay", Us(what.DelayMs ?? 10), .. what.JitterMs is { } jitter ? (string[])[Us(jitter)] : []],
        .. what.LossPercent is { } loss ? (string[])["loss", Percent(loss)] : [],
        .. what.DuplicatePercent is { } duplicate ? (string[])["duplicate", Percent(duplicate)] : [],
        .. what.ReorderPercent is { } reorder ? (string[])["reorder", Percent(reorder)] : [],
        .. what.RateKbit is { } rate ? (string[])["rate", $"{rate}kbit"] : [],
    ];

    /// <summary>tc-tbf(8). A burst of some frames, or of what goes at that rate in ten milliseconds.</summary>
    internal static string[] TbfOf(Impairment what) =>
        ["tbf", "rate", $"{what.RateKbit}kbit", "burst", $"{Math.Max(6_000, what.RateKbit!.Value * 10 / 8)}", "latency", "400ms"];

    private static string Us(double ms) => $"{(long)(ms * 1000)}us";

    private static string Percent(double percent) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{percent:0.####}%");

    private static string Text(Impairment what)
    {
        (string Name, object? Value)[] parts =
        [
            ("delay ms", what.DelayMs), ("jitter ms", what.JitterMs), ("loss %", what.LossPercent),
            ("rate kbit", what.RateKbit), ("duplicate %", what.DuplicatePercent), ("reorder %", what.ReorderPercent),
        ];
        return string.Join(", ", parts.Where(part => part.Value is not null).Select(part => $"{part.Name} {part.Value}"));
    }
}
