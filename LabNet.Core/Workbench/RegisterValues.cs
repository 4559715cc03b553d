using System.Collections.Immutable;
using LabNet.Core.PciModels;
using LabNet.Core.TraceEvents;

namespace LabNet.Core.Workbench;

/// <summary>What is known of a register by the accesses to it.</summary>
/// <param name="Value">That was seen last, read or written; null before any access that had all of it, and after a reset.</param>
/// <param name="WasWritten">Whether it was seen in a write: the register can hold something else then.</param>
/// <param name="SeenNs">When it was accessed last, in UTC nanoseconds since 1970; 0 for never.</param>
/// <param name="Accesses">How often it was accessed, in part or as a whole.</param>
public sealed record RegisterValue(int Bar, PciRegister Register, ulong? Value, bool WasWritten, long SeenNs, long Accesses);

/// <summary>The registers of one custom PCI device with the values that went by. It asks nobody: a read of a register can change it.</summary>
/// <remarks>For one caller at a time.</remarks>
public sealed class RegisterValues
{
    private const int BitsPerByte = 8;

    private readonly RegisterValue[] _rows;

    public RegisterValues(PciModel model) => _rows =
        [.. model.Bars.SelectMany(bar => bar.Registers.Select(register => new RegisterValue(bar.Bar, register, Value: null, WasWritten: false, SeenNs: 0, Accesses: 0)))];

    /// <summary>By BAR and offset.</summary>
    public ImmutableArray<RegisterValue> Rows => [.. _rows];

    /// <summary>Accesses to where no register is.</summary>
    public long Elsewhere { get; private set; }

    /// <summary>Whether more events came than were taken: then the counts are too small, and a value may be an older one.</summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>The number of the newest event that was taken; 0 before any.</summary>
    public long LastSequence { get; private set; }

    /// <summary>Takes what the device traced since.</summary>
    /// <param name="newestFirst">Those up to <see cref="LastSequence"/> are left out.</param>
    /// <param name="isIncomplete">Whether there were more.</param>
    public void Take(IReadOnlyList<TraceEvent> newestFirst, bool isIncomplete)
    {
        IsIncomplete |= isIncomplete;
        foreach (var one in newestFirst.Reverse().SkipWhile(one => one.Sequence <= LastSequence))
        {
            if (one.Type.Name == TracedAccess.ResetEvent)
            {
                Reset();
            }
            else if (TracedAccess.Of(one) is { } access)
            {
                Take(access);
            }
        }

        LastSequence = newestFirst is [var newest, ..] ? Math.Max(newest.Sequence, LastSequence) : LastSequence;
    }

    private void Reset()
    {
        foreach (ref var row in _rows.AsSpan())
        {
            row = row with { Value = null };
        }
    }

    private void Take(TracedAccess access)
    {
        var end = access.Offset + access.SizeBytes;
        var found = false;
        foreach (ref var row in _rows.AsSpan())
        {
            var (from, to) = (row.Register.Offset, row.Register.Offset + (row.Register.Width / BitsPerByte));
            if (row.Bar != access.Bar || access.Offset >= to || end <= from)
            {
                continue;
            }

            found = true;
            row = row with { SeenNs = access.TimeNs, Accesses = row.Accesses + 1 };
            if (access.Offset <= from && end >= to)
            {
                row = row with { Value = Part(access.Value, (int)(from - access.Offset) * BitsPerByte, row.Register.Width), WasWritten = access.IsWrite };
            }
        }

        Elsewhere += found ? 0 : 1;
    }

    private static ulong Part(ulong value, int low, int width) => (value >> low) & (width == 64 ? ulong.MaxValue : (1UL << width) - 1);
}
