using LabNet.Core.Hosts;

namespace LabNet.Core.Vms;

/// <summary>
/// What features need that bring a crashed machine back. A QEMU's end is told once: by the LabNet that saw it, or by the next one, if nobody was
/// there. The file <c>ended</c> names the process (as <c>pid</c> does) whose end is told already, or was asked for.
/// </summary>
public sealed partial class VmSession
{
    private string EndedNote => Path.Join(Paths.Folder, "ended");

    /// <summary>Lets the actor (operator) do something that takes no time, and writes it down.</summary>
    /// <exception cref="ForbiddenException"/>
    internal Task AllowAsync(string action, string? detail, Actor actor, CancellationToken cancellationToken) =>
        AuthorizeAsync(actor, Role.Operator, action, detail, cancellationToken);

    /// <summary>The next LabNet does not tell the end of this QEMU again.</summary>
    /// <param name="process">As <see cref="QemuProcess.Note"/> names it; another one may run by now.</param>
    internal void NoteEnd(string process)
    {
        try
        {
            // Whole or not at all.
            var making = EndedNote + ".new";
            File.WriteAllText(making, process);
            File.Move(making, EndedNote, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogEndNotNoted(_state.Name, e.Message);
        }
    }

    /// <summary>A QEMU that ended while no LabNet looked; unless its end was asked for, it crashed.</summary>
    private void TellMissedEnd(QemuProcess process)
    {
        try
        {
            if (File.Exists(EndedNote) && File.ReadAllText(EndedNote).Trim() == process.Note)
            {
                return;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogEndNotNoted(_state.Name, e.Message);
        }

        var exit = Host.ReadExit(Paths);
        var expected = exit.Status == 0;
        LogEnded(_state.Name, process.Pid, exit.Status, expected);
        Apply(new VmEvent.ProcessExited(new VmProcessState.Exited(exit.Status, expected, exit.StderrTail, exit.At ?? _services.Time.GetUtcNow())));
        _console.TellAway();
        if (expected)
        {
            NoteEnd(process.Note);
        }
    }

    [Microsoft.Extensions.Logging.LoggerMessage(2106, Microsoft.Extensions.Logging.LogLevel.Warning, "{Vm}: which QEMU ended could not be noted: {Problem}")]
    private partial void LogEndNotNoted(Labs.VmName vm, string problem);
}
