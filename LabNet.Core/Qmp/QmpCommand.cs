using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LabNet.Core.Qmp;

/// <summary>A QMP command as QEMU's schema names it. The typed ones stand as fields of the classes in Commands/.</summary>
public abstract class QmpCommand
{
    private protected QmpCommand(string name) => Name = name;

    public string Name { get; }

    /// <summary>The arguments' members, for a comparison with the schema that QEMU reports; null when the command takes none.</summary>
    public abstract JsonTypeInfo? ArgumentsType { get; }
}

/// <summary>A command that lacks nothing: it takes no arguments, or has them.</summary>
public abstract class CompleteQmpCommand : QmpCommand
{
    private protected CompleteQmpCommand(string name, string? arguments = null)
        : base(name) => Prefix = Encoding.UTF8.GetBytes(arguments is null
            ? $$"""{"execute":"{{name}}","id":"""
            : $$"""{"execute":"{{name}}","arguments":{{arguments}},"id":""");

    /// <summary>The command's bytes as far as the number.</summary>
    internal byte[] Prefix { get; }
}

/// <summary>A command without arguments, or with them.</summary>
public sealed class QmpCommand<TReturn> : CompleteQmpCommand
{
    public QmpCommand(string name, JsonTypeInfo<TReturn> returnType)
        : base(name) => ReturnType = returnType;

    internal QmpCommand(string name, string arguments, JsonTypeInfo<TReturn> returnType)
        : base(name, arguments) => ReturnType = returnType;

    public override JsonTypeInfo? ArgumentsType => null;

    public JsonTypeInfo<TReturn> ReturnType { get; }
}

/// <summary>A command that needs arguments.</summary>
public sealed class QmpCommand<TArguments, TReturn>(string name, JsonTypeInfo<TArguments> argumentsType, JsonTypeInfo<TReturn> returnType)
    : QmpCommand(name)
{
    public override JsonTypeInfo ArgumentsType => Arguments;

    public JsonTypeInfo<TArguments> Arguments { get; } = argumentsType;

    public JsonTypeInfo<TReturn> ReturnType { get; } = returnType;

    /// <summary>For what is asked again and again in the same words.</summary>
    public QmpCommand<TReturn> With(TArguments arguments) => new(Name, JsonSerializer.Serialize(arguments, Arguments), ReturnType);
}
