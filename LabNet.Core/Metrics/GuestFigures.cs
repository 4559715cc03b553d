using System.Collections.Immutable;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.Metrics;

/// <summary>What the guest told by its agent, as series.</summary>
internal sealed class GuestFigures(SampleBuilder sample, LabVm vm)
{
    /// <summary>A guest with hundreds of devices, or one that lies, costs no more than this.</summary>
    private const int InterruptsMax = 100;

    /// <param name="plugged">What has been plugged in since the VM was started.</param>
    public void Write(GuestMeasurement measured, ImmutableArray<PluggedDevice> plugged)
    {
        sample.Gauge(new MetricKey(MetricCatalogue.GuestUptime), measured.Vitals.UptimeSeconds);
        sample.Gauge(new MetricKey(MetricCatalogue.GuestLoad), measured.Vitals.Load.OneMinute);
        sample.Missing("pressure", measured.Vitals.Pressure is null ? "The guest's kernel does not count it (PSI is off)." : null);
        foreach (var (resource, microseconds) in measured.Vitals.Pressure ?? ImmutableSortedDictionary<string, long>.Empty)
        {
            sample.Counter(new MetricKey(MetricCatalogue.GuestPressure, resource), microseconds, measured.At);
        }

        WriteInterrupts(measured);
        WriteUserNics(measured, plugged);
    }

    private void WriteInterrupts(GuestMeasurement measured)
    {
        var counted = measured.Interrupts.Where(interrupt => interrupt.Total > 0).ToList();
        sample.Missing("interrupts", counted.Count > InterruptsMax ? $"Of {counted.Count} interrupts the {InterruptsMax} most frequent ones are measured." : null);
        foreach (var (label, total) in Named(counted.OrderByDescending(interrupt => interrupt.Total).Take(InterruptsMax)))
        {
            sample.Counter(new MetricKey(MetricCatalogue.GuestInterrupts, label), total, measured.At);
        }
    }

    /// <summary>
    /// By what the device is called rather than by its number, which another boot gives to another one: the last word of the line is the
    /// action's name. The architecture's own, such as LOC, have a word for a number and a sentence for a name.
    /// </summary>
    internal static IEnumerable<(string Label, long Total)> Named(IEnumerable<GuestInterrupt> interrupts)
    {
        var all = interrupts.Select(one => (one.Irq, Name: NameOf(one), one.Total)).ToList();
        var shared = all.GroupBy(one => one.Name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key).ToHashSet(StringComparer.Ordinal);
        return all.Select(one => (shared.Contains(one.Name) ? $"{one.Name} ({one.Irq})" : one.Name, one.Total));
    }

    private static string NameOf(GuestInterrupt interrupt)
    {
        var words = interrupt.Name.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var isNumbered = interrupt.Irq.Length > 0 && interrupt.Irq.All(char.IsAsciiDigit);
        return !isNumbered ? interrupt.Irq : words.Length > 0 ? words[^1] : $"IRQ {interrupt.Irq}";
    }

    /// <summary>Nobody on the host counts what goes over QEMU's own network; the guest does.</summary>
    private void WriteUserNics(GuestMeasurement measured, ImmutableArray<PluggedDevice> plugged)
    {
        var started = vm.Nics.OfType<UserNic>().Select(nic => (Id: nic.Id.ToString(), Mac: nic.Mac.ToString()));
        var since = plugged.Where(device => device is { Mac: not null, Tap: null }).Select(device => (device.Id, Mac: device.Mac!));
        foreach (var (label, mac) in started.Concat(since))
        {
            var counted = Array.Find(measured.Interfaces, one => string.Equals(one.HardwareAddress, mac, StringComparison.OrdinalIgnoreCase))?.Statistics;
            if (counted is null)
            {
                continue;
            }

            sample.Counter(new MetricKey(MetricCatalogue.NicReceived, label), counted.RxBytes, measured.At);
            sample.Counter(new MetricKey(MetricCatalogue.NicSent, label), counted.TxBytes, measured.At);
            sample.Counter(new MetricKey(MetricCatalogue.NicReceivedPackets, label), counted.RxPackets, measured.At);
            sample.Counter(new MetricKey(MetricCatalogue.NicSentPackets, label), counted.TxPackets, measured.At);
            sample.Counter(new MetricKey(MetricCatalogue.NicDropped, label), counted.RxDropped + counted.TxDropped, measured.At);
        }
    }
}
