namespace LabNet.Core.TraceEvents;

/// <summary>The arguments that LabNet adds to events of register accesses: which device it is, and where in it.</summary>
public static class TraceDevice
{
    /// <summary>The device's id, such as <c>vda</c>; or who owns the range, in QEMU's words.</summary>
    public static TraceArgument Device { get; } = new("device", "char *", TraceValueKind.Text);

    /// <summary><c>BAR4</c> of a PCI device, or the range's name.</summary>
    public static TraceArgument Region { get; } = new("region", "char *", TraceValueKind.Text);

    /// <summary>From the region's beginning.</summary>
    public static TraceArgument Offset { get; } = new("offset", "uint64_t", TraceValueKind.Hex);

    /// <summary>In this order, behind those that QEMU tells.</summary>
    public static IReadOnlyList<TraceArgument> Added { get; } = [Device, Region, Offset];

    /// <summary>Custom PCI devices say it themselves, under the same name.</summary>
    /// <returns>The place of the argument that names the device; below 0 if none does.</returns>
    internal static int ArgumentOf(TraceEventType type)
    {
        for (var place = 0; place < type.Arguments.Length; place++)
        {
            if (type.Arguments[place] is { Kind: TraceValueKind.Text } argument && argument.Name == Device.Name)
            {
                return place;
            }
        }

        return -1;
    }
}
