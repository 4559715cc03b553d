using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace LabNet.Core.Snapshots;

/// <summary>
/// What QEMU says of the fields that it saved: JSON behind the stream's end mark (type 6, a length of 4 bytes, the text). Its <c>devices</c> come
/// in the order of the stream's whole sections; each has <c>fields</c> (name, type, size of one element, array_len, a <c>struct</c> with fields of
/// its own) and <c>subsections</c>.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class SavedDescription : IDisposable
{
    /// <summary>A VM with a hundred devices has half a MiB.</summary>
    private const int BytesMax = 16 << 20;

    /// <summary>Deeper than any device's, and shallow enough for the stack.</summary>
    private const int DepthMax = 128;

    /// <summary>Both come in one order; a few may be left out on one side.</summary>
    private const int LookAhead = 16;

    private const byte Mark = 6;
    private const int MarkBytes = 1 + sizeof(uint);

    private readonly JsonDocument? _document;
    private readonly List<JsonElement> _devices;
    private int _next;

    private SavedDescription(JsonDocument? document)
    {
        _document = document;
        _devices = document?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("devices", out var devices) && devices.ValueKind == JsonValueKind.Array
                ? [.. devices.EnumerateArray().Where(device => device.ValueKind == JsonValueKind.Object)]
                : [];
    }

    public bool IsThere => _devices.Count > 0;

    /// <summary>Looks for it at the end of a state; without one, or with a broken one, nothing is described.</summary>
    public static SavedDescription Find(Stream state)
    {
        var bytes = new byte[(int)Math.Min(BytesMax, state.Length)];
        state.Position = state.Length - bytes.Length;
        state.ReadExactly(bytes);

        // JSON has no such byte: the last one in the state is the mark, if there is any.
        var mark = bytes.AsSpan().LastIndexOf(Mark);
        if (mark < 0 || bytes.Length - mark < MarkBytes
            || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(mark + 1)) != bytes.Length - mark - MarkBytes)
        {
            return new SavedDescription(document: null);
        }

        // QEMU's names need no escapes; with them, and bytes that are no UTF-8, a JsonElement may throw later.
        var text = bytes.AsMemory(mark + MarkBytes);
        if (!Utf8.IsValid(text.Span) || text.Span.IndexOf("\\u"u8) >= 0)
        {
            return new SavedDescription(document: null);
        }

        try
        {
            return new SavedDescription(JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = DepthMax }));
        }
        catch (JsonException)
        {
            return new SavedDescription(document: null);
        }
    }

    /// <summary>The description of the next whole section, if there is one for it.</summary>
    public JsonElement? Next(string name, uint instance)
    {
        for (var i = _next; i < Math.Min(_devices.Count, _next + LookAhead); i++)
        {
            if (TextOf(_devices[i], "name") == name && (NumberOf(_devices[i], "instance_id") ?? 0) == instance)
            {
                _next = i + 1;
                return _devices[i];
            }
        }

        return null;
    }

    public void Dispose() => _document?.Dispose();

    public static string TextOf(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    public static long? NumberOf(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    /// <summary>The objects in an array; none if there is no such array.</summary>
    public static IEnumerable<JsonElement> ItemsOf(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)
            : [];
}
