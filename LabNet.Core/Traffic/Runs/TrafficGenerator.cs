using System.Globalization;
using System.Text;
using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Core.Traffic;

/// <summary>A run that was begun, and the operation by which it can be followed and cancelled.</summary>
public sealed record TrafficRunBegun(TrafficRun Run, Operation Operation);

/// <summary>Sends packets from one guest to another with Scapy, and tells which came and how long they took. The guests need Python and Scapy, as LabNet's own have.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class TrafficGenerator(VmRegistry vms, TrafficRunStore store, LiveFeed feed, TimeProvider time)
{
    /// <summary>Importing Scapy takes a TCG guest some seconds, and some more when it is busy.</summary>
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(60);

    /// <summary>What has not come so long after the last was sent is lost.</summary>
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);
    private const int ClockReadings = 8;
    private const int SaidCharsMax = 20_000;

    private static readonly string Send = Program("send.py");
    private static readonly string Receive = Program("receive.py");

    /// <summary>The links that both VMs are on, with an address of the receiver's.</summary>
    public IReadOnlyList<LinkName> LinksOf(VmName from, VmName to) =>
        [.. vms.Lab.Links.Select(link => link.Name).Where(link => NicOf(from, link) is not null && NicOf(to, link) is not null)];

    /// <summary>Begins a run.</summary>
    /// <exception cref="ArgumentException">The wish cannot be: its message says why.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="GuestAgentException">A guest does not answer.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task<TrafficRunBegun> BeginAsync(TrafficWish wish, Actor actor, CancellationToken cancellationToken)
    {
        if ((wish.Mistake ?? MistakeOfEnds(wish)) is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(wish));
        }

        var (from, to) = (vms.Find(wish.From)!, vms.Find(wish.To)!);
        foreach (var vm in (VmSession[])[from, to])
        {
            if (vm.WhyGuestIsSilent is { } silent)
            {
                throw new GuestAgentUnavailableException($"{vm.State.Name}: {silent}");
            }
        }

        var run = new TrafficRun($"t-{OperationRegistry.NewId()}", wish, actor.Name, TrafficRunState.Preparing, time.GetUtcNow(), EndedAt: null, Result: null, Packets: [], Output: null, Problem: null);
        await store.SaveAsync(run, cancellationToken);
        var told = $"{wish.Count} {wish.Protocol.ToString().ToLowerInvariant()} packets to {wish.To}{(wish.Script is null ? "" : $" by {wish.Script}")}";
        var operation = await from.BeginAsync("traffic", told, Role.Operator, actor, (progress, ct) => RunAsync(run, from, to, progress, ct), cancellationToken);
        return new TrafficRunBegun(run, operation);
    }

    private string? MistakeOfEnds(TrafficWish wish)
    {
        foreach (var name in (VmName[])[wish.From, wish.To])
        {
            if (vms.Find(name) is null)
            {
                return $"There is no VM {name}.";
            }

            if (NicOf(name, wish.Link) is not { } nic)
            {
                return $"link: {name} has no NIC on {wish.Link}.";
            }

            if (nic.Address is null && wish.Protocol != TrafficProtocol.Ethernet)
            {
                return $"link: {name} has no address on {wish.Link}; protocol ethernet needs none.";
            }
        }

        return wish.Script is not null && vms.Find(wish.From)!.State.Definition is not StartedVm { Share: not null } ? $"script: {wish.From} has no shared folder (share: in the lab file)." : null;
    }

    private LinkNic? NicOf(VmName vm, LinkName link) => vms.Find(vm)?.State.Definition.Nics.OfType<LinkNic>().FirstOrDefault(nic => nic.Link == link);

    private async Task RunAsync(TrafficRun run, VmSession from, VmSession to, IProgress<double> progress, CancellationToken cancellationToken)
    {
        Tell(run);
        try
        {
            var ended = await SendAndReceiveAsync(run, from, to, progress, cancellationToken);
            await EndAsync(ended with { State = TrafficRunState.Ended, EndedAt = time.GetUtcNow() });
        }
        catch (Exception e) when (e is GuestAgentException or TrafficException or JsonException)
        {
            await EndAsync(run with { State = TrafficRunState.Failed, EndedAt = time.GetUtcNow(), Problem = e.Message });
            throw;
        }
        catch (OperationCanceledException)
        {
            await EndAsync(run with { State = TrafficRunState.Failed, EndedAt = time.GetUtcNow(), Problem = "It was cancelled." });
            throw;
        }
    }

    private async Task<TrafficRun> SendAndReceiveAsync(TrafficRun run, VmSession from, VmSession to, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var wish = run.Wish;
        var folder = $"/run/labnet-{run.Id}";
        var number = run.Id[^8..];
        var lasts = TimeSpan.FromSeconds(wish.Count / wish.RatePerSecond);
        var (sender, receiver) = (NicOf(wish.From, wish.Link)!, NicOf(wish.To, wish.Link)!);
        var listening = to.RunInGuestAsync(
            Python(Receive, receiver.Id.ToString(), sender.Mac.ToString(), Word(wish.Protocol), Text(wish.Port), wish.Script is null ? number : "-", Text(wish.Count), Text((ReadyPatience + (2 * lasts) + ReadyPatience).TotalSeconds), folder),
            cancellationToken);
        try
        {
            await UntilListensAsync(to, folder, listening, cancellationToken);
            progress.Report(0.3);
            var sending = run with { State = TrafficRunState.Sending };
            Tell(sending);
            var clocks = await CompareClocksAsync(from, to, cancellationToken);
            var result = await from.RunInGuestAsync(SenderOf(wish, sender, receiver, number), cancellationToken);
            progress.Report(0.8);
            var received = await StopListeningAsync(to, folder, listening, wish, cancellationToken);
            return wish.Script is null ? Match(sending, Read(result, from), received, clocks) : OfScript(sending, result, received);
        }
        finally
        {
            await StopAsync(to, folder, listening);
        }
    }

    private static GuestProgram SenderOf(TrafficWish wish, LinkNic sender, LinkNic receiver, string number) => wish.Script is { } script
        ? new GuestProgram("python3", [$"{TrafficScript.Folder}/{script}", "--interface", sender.Id.ToString(), "--destination", receiver.Address?.Address.ToString() ?? "", "--count", Text(wish.Count), "--payload", wish.Payload])
        : Python(
            Send,
            sender.Id.ToString(),
            sender.Mac.ToString(),
            receiver.Mac.ToString(),
            sender.Address?.Address.ToString() ?? "",
            receiver.Address?.Address.ToString() ?? "",
            Word(wish.Protocol),
            Text(wish.Port),
            number,
            Text(wish.Count),
            Text(1 / wish.RatePerSecond),
            Convert.ToHexStringLower(wish.Rest()));

    /// <summary>One program that waits in the guest: asking again and again costs it more than the run.</summary>
    private static async Task UntilListensAsync(VmSession to, string folder, Task<GuestExecResult> listening, CancellationToken cancellationToken)
    {
        const string Wait = "turns=$2; until [ -e \"$1/ready\" ]; do [ $((turns -= 1)) -gt 0 ] || exit 1; sleep 0.1; done";
        var waiting = to.RunInGuestAsync(new GuestProgram("/bin/sh", ["-c", Wait, "wait", folder, Text(ReadyPatience.TotalSeconds * 10)]), cancellationToken);
        if (await Task.WhenAny(waiting, listening) == listening)
        {
            throw new TrafficException($"The receiver on {to.State.Name} ended before it listened: {Said(await listening)}");
        }

        if ((await waiting).ExitCode != 0)
        {
            throw new TrafficException($"The receiver on {to.State.Name} does not listen after {ReadyPatience.TotalSeconds:0} s.");
        }
    }

    private async Task<TrafficTold> StopListeningAsync(VmSession to, string folder, Task<GuestExecResult> listening, TrafficWish wish, CancellationToken cancellationToken)
    {
        // Of LabNet's own packets the last one ends it; of others nobody knows how many come.
        await Task.WhenAny(listening, Task.Delay(LastPatience, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        await StopAsync(to, folder, listening);
        return Read(await listening, to);
    }

    /// <summary>Also where the run was cancelled: nothing of it stays in the guest.</summary>
    private static async Task StopAsync(VmSession to, string folder, Task<GuestExecResult> listening)
    {
        const string Stop = "[ ! -d \"$1\" ] || { touch \"$1/stop\"; sleep 1; rm -rf \"$1\"; }";
        try
        {
            if (!listening.IsCompleted)
            {
                await to.RunInGuestAsync(new GuestProgram("/bin/sh", ["-c", Stop, "stop", folder]), CancellationToken.None);
            }
            else
            {
                await to.RunInGuestAsync(new GuestProgram("/bin/rm", ["-rf", folder]), CancellationToken.None);
            }
        }
        catch (GuestAgentException)
        {
            // The guest is gone, or stands still; the program ends by its own time.
        }
    }

    /// <summary>By the fastest of some readings: a reading is true to within the time that it took.</summary>
    private async Task<(long AheadNs, double UncertaintyMs)> CompareClocksAsync(VmSession from, VmSession to, CancellationToken cancellationToken)
    {
        var (fromNs, fromDoubt) = await ReadClockAsync(from, cancellationToken);
        var (toNs, toDoubt) = await ReadClockAsync(to, cancellationToken);
        return (toNs - fromNs, Math.Round((fromDoubt + toDoubt) / 1e6, 2));
    }

    /// <returns>How far the guest's clock is ahead of the host's, and by how much that may be wrong, both in nanoseconds.</returns>
    private async Task<(long AheadNs, double DoubtNs)> ReadClockAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var best = (AheadNs: 0L, DoubtNs: double.MaxValue);
        for (var reading = 0; reading < ClockReadings; reading++)
        {
            var before = time.GetUnixTimeNs();
            var guest = await vm.ReadGuestClockAsync(cancellationToken);
            var after = time.GetUnixTimeNs();
            if ((after - before) / 2.0 < best.DoubtNs)
            {
                best = (guest - ((before + after) / 2), (after - before) / 2.0);
            }
        }

        return best;
    }

    private static TrafficRun Match(TrafficRun run, TrafficTold sent, TrafficTold received, (long AheadNs, double UncertaintyMs) clocks)
    {
        var (result, packets) = TrafficMatch.Of(Pairs(sent), Pairs(received), clocks.AheadNs, clocks.UncertaintyMs);
        return run with { Result = result, Packets = packets, Problem = sent.Problem is { } problem ? $"The sender ended before its last packet: {problem}" : null };
    }

    private static TrafficRun OfScript(TrafficRun run, GuestExecResult script, TrafficTold received) => run with
    {
        Result = new TrafficResult(run.Wish.Count, received.Packets.Count, Math.Max(0, run.Wish.Count - received.Packets.Count), 0, 0, null, null, null, null, null),
        Output = Shortened($"{Encoding.UTF8.GetString(script.Stdout.Span)}{Encoding.UTF8.GetString(script.Stderr.Span)}"),
        Problem = script.ExitCode == 0 ? null : $"{run.Wish.Script} ended with {script.ExitCode}.",
    };

    private static List<(int Number, long Ns)> Pairs(TrafficTold told) => [.. told.Packets.Where(pair => pair is [>= 0 and <= int.MaxValue, _]).Select(pair => ((int)pair[0], pair[1]))];

    private static TrafficTold Read(GuestExecResult result, VmSession vm)
    {
        if (result.ExitCode != 0)
        {
            throw new TrafficException($"Python ended with {result.ExitCode} on {vm.State.Name}: {Said(result)}");
        }

        var told = JsonSerializer.Deserialize(result.Stdout.Span, TrafficRunJson.Default.TrafficTold) ?? throw new TrafficException($"{vm.State.Name} told nothing.");
        return told is { Problem: { } problem, Packets.Count: 0 } ? throw new TrafficException($"{vm.State.Name}: {problem}") : told;
    }

    private async Task EndAsync(TrafficRun run)
    {
        Tell(run);
        await store.SaveAsync(run, CancellationToken.None);
    }

    private void Tell(TrafficRun run) => feed.Publish(FeedSource.Lab, new TrafficRunChanged(run));

    private static GuestProgram Python(string program, params string[] arguments) => new("python3", ["-", .. arguments], Encoding.UTF8.GetBytes(program));

    private static string Word(TrafficProtocol protocol) => protocol.ToString().ToLowerInvariant();

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Said(GuestExecResult result) => Shortened(Encoding.UTF8.GetString((result.Stderr.IsEmpty ? result.Stdout : result.Stderr).Span).Trim());

    private static string Shortened(string text) => text.Length > SaidCharsMax ? string.Concat(text.AsSpan(0, SaidCharsMax), "…") : text;

    private static string Program(string name)
    {
        using var stream = typeof(TrafficGenerator).Assembly.GetManifestResourceStream($"LabNet.Core.Traffic.Runs.{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>A traffic run that came to nothing; the message says why.</summary>
public sealed class TrafficException(string message) : Exception(message);
