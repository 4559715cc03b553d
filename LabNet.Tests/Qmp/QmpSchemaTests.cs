using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>Every typed command against what real QEMUs, old and new, say of themselves.</summary>
[Trait("suite", "unit")]
public sealed class QmpSchemaTests
{
    /// <summary>BlockDeviceInfo also describes unnamed nodes; query-named-block-nodes tells of named ones only.</summary>
    private static readonly HashSet<string> AlwaysThere = ["query-named-block-nodes/node-name"];

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void Every_command_and_its_answer_are_as_QEMU_has_them(string machine)
    {
        var differences = new SchemaDifferences(Recording.Schema(machine), AlwaysThere);
        var commands = Commands();
        Assert.True(commands.Count > 25);
        Assert.Empty(commands.SelectMany(command => differences.Of(command, ReturnTypeOf(command))));
    }

    [Fact]
    public void A_command_that_QEMU_has_otherwise_is_found()
    {
        var differences = new SchemaDifferences(Recording.Schema("7.2-x86_64"), AlwaysThere);
        Assert.Equal(
            [
                "block_set_io_throttle takes no nosuch",
                "block_set_io_throttle: bps is no String",
                "block_set_io_throttle needs bps_rd",
                "block_set_io_throttle needs bps_wr",
                "block_set_io_throttle needs iops",
                "block_set_io_throttle needs iops_rd",
                "block_set_io_throttle needs iops_wr",
            ],
            differences.Of(new QmpCommand<Throttle, QmpNothing>("block_set_io_throttle", Type<Throttle>(), Type<QmpNothing>()), Type<QmpNothing>()));
        Assert.Equal(
            ["query-jobs[]/id is no Int32", "query-jobs[]/error may be missing", "query-jobs[] has no nosuch"],
            differences.Of(new QmpCommand<Job[]>("query-jobs", Type<Job[]>()), Type<Job[]>()));
        Assert.Equal(["query-kvm is no array"], differences.Of(MachineCommands.QueryKvm, Type<KvmInfo[]>()));
        Assert.Equal(
            ["nosuch is no command"],
            differences.Of(new QmpCommand<QmpNothing>("nosuch", Type<QmpNothing>()), Type<QmpNothing>()));
    }

    private static List<QmpCommand> Commands() =>
    [
        .. typeof(QmpCommand).Assembly.GetTypes()
            .Where(type => type.Namespace == "LabNet.Core.Qmp")
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(field => field.FieldType.IsAssignableTo(typeof(QmpCommand)))
            .Select(field => (QmpCommand)field.GetValue(null)!),
    ];

    private static JsonTypeInfo ReturnTypeOf(QmpCommand command) =>
        (JsonTypeInfo)command.GetType().GetProperty("ReturnType")!.GetValue(command)!;

    private static JsonTypeInfo<T> Type<T>() => (JsonTypeInfo<T>)System.Text.Json.JsonSerializerOptions.Web.GetTypeInfo(typeof(T));

    private sealed record Throttle(string Nosuch, string Bps, int? Bps_rd);

    private sealed record Job(int Id, string Error, string Nosuch);
}
