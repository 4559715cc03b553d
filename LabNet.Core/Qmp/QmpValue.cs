using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>Values that were taken from QEMU unread.</summary>
public static class QmpValue
{
    /// <summary>Reads a <c>return</c> value as the command's.</summary>
    /// <exception cref="QmpProtocolException">The value is not of the documented shape.</exception>
    public static TReturn Read<TReturn>(ReadOnlyMemory<byte> returned, QmpCommand<TReturn> command)
    {
        try
        {
            return JsonSerializer.Deserialize(returned.Span, command.ReturnType)
                ?? throw new QmpProtocolException($"QEMU answered {command.Name} with null.");
        }
        catch (JsonException e)
        {
            throw new QmpProtocolException($"QEMU's answer to {command.Name} is not of the shape that is documented: {e.Message}", e);
        }
    }
}
