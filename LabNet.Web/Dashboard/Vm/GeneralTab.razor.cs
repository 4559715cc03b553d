using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What a VM is.</summary>
public sealed partial class GeneralTab
{
    private static readonly QemuQuestion[] Questions =
    [
        new("query-status"), new("query-name"), new("query-uuid"), new("query-version"), new("query-target"), new("query-kvm"),
        new("query-current-machine"), new("qom-get", "/machine", "type"),
    ];

    private string? _command;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>One option a line, each with its value, as it could be typed.</summary>
    protected override void OnParametersSet()
    {
        if (_command is null && Actor.Role >= Role.Operator && Session.ReadCommandLine() is { Count: > 0 } arguments)
        {
            var lines = arguments.Select(argument => argument.StartsWith('-') ? $" \\\n  {argument}" : $" {Quoted(argument)}");
            _command = State.Definition.Architecture.QemuBinary() + string.Concat(lines);
        }
    }

    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '/' or '.' or ',' or '=' or ':' or '+' or '@')
            ? argument
            : "'" + argument.Replace("'", @"'\''", StringComparison.Ordinal) + "'";

    private Task<GuestReading<Identity>> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken) => VmAsking.NowAsync(Time, AskAsync(cancellationToken));

    private async Task<Identity> AskAsync(CancellationToken cancellationToken) => new(
        (await Session.ReadAsync(MiscCommands.QueryName, cancellationToken)).Name,
        (await Session.ReadAsync(MachineCommands.QueryUuid, cancellationToken)).Uuid,
        (await Session.ReadAsync(QomCommands.Get, new QomGetArguments("/machine", "type"), cancellationToken)).ToString(),
        (await Session.ReadAsync(MachineCommands.QueryTarget, cancellationToken)).Arch,
        await Session.ReadAsync(RunStateCommands.QueryStatus, cancellationToken),
        await Session.ReadAsync(MachineCommands.QueryVersion, cancellationToken),
        await Session.ReadAsync(MachineCommands.QueryKvm, cancellationToken),
        await Session.ReadAsync(MachineCommands.QueryCurrentMachine, cancellationToken));

    private sealed record Identity(
        string? Name, string Uuid, string Machine, string Target, StatusInfo Status, VersionInfo Version, KvmInfo Kvm, CurrentMachineParams Wakeup);
}
