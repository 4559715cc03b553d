using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace LabNet.Core.Qmp;

/// <summary>A QMP command as QEMU's schema names it. The typed ones stand as fields of the classes in Commands/.</summary>
public abstract class QmpCommand
{
    private protected QmpCommand(string name)
    {
        Name = name;
        Prefix = Encoding.UTF8.GetBytes($$"""{"execute":"{{name}}","id":""");
    }

    public string Name { get; }

    /// <summary>The arguments' members, for a comparison with the schema that QEMU reports; null when the command takes none.</summary>
    public abstract JsonTypeInfo? ArgumentsType { get; }

    internal byte[] Prefix { get; }
}

/// <summary>A command without arguments.</summary>
public sealed class QmpCommand<TReturn>(string name, JsonTypeInfo<TReturn> returnType) : QmpCommand(name)
{
    public override JsonTypeInfo? ArgumentsType => null;

    public JsonTypeInfo<TReturn> ReturnType { get; } = returnType;
}

/// <summary>A command with arguments.</summary>
public sealed class QmpCommand<TArguments, TReturn>(string name, JsonTypeInfo<TArguments> argumentsType, JsonTypeInfo<TReturn> returnType)
    : QmpCommand(name)
{
    public override JsonTypeInfo ArgumentsType => Arguments;

    public JsonTypeInfo<TArguments> Arguments { get; } = argumentsType;

    public JsonTypeInfo<TReturn> ReturnType { get; } = returnType;
}
