namespace LabNet.Core.GuestAgent;

/// <summary>Running programs in the guest, out of the agent's two commands for it.</summary>
public static class GuestPrograms
{
    /// <summary>The agent tells nobody when a program ends: it has to be asked, first often, then seldom.</summary>
    private static readonly TimeSpan AskFirst = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan AskSeldom = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs a program to its end. Cancelling stops the waiting; the program goes on in the guest.</summary>
    /// <exception cref="GuestAgentException">The agent cannot be reached, does not answer, or cannot start the program.</exception>
    public static async Task<GuestExecResult> RunAsync(
        this GuestAgentClient agent, GuestProgram program, TimeProvider time, CancellationToken cancellationToken)
    {
        var input = program.Input is { } bytes ? Convert.ToBase64String(bytes.Span) : null;
        var started = await agent.ExecuteAsync(
            GuestAgentCommands.Exec, new ExecArguments(program.Path, program.Arguments, input, CaptureOutput: true), cancellationToken);
        for (var pause = AskFirst; ; pause = pause * 2 < AskSeldom ? pause * 2 : AskSeldom)
        {
            var status = await agent.ExecuteAsync(GuestAgentCommands.QueryExecStatus, new ExecStatusArguments(started.Pid), cancellationToken);
            if (status.Exited)
            {
                return new GuestExecResult(
                    status.Exitcode ?? (128 + (status.Signal ?? 0)),
                    Decode(status.OutData),
                    Decode(status.ErrData),
                    status.OutTruncated || status.ErrTruncated);
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    internal static byte[] Decode(string? base64)
    {
        try
        {
            return Convert.FromBase64String(base64 ?? "");
        }
        catch (FormatException e)
        {
            throw new GuestAgentUnavailableException("The guest agent cannot be understood: what it sent as bytes is something that is no base64.", e);
        }
    }
}
