using System.Diagnostics.CodeAnalysis;

namespace LabNet.Core.Labs;

/// <summary>
/// A VM's NIC by its position in the lab file: <c>eth0</c>, <c>eth1</c>, …. The guest's interface has the same name, and so has QEMU's
/// device (qdev id).
/// </summary>
public readonly record struct NicId
{
    /// <param name="position">From 0 to <see cref="LabLimits.NicsMax"/> - 1.</param>
    public NicId(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, LabLimits.NicsMax);
        Position = position;
    }

    public int Position { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out NicId id)
    {
        id = default;
        if (text is not ['e', 't', 'h', >= '0' and <= '9' and var digit] || digit - '0' >= LabLimits.NicsMax)
        {
            return false;
        }

        id = new NicId(digit - '0');
        return true;
    }

    public override string ToString() => $"eth{Position}";
}
