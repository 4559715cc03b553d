using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>Raw QMP is asked for and switched off: a decision of whoever runs LabNet.</summary>
public sealed class RawQmpOffException()
    : Exception("Raw QMP is off. ./infra/lab up --raw-qmp (LabNet:RawQmp=true) lets admins use it: by QMP, QEMU can be made to read and write this machine's files.");

/// <summary>Any QMP command, for admins.</summary>
public sealed partial class VmSession
{
    private const string RawQmp = "qmp";

    /// <summary>Whether whoever runs LabNet lets admins send any command.</summary>
    public bool AllowsRawQmp => _services.AllowsRawQmp;

    /// <summary>
    /// Sends any command and answers QEMU's <c>return</c>, as it came. The audit log gets a line before, with the arguments but for their
    /// secrets, and another with what came of it: the log is only ever added to, and a LabNet that dies in between leaves the first one.
    /// </summary>
    /// <param name="arguments">An object; null for none.</param>
    /// <exception cref="ForbiddenException">The actor is no admin.</exception>
    /// <exception cref="RawQmpOffException"/>
    /// <exception cref="ArgumentException">The command or its arguments cannot be sent.</exception>
    /// <exception cref="QmpException"/>
    public async Task<ReadOnlyMemory<byte>> ExecuteRawQmpAsync(
        string command, JsonElement? arguments, Actor actor, CancellationToken cancellationToken)
    {
        if (RawQmpCommand.MistakeIn(command, arguments) is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(command));
        }

        var detail = RawQmpCommand.AuditDetail(command, arguments);
        if (actor.Role >= Role.Admin && !AllowsRawQmp)
        {
            await _services.Audit.WriteAsync(actor, RawQmp, _state.Name, detail, "raw QMP is off", cancellationToken);
            throw new RawQmpOffException();
        }

        return await ExecuteAuditedAsync(RawQmp, detail, command, actor, () => _qmp.ExecuteRawAsync(command, arguments, cancellationToken), cancellationToken);
    }

    /// <summary>Sets a property of an object of QEMU. Audited before and after, as raw QMP is.</summary>
    /// <param name="path">The object's, in QEMU's tree.</param>
    /// <exception cref="ForbiddenException">The actor is no admin.</exception>
    /// <exception cref="QmpException"/>
    public async Task SetPropertyAsync(string path, string property, JsonElement value, Actor actor, CancellationToken cancellationToken) =>
        await ExecuteAuditedAsync(
            QomCommands.Set.Name,
            $"{path} {property} = {value.GetRawText()}",
            property,
            actor,
            () => _qmp.ExecuteAsync(QomCommands.Set, new QomSetArguments(path, property, value), cancellationToken),
            cancellationToken);

    /// <param name="what">For the line about what came of it, beside the number of the first.</param>
    private async Task<T> ExecuteAuditedAsync<T>(
        string action, string detail, string what, Actor actor, Func<ValueTask<T>> execute, CancellationToken cancellationToken)
    {
        var line = await AuthorizeAsync(actor, Role.Admin, action, detail, cancellationToken);
        var result = "failed";
        try
        {
            var returned = await execute();
            result = "done";
            return returned;
        }
        catch (QmpCommandException e)
        {
            // QEMU's own words may repeat a secret.
            result = $"refused by QEMU ({e.ErrorClass})";
            throw;
        }
        catch (Exception e) when (e is QmpException or OperationCanceledException)
        {
            result = "no answer";
            throw;
        }
        finally
        {
            await _services.Audit.WriteAsync(actor, action, _state.Name, $"line {line}: {what}", result, CancellationToken.None);
        }
    }
}
