using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>One fault of a schedule.</summary>
/// <param name="Number">From 1, in the order of time.</param>
/// <param name="Name">Of the plan's fault that it comes from.</param>
/// <param name="AtMs">From the plan's beginning.</param>
/// <param name="DurationMs">0 of a momentary one.</param>
public sealed record ScheduledFault(int Number, string Name, VmName Vm, long AtMs, long DurationMs, FaultSpec Spec);

/// <summary>
/// What comes when: all chance of a plan, drawn before anything is done. The same plan, seed and lab make the same text, byte for byte
/// (<see cref="Text"/>), on every machine.
/// </summary>
/// <param name="LeftOut">How many came by chance while another one held what they need, and found no place before the plan's end.</param>
public sealed record ChaosSchedule(ImmutableArray<ScheduledFault> Faults, int LeftOut)
{
    /// <summary>Defends memory against a plan such as "each millisecond for a day".</summary>
    public const int FaultsMax = 100_000;

    /// <summary>Between the end of one fault and the next that holds the same: the lift takes its time too.</summary>
    private const long ApartMs = 250;

    /// <summary>One fault a line, as JSON: <c>{"n":1,"name":"pause-1","vm":"x86","atMs":1234,"durationMs":400,"fault":{"kind":"pause"}}</c>.</summary>
    public string Text { get; } = Write(Faults);

    /// <summary>SHA-256 of <see cref="Text"/> in UTF-8, in hexadecimal: two runs did the same if it is the same.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    /// <exception cref="ChaosPlanException">It would have more than <see cref="FaultsMax"/> faults, or chance chose what is no fault.</exception>
    public static ChaosSchedule Of(ChaosPlan plan, Lab lab)
    {
        var waiting = new PriorityQueue<Candidate, (long AtMs, int Order)>();
        foreach (var fault in plan.Faults)
        {
            Draw(plan, fault, [.. lab.Vms.Where(fault.Targets.Wants)], waiting);
        }

        return Place(plan, waiting);
    }

    /// <summary>Reads <see cref="Text"/> again, to do the same once more.</summary>
    /// <exception cref="ChaosPlanException">A line is no fault of this lab.</exception>
    public static ChaosSchedule Read(string text, Lab lab)
    {
        var faults = ImmutableArray.CreateBuilder<ScheduledFault>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            faults.Add(ReadLine(line, lab));
        }

        return new ChaosSchedule(faults.DrainToImmutable(), LeftOut: 0);
    }

    private static void Draw(ChaosPlan plan, ChaosFault fault, IReadOnlyList<LabVm> targets, PriorityQueue<Candidate, (long, int)> waiting)
    {
        var end = (long)plan.Duration.TotalMilliseconds;
        foreach (var own in fault.PicksOne ? [null] : targets.Select(vm => (LabVm?)vm))
        {
            var random = new ChaosRandom(plan.Seed, own is null ? fault.Name : $"{fault.Name}/{own.Name}");
            var durationMaxMs = (fault.Template.Kind == FaultKinds.VcpuPause ? FaultLimits.VcpuPauseMax : FaultLimits.DurationMax).TotalMilliseconds;
            var at = Math.Round(fault.At.Sample(random));
            for (var count = 0; at < end && count < (fault.CountMax ?? int.MaxValue); count++)
            {
                var vm = own ?? targets[random.Next(targets.Count)];
                var comes = random.NextDouble() * 100 < fault.ChancePercent;
                var duration = fault.Duration is null ? 0 : Math.Clamp(Math.Round(fault.Duration.Sample(random)), 1, durationMaxMs);
                var request = fault.Template.Sample(vm, duration, random, out var mistake) ?? throw new ChaosPlanException($"The fault {fault.Name} on {vm.Name}: chance chose what cannot be: {mistake}");
                if (comes)
                {
                    waiting.Enqueue(new Candidate(fault.Name, vm, (long)request.Duration.TotalMilliseconds, request.Spec), ((long)at, waiting.Count));
                    ThrowIfTooMany(waiting.Count);
                }

                if (fault.Every is null)
                {
                    break;
                }

                at += Math.Max(1, Math.Round(fault.Every.Sample(random)));
            }
        }
    }

    /// <summary>In the order of time; what would come while another holds the same comes after it, if there is time.</summary>
    private static ChaosSchedule Place(ChaosPlan plan, PriorityQueue<Candidate, (long AtMs, int Order)> waiting)
    {
        var end = (long)plan.Duration.TotalMilliseconds;
        var held = new Dictionary<(VmName, string), long>();
        var faults = ImmutableArray.CreateBuilder<ScheduledFault>();
        var leftOut = 0;
        while (waiting.TryDequeue(out var fault, out var when))
        {
            var holds = fault.Spec.Holds(fault.Vm).Select(hold => (fault.Vm.Name, hold)).ToList();
            var free = holds.Select(hold => held.GetValueOrDefault(hold)).DefaultIfEmpty().Max();
            if (free > when.AtMs)
            {
                if (free < end)
                {
                    waiting.Enqueue(fault, (free, when.Order));
                }
                else
                {
                    leftOut++;
                }

                continue;
            }

            // The last one ends with the plan.
            var duration = Math.Min(fault.DurationMs, end - when.AtMs);
            holds.ForEach(hold => held[hold] = when.AtMs + duration + ApartMs);
            faults.Add(new ScheduledFault(faults.Count + 1, fault.Name, fault.Vm.Name, when.AtMs, duration, fault.Spec));
        }

        return new ChaosSchedule(faults.DrainToImmutable(), leftOut);
    }

    private static void ThrowIfTooMany(int count)
    {
        if (count > FaultsMax)
        {
            throw new ChaosPlanException($"The plan has more than {FaultsMax} faults. Make it shorter, or let every be longer.");
        }
    }

    private static string Write(ImmutableArray<ScheduledFault> faults)
    {
        var text = new StringBuilder();
        foreach (var fault in faults)
        {
            var json = new JsonObject
            {
                ["n"] = fault.Number,
                ["name"] = fault.Name,
                ["vm"] = fault.Vm.ToString(),
                ["atMs"] = fault.AtMs,
                ["durationMs"] = fault.DurationMs,
                ["fault"] = FaultJson.Write(fault.Spec),
            };
            text.Append(json.ToJsonString()).Append('\n');
        }

        return text.ToString();
    }

    private static ScheduledFault ReadLine(string line, Lab lab)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            var vm = lab.Vms.FirstOrDefault(one => one.Name.ToString() == root.GetProperty("vm").GetString())
                ?? throw new ChaosPlanException($"The lab has no VM {root.GetProperty("vm").GetString()}, which the schedule has a fault for.");
            var spec = FaultJson.ReadSpec(root.GetProperty("fault"), out var mistake) ?? throw new ChaosPlanException($"The schedule has what is no fault: {mistake}");
            return new ScheduledFault(
                root.GetProperty("n").GetInt32(), root.GetProperty("name").GetString()!, vm.Name, root.GetProperty("atMs").GetInt64(), root.GetProperty("durationMs").GetInt64(), spec);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ChaosPlanException($"A line of the schedule is none: {e.Message}");
        }
    }

    private sealed record Candidate(string Name, LabVm Vm, long DurationMs, FaultSpec Spec);
}

/// <summary>A plan, or what was kept of one, that cannot be carried out in this lab; the message says why.</summary>
public sealed class ChaosPlanException(string message) : Exception(message);
