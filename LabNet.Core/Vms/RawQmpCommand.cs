using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LabNet.Core.Vms;

/// <summary>What can be sent as raw QMP, and what of it may be written down.</summary>
public static class RawQmpCommand
{
    private const int NameCharsMax = 128;

    /// <summary>The audit log is for people, and lasts.</summary>
    private const int DetailCharsMax = 4096;
    private const string Hidden = "***";

    private static readonly SearchValues<char> NameChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static readonly string[] SecretWords = ["password", "passwd", "passphrase", "secret", "token", "credential"];

    /// <summary>Writes what people read; the log is text, never a page.</summary>
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Why this cannot be sent, with what is allowed; null if it can.</returns>
    public static string? MistakeIn(string command, JsonElement? arguments)
    {
        if (command.Length is 0 or > NameCharsMax || command.AsSpan().ContainsAnyExcept(NameChars))
        {
            return $"execute: a QMP command is 1 to {NameCharsMax} letters, digits and - _ .";
        }

        if (command == "qmp_capabilities")
        {
            return "execute: qmp_capabilities has been sent when LabNet connected, and QEMU takes it once.";
        }

        return arguments switch
        {
            null => null,
            { ValueKind: not JsonValueKind.Object } => "arguments: they have to be an object.",
            { } given => IsSendable(given) ? null : "arguments: a text holds a zero character or half a character, which QEMU cannot read.",
        };
    }

    /// <summary>The command as one line of JSON, with *** for what is secret, cut where it is long.</summary>
    public static string AuditDetail(string command, JsonElement? arguments)
    {
        if (arguments is not { } given)
        {
            return command;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            Write(writer, given, command, IsSecretProperty(given));
        }

        var detail = $"{command} {Encoding.UTF8.GetString(buffer.WrittenSpan)}";
        return detail.Length <= DetailCharsMax ? detail : detail[..DetailCharsMax] + "…";
    }

    private static void Write(Utf8JsonWriter writer, JsonElement json, string command, bool hidesValue)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in json.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    if (IsSecret(member, command) || (hidesValue && member.Name == "value"))
                    {
                        writer.WriteStringValue(Hidden);
                    }
                    else
                    {
                        Write(writer, member.Value, command, hidesValue: false);
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                {
                    Write(writer, item, command, hidesValue: false);
                }

                writer.WriteEndArray();
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }

    /// <summary>
    /// Words that tell a secret by themselves; the data of an object, which for the type <c>secret</c> is the secret; keys, which may be
    /// those of a cipher or those that somebody types; and a monitor's command line from where it may hold one.
    /// </summary>
    private static bool IsSecret(JsonProperty member, string command) =>
        IsSecretName(member.Name)
        || (member.Name == "data" && command == "object-add")
        || (member.Name == "keys" && command == "send-key")
        || (member.Name == "events" && command == "input-send-event")
        || (member.Name == "command-line" && member.Value.ValueKind == JsonValueKind.String && MayHoldSecret(member.Value.GetString()!));

    private static bool IsSecretName(string name) =>
        name.Equals("key", StringComparison.OrdinalIgnoreCase)
        || (!name.EndsWith("-secret", StringComparison.Ordinal)
            && Array.Exists(SecretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase)));

    /// <summary><c>qom-set</c> names the property beside its value.</summary>
    private static bool IsSecretProperty(JsonElement arguments) =>
        arguments.TryGetProperty("property", out var property) && property.ValueKind == JsonValueKind.String
        && property.GetString() is { } name && (name == "data" || IsSecretName(name));

    private static bool MayHoldSecret(string commandLine) =>
        Array.Exists(SecretWords, word => commandLine.Contains(word, StringComparison.OrdinalIgnoreCase))
        || commandLine.Contains("data=", StringComparison.Ordinal)
        || commandLine.Contains("key", StringComparison.OrdinalIgnoreCase)
        || commandLine.TrimStart().StartsWith("change", StringComparison.Ordinal);

    /// <summary>QEMU answers what it cannot read without saying to whom, which ends the connection for all.</summary>
    private static bool IsSendable(JsonElement json)
    {
        try
        {
            return json.ValueKind switch
            {
                JsonValueKind.Object => json.EnumerateObject().All(member => IsText(member.Name) && IsSendable(member.Value)),
                JsonValueKind.Array => json.EnumerateArray().All(IsSendable),
                JsonValueKind.String => IsText(json.GetString()!),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return false;
        }
    }

    private static bool IsText(string text) => !text.Contains('\0', StringComparison.Ordinal);
}
