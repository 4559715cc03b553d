using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>What QEMU can be asked without changing anything; for every role, and not audited.</summary>
public sealed partial class VmSession
{
    private static readonly string[] ReadingPrefixes = ["query-", "x-query-", "qom-list"];

    /// <summary>Asks by a command that only reads.</summary>
    /// <exception cref="QmpException">QEMU is not connected, refuses or does not answer in time.</exception>
    /// <exception cref="InvalidOperationException">The command does not only read: there are operations for those that change something.</exception>
    public ValueTask<TReturn> ReadAsync<TReturn>(QmpCommand<TReturn> query, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(query.Name);
        return _qmp.ExecuteAsync(query, cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync{TReturn}"/>
    public ValueTask<TReturn> ReadAsync<TArguments, TReturn>(
        QmpCommand<TArguments, TReturn> query, TArguments arguments, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(query.Name);
        return _qmp.ExecuteAsync(query, arguments, cancellationToken);
    }

    /// <summary>Asks many things in one piece, on the connection that commands go by.</summary>
    /// <exception cref="QmpException">QEMU is not connected or does not answer in time; what it refuses shows by its reply.</exception>
    /// <inheritdoc cref="ReadAsync{TReturn}" path="/exception[@cref='InvalidOperationException']"/>
    public ValueTask<QmpReplies> ReadAsync(IReadOnlyList<CompleteQmpCommand> queries, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(queries);
        return _qmp.ExecuteAsync(queries, cancellationToken);
    }

    /// <summary>QEMU's <c>return</c> of a command that only reads, as it came.</summary>
    /// <inheritdoc cref="ReadAsync{TReturn}" path="/exception"/>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(string qmpQuery, CancellationToken cancellationToken) =>
        ReadAsync(qmpQuery, arguments: null, cancellationToken);

    /// <inheritdoc cref="ReadAsync(string, CancellationToken)"/>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(string qmpQuery, JsonElement? arguments, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(qmpQuery);
        return _qmp.ExecuteRawAsync(qmpQuery, arguments, cancellationToken);
    }

    /// <summary>What this VM's QEMU says of its commands; fetched once for all VMs of the same QEMU.</summary>
    /// <exception cref="QmpException"/>
    public async Task<QemuSchema> ReadSchemaAsync(CancellationToken cancellationToken) => await _services.Catalogue.ReadAsync(
        await ReadBuildAsync(cancellationToken),
        async () => new QemuSchema(await ReadAsync("query-qmp-schema", CancellationToken.None)),
        cancellationToken);

    /// <summary>The types that this VM's QEMU has; fetched once for all VMs of the same QEMU.</summary>
    /// <exception cref="QmpException"/>
    public async Task<QemuTypes> ReadTypesAsync(CancellationToken cancellationToken) => await _services.Catalogue.ReadAsync(
        await ReadBuildAsync(cancellationToken),
        async () => new QemuTypes(await ReadAsync(QomCommands.ListTypes.Name, CancellationToken.None)),
        cancellationToken);

    /// <summary>Asked each time: after a start it may be another one.</summary>
    private async Task<QemuBuild> ReadBuildAsync(CancellationToken cancellationToken)
    {
        var target = await ReadAsync(MachineCommands.QueryTarget, cancellationToken);
        var version = await ReadAsync(MachineCommands.QueryVersion, cancellationToken);
        return new QemuBuild(target.Arch, version.Qemu.ToVersion(), version.Package);
    }

    private static void ThrowUnlessReading(IReadOnlyList<CompleteQmpCommand> queries)
    {
        foreach (var query in queries)
        {
            ThrowUnlessReading(query.Name);
        }
    }

    private static void ThrowUnlessReading(string command)
    {
        if (command is not ("qom-get" or "trace-event-get-state")
            && !Array.Exists(ReadingPrefixes, prefix => command.StartsWith(prefix, StringComparison.Ordinal)))
        {
            throw new InvalidOperationException($"{command} does not only read.");
        }
    }
}
