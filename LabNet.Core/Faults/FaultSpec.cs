using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>What is broken, and how. Equal by value; <see cref="FaultJson"/> reads and writes it.</summary>
public abstract record FaultSpec
{
    private protected FaultSpec()
    {
    }

    /// <summary>The word of the REST contract, such as <c>block-error</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>What is done, in a few words, such as "block errors on vda (write, EIO)".</summary>
    public abstract string Text { get; }

    /// <summary>Whether it happens and is over; it has no duration then.</summary>
    public virtual bool IsMomentary => false;

    public virtual TimeSpan DurationMax => FaultLimits.DurationMax;

    /// <summary>Whether a snapshot would hold the fault, or undo it: a fault of this kind has to be over before one is taken or restored.</summary>
    public virtual bool BarsSnapshots => true;

    /// <summary>What a fault has for itself while it is in force, such as <c>block:vda:throttle</c>: two that hold the same exclude each other.</summary>
    public abstract IEnumerable<string> Holds(LabVm vm);

    /// <summary>What is out of its bounds, with what is allowed; null if nothing is.</summary>
    public virtual string? Mistake => null;

    private protected static string? OutOf(string name, double? value, double min, double max) => value is null || (value >= min && value <= max)
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{name}: {value} is not between {min} and {max}.");

    private protected static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a fault may ask for.</summary>
public static class FaultLimits
{
    public static readonly TimeSpan DurationMin = TimeSpan.FromMilliseconds(1);

    /// <summary>What lasts longer is a change of the lab, and not a fault of it.</summary>
    public static readonly TimeSpan DurationMax = TimeSpan.FromHours(1);

    /// <summary>A guest whose other vCPUs wait for one that stands still takes it for a dead CPU after some seconds.</summary>
    public static readonly TimeSpan VcpuPauseMax = TimeSpan.FromSeconds(5);

    /// <summary>QEMU throttles by whole requests a second, so this is one a second.</summary>
    public const double BlockDelayMsMax = 1000;

    /// <summary>Each change of a flapping link is a command to QEMU.</summary>
    public const int FlapMsMin = 10;
    public const int FlapMsMax = 600_000;

    /// <summary>Of a link's delay and its jitter.</summary>
    public const double ImpairMsMax = 10_000;

    /// <summary>How far ahead a fault may be planned.</summary>
    public static readonly TimeSpan AheadMax = TimeSpan.FromDays(1);
}

/// <summary>The guest stands still, with all its vCPUs.</summary>
public sealed record PauseFault : FaultSpec
{
    public override string Kind => FaultKinds.Pause;

    public override string Text => "the guest stands still";

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.RunState];
}

/// <summary>One vCPU stands still while the others run.</summary>
/// <param name="Vcpu">From 0.</param>
public sealed record VcpuPauseFault(int Vcpu) : FaultSpec
{
    public override string Kind => FaultKinds.VcpuPause;

    public override string Text => $"vCPU {Vcpu} stands still";

    public override TimeSpan DurationMax => FaultLimits.VcpuPauseMax;

    public override string? Mistake => OutOf("vcpu", Vcpu, 0, LabLimits.CpusMax - 1);

    /// <summary>QEMU's stop and cont let all vCPUs go on, and it has one gdb server: the run state is held too.</summary>
    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.RunState, FaultHold.Vcpu(Vcpu)];
}

/// <summary>The VM's memory shrinks to so much, by the guest's balloon driver.</summary>
public sealed record BalloonFault(long Bytes) : FaultSpec
{
    public override string Kind => FaultKinds.Balloon;

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"the balloon leaves the guest {Bytes / LabLimits.MiB} MiB");

    public override bool BarsSnapshots => false;

    public override string? Mistake => OutOf("bytes", Bytes, LabLimits.MemoryBytesMin, LabLimits.MemoryBytesMax);

    public override IEnumerable<string> Holds(LabVm vm) => [FaultHold.Balloon];
}

/// <summary>QEMU is ended by SIGKILL, as in a crash.</summary>
public sealed record KillFault : FaultSpec
{
    public override string Kind => FaultKinds.Kill;

    public override string Text => "QEMU is killed";

    public override bool IsMomentary => true;

    public override IEnumerable<string> Holds(LabVm vm) => [];
}

/// <summary>The guest gets a non-maskable interrupt.</summary>
public sealed record NmiFault : FaultSpec
{
    public override string Kind => FaultKinds.Nmi;

    public override string Text => "a non-maskable interrupt";

    public override bool IsMomentary => true;

    public override IEnumerable<string> Holds(LabVm vm) => [];
}

/// <summary>The machine is reset, as by its button.</summary>
public sealed record ResetFault : FaultSpec
{
    public override string Kind => FaultKinds.Reset;

    public override string Text => "the machine is reset";

    public override bool IsMomentary => true;

    public override IEnumerable<string> Holds(LabVm vm) => [];
}
