using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>How a check went, of one VM.</summary>
/// <param name="Text">What was found, in a sentence; may hold what a guest said.</param>
public sealed record CheckResult(VmName Vm, bool Holds, string Text);

/// <summary>Makes the checks of a run in the guests, by their agents.</summary>
internal sealed class SteadyChecks : IAsyncDisposable
{
    private const string FioFile = "/var/tmp/labnet-chaos.fio";
    private const int SaidCharsMax = 300;

    /// <summary>Prints the status; an answer that is refused is one too.</summary>
    private const string AskHttp = """
        import sys, urllib.request, urllib.error
        try:
            print(urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])).status)
        except urllib.error.HTTPError as e:
            print(e.code)
        """;

    /// <summary>A paused guest, or one that is not there yet, may be a moment later.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    private readonly VmRegistry _vms;
    private readonly TimeProvider _time;
    private readonly ImmutableDictionary<VmName, ConsoleWatch> _consoles;

    public SteadyChecks(ChaosPlan plan, VmRegistry vms, TimeProvider time)
    {
        (_vms, _time) = (vms, time);
        var watched = plan.Checks.OfType<ConsoleCheck>().Select(check => check.Targets).ToList();
        _consoles = vms.Vms.Where(vm => watched.Any(targets => targets.Wants(vm.State.Definition))).ToImmutableDictionary(vm => vm.State.Name, vm => new ConsoleWatch(vm));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var console in _consoles.Values)
        {
            await console.DisposeAsync();
        }
    }

    /// <summary>One result of each VM that the check is for, all at once.</summary>
    public Task<CheckResult[]> CheckAsync(SteadyCheck check, CancellationToken cancellationToken) => Task.WhenAll(check switch
    {
        ProgramCheck program => Each(program.Targets, vm => InGuestAsync(vm, check, ct => RunAsync(vm, program, ct), cancellationToken)),
        PingCheck ping => Each(ping.From, vm => InGuestAsync(vm, check, ct => PingAsync(vm, ping, ct), cancellationToken)),
        HttpCheck http => Each(http.From, vm => InGuestAsync(vm, check, ct => AskAsync(vm, http, ct), cancellationToken)),
        FioCheck fio => Each(fio.Targets, vm => InGuestAsync(vm, check, ct => WriteAndReadAsync(vm, fio, ct), cancellationToken)),
        ConsoleCheck console => Each(console.Targets, vm => Task.FromResult(LookAtConsole(vm))),
        _ => throw new ArgumentOutOfRangeException(nameof(check), check, message: null),
    });

    private List<Task<CheckResult>> Each(VmSelector targets, Func<VmSession, Task<CheckResult>> check) =>
        _vms.Vms.Where(vm => targets.Wants(vm.State.Definition)).Select(check).ToList();

    /// <summary>A guest that cannot be asked is asked again until the check's patience is over.</summary>
    private async Task<CheckResult> InGuestAsync(VmSession vm, SteadyCheck check, Func<CancellationToken, Task<CheckResult>> ask, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(check.Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var why = "";
        while (true)
        {
            try
            {
                return await ask(either.Token);
            }
            catch (GuestAgentException e)
            {
                why = $" {e.Message}";
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return new CheckResult(vm.State.Name, Holds: false, $"No answer within {Number(check.Patience.TotalSeconds)} s.{why}");
            }

            await Task.Delay(AskAgain, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static async Task<CheckResult> RunAsync(VmSession vm, ProgramCheck check, CancellationToken cancellationToken)
    {
        var result = await vm.RunInGuestAsync(new GuestProgram(check.Command[0], [.. check.Command.Skip(1)]), cancellationToken);
        return result.ExitCode == 0
            ? new CheckResult(vm.State.Name, Holds: true, $"{check.Command[0]} exited with 0.")
            : new CheckResult(vm.State.Name, Holds: false, $"{check.Command[0]} exited with {result.ExitCode}: {Said(result)}");
    }

    private async Task<CheckResult> PingAsync(VmSession vm, PingCheck check, CancellationToken cancellationToken)
    {
        var own = vm.State.Definition.Nics.OfType<LinkNic>().Where(nic => nic.Address is not null).Select(nic => nic.Link).ToHashSet();
        var others = _vms.Vms.Where(other => other != vm && check.To.Wants(other.State.Definition))
            .SelectMany(other => other.State.Definition.Nics.OfType<LinkNic>().Where(nic => nic.Address is not null && own.Contains(nic.Link)).Select(nic => (other.State.Name, nic.Address!.Value.Address)))
            .ToList();
        if (others.Count == 0)
        {
            return new CheckResult(vm.State.Name, Holds: true, "There is nobody on its links to ping.");
        }

        var told = await Task.WhenAll(others.Select(other => PingOneAsync(vm, check, other.Name, other.Address, cancellationToken)));
        return new CheckResult(vm.State.Name, told.All(one => one.Holds), string.Join(' ', told.Select(one => one.Text)));
    }

    private static async Task<(bool Holds, string Text)> PingOneAsync(VmSession vm, PingCheck check, VmName other, Ipv4Address address, CancellationToken cancellationToken)
    {
        var result = await vm.RunInGuestAsync(new GuestProgram("ping", ["-n", "-c", Number(check.Packets), "-i", "0.2", "-W", "1", address.ToString()]), cancellationToken);
        if (!PingOutput.TryParse(Encoding.UTF8.GetString(result.Stdout.Span), out var sent, out var received, out var rttMs))
        {
            return (false, $"{other}: ping said {Said(result)}.");
        }

        var lossPercent = sent == 0 ? 100 : 100.0 * (sent - received) / sent;
        var rtt = rttMs is { } ms ? string.Create(CultureInfo.InvariantCulture, $", {ms:0.0} ms") : "";
        return (lossPercent < check.LossBelowPercent, string.Create(CultureInfo.InvariantCulture, $"{other}: {received} of {sent} pings answered{rtt}."));
    }

    private static async Task<CheckResult> AskAsync(VmSession vm, HttpCheck check, CancellationToken cancellationToken)
    {
        var result = await vm.RunInGuestAsync(new GuestProgram("python3", ["-c", AskHttp, check.Url.ToString(), Number(check.Patience.TotalSeconds)]), cancellationToken);
        var status = Encoding.UTF8.GetString(result.Stdout.Span).Trim();
        return result.ExitCode != 0 ? new CheckResult(vm.State.Name, Holds: false, $"{check.Url} does not answer: {Said(result)}")
            : new CheckResult(vm.State.Name, status == Number(check.Status), $"{check.Url} answered with status {status}.");
    }

    /// <summary>What is read back is compared all the time, and the first byte that is another one ends it.</summary>
    private static async Task<CheckResult> WriteAndReadAsync(VmSession vm, FioCheck check, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "--name=chaos", $"--filename={FioFile}", "--size=8m", "--rw=randwrite", "--bs=4k", "--direct=1", "--verify=crc32c", "--verify_backlog=64", "--verify_fatal=1",
            "--time_based", $"--runtime={Number(check.Seconds)}", "--output-format=terse",
        ];
        var result = await vm.RunInGuestAsync(new GuestProgram("fio", arguments), cancellationToken);
        return result.ExitCode == 0
            ? new CheckResult(vm.State.Name, Holds: true, $"fio wrote and read back for {check.Seconds} s without an error.")
            : new CheckResult(vm.State.Name, Holds: false, $"fio ended with {result.ExitCode}: {Said(result)}");
    }

    private CheckResult LookAtConsole(VmSession vm)
    {
        var lines = _consoles[vm.State.Name].Take();
        return lines.Count == 0
            ? new CheckResult(vm.State.Name, Holds: true, "The kernel told of no fault of its own.")
            : new CheckResult(vm.State.Name, Holds: false, $"The kernel told: {Shortened(string.Join(" | ", lines))}");
    }

    private static string Said(GuestExecResult result)
    {
        var said = Encoding.UTF8.GetString(result.Stderr.Span).Trim() is { Length: > 0 } errors ? errors : Encoding.UTF8.GetString(result.Stdout.Span).Trim();
        return said.Length == 0 ? "it printed nothing" : Shortened(said.ReplaceLineEndings(" "));
    }

    private static string Shortened(string text) => text.Length > SaidCharsMax ? string.Concat(text.AsSpan(0, SaidCharsMax), "…") : text;

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);
}
