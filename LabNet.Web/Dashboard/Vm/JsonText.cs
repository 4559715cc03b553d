using System.Text.Encodings.Web;
using System.Text.Json;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>QEMU's JSON for people to read. It is shown as text, so nothing in it needs to be escaped for a page.</summary>
internal static class JsonText
{
    /// <summary>As deep as the writer goes by itself.</summary>
    private const int DepthMax = 1000;
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, MaxDepth = DepthMax, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="charactersMax">A page with more text than this gets slow, and nobody reads it; the REST API gives all.</param>
    public static string Indented(ReadOnlyMemory<byte> json, int charactersMax)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = DepthMax });
        return Indented(document.RootElement, charactersMax);
    }

    /// <inheritdoc cref="Indented(ReadOnlyMemory{byte}, int)"/>
    public static string Indented(JsonElement json, int charactersMax)
    {
        var text = JsonSerializer.Serialize(json, Readable);
        return text.Length <= charactersMax ? text : $"{text[..charactersMax]}\n… and {text.Length - charactersMax} characters more; the REST API gives all of it.";
    }
}
