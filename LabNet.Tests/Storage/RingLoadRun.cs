using System.Diagnostics;
using System.Globalization;

namespace LabNet.Tests.Storage;

/// <summary>One <see cref="RingLoad"/> from its start to its kill, and what it said.</summary>
/// <param name="RoundsBegun">Nothing of a later round was published.</param>
/// <param name="EventsKept">So many it had read from the database itself.</param>
/// <param name="SamplesKept">So many it had read from the database itself.</param>
/// <param name="LastLine">What it said last.</param>
internal sealed record RingLoadRun(RingLoadPlan Plan, int RoundsBegun, int EventsKept, int SamplesKept, string LastLine)
{
    /// <summary>No time of this run is as late; a multiple of the widest bins.</summary>
    public long EndNs => Plan.TimeOf((RoundsBegun / 20 * 20) + 20);

    /// <param name="lines">After so many lines it is killed, whatever it does then.</param>
    public static async Task<RingLoadRun> KillAsync(string path, RingLoadPlan plan, int lines, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(
            Path.Join(AppContext.BaseDirectory, "LabNet.Tests"), [RingLoad.Verb, path, $"{plan.Run}", $"{plan.StartNs}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var run = new RingLoadRun(plan, 0, 0, 0, "");
        try
        {
            for (var read = 0; read < lines; read++)
            {
                run = run.With(await process.StandardOutput.ReadLineAsync(cancellationToken)
                    ?? throw new InvalidOperationException($"It ended by itself: {await process.StandardError.ReadToEndAsync(cancellationToken)}"));
            }
        }
        finally
        {
            // SIGKILL.
            process.Kill();
        }

        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            run = run.With(line);
        }

        await process.WaitForExitAsync(cancellationToken);
        Assert.Equal("", await process.StandardError.ReadToEndAsync(cancellationToken));
        return run;
    }

    private RingLoadRun With(string line) => line.Split(' ') switch
    {
        ["round", var round] => this with { RoundsBegun = Number(round) + 1, LastLine = line },
        ["kept", var events, var samples] => this with
        {
            EventsKept = Math.Max(EventsKept, Number(events)),
            SamplesKept = Math.Max(SamplesKept, Number(samples)),
            LastLine = line,
        },
        ["opening" or "opened" or "writing" or "tidied"] => this with { LastLine = line },
        _ => throw new InvalidOperationException($"The program said: {line}"),
    };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
