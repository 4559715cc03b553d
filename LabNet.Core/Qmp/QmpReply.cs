using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LabNet.Core.Qmp;

internal readonly struct QmpReply(string command, QmpFrame frame)
{
    /// <summary>The value's bytes, or the error's.</summary>
    public ReadOnlyMemory<byte> Payload => frame.Payload;

    /// <summary>What QEMU said when it refused; null if it did not.</summary>
    public string? Refusal => frame.Kind == QmpFrameKind.Return ? null : Parse(QmpJson.Default.ErrorMessage).Desc;

    /// <exception cref="QmpCommandException">QEMU refused.</exception>
    public ReadOnlyMemory<byte> ReturnOrThrow()
    {
        if (frame.Kind == QmpFrameKind.Return)
        {
            return frame.Payload;
        }

        var error = Parse(QmpJson.Default.ErrorMessage);
        throw new QmpCommandException(command, error.Class, error.Desc);
    }

    /// <exception cref="QmpCommandException">QEMU refused.</exception>
    /// <exception cref="QmpProtocolException">The value is not of the documented shape.</exception>
    public TReturn Read<TReturn>(JsonTypeInfo<TReturn> type)
    {
        ReturnOrThrow();
        return Parse(type);
    }

    private T Parse<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(frame.Payload, type)
                ?? throw new QmpProtocolException($"QEMU answered {command} with null.");
        }
        catch (JsonException e)
        {
            throw new QmpProtocolException($"QEMU's answer to {command} is not of the shape that is documented: {e.Message}", e);
        }
    }
}
