using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>A command of the tests' own: its answer must be what was asked with.</summary>
internal static class EchoCommand
{
    public static readonly QmpCommand<Echo, Echo> Echo = new("echo", Type<Echo>(), Type<Echo>());

    private static JsonTypeInfo<T> Type<T>() => (JsonTypeInfo<T>)JsonSerializerOptions.Web.GetTypeInfo(typeof(T));
}

internal sealed record Echo(int Caller, int Number);
