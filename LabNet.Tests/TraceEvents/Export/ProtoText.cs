using System.Diagnostics;
using System.Text;

namespace LabNet.Tests.TraceEvents;

/// <summary>A message as <c>protoc --decode</c> prints it, which knows nothing of LabNet's way to write one.</summary>
internal sealed class ProtoText
{
    private readonly List<(string Name, string Text)> _values = [];
    private readonly List<(string Name, ProtoText Message)> _messages = [];

    /// <summary>Also in messages within; a field that the schema does not have is named by its number.</summary>
    public IEnumerable<string> FieldNames =>
        _values.Select(value => value.Name).Concat(_messages.SelectMany(message => message.Message.FieldNames.Prepend(message.Name)));

    public static async Task<ProtoText> DecodeAsync(string schema, string message, byte[] bytes)
    {
        var start = new ProcessStartInfo("protoc", [$"--decode={message}", $"--proto_path={Path.GetDirectoryName(schema)}", Path.GetFileName(schema)])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var protoc = Process.Start(start) ?? throw new InvalidOperationException("protoc did not start (apt install protobuf-compiler).");
        var (output, errors) = (protoc.StandardOutput.ReadToEndAsync(), protoc.StandardError.ReadToEndAsync());
        await protoc.StandardInput.BaseStream.WriteAsync(bytes);
        protoc.StandardInput.Close();
        await protoc.WaitForExitAsync();
        Assert.True(protoc.ExitCode == 0, await errors);
        return Parse(await output);
    }

    public IEnumerable<ProtoText> All(string name) => _messages.Where(message => message.Name == name).Select(message => message.Message);

    public ProtoText? One(string name) => All(name).SingleOrDefault();

    public ulong? Number(string name) => Text(name) is { } text
        ? text.StartsWith('-') ? unchecked((ulong)long.Parse(text)) : text == "true" ? 1 : ulong.Parse(text)
        : null;

    public string? Text(string name) => _values.SingleOrDefault(value => value.Name == name).Text;

    public IEnumerable<string> Texts(string name) => _values.Where(value => value.Name == name).Select(value => value.Text);

    private static ProtoText Parse(string output)
    {
        var open = new Stack<ProtoText>([new ProtoText()]);
        foreach (var line in output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            if (line == "}")
            {
                open.Pop();
            }
            else if (line.EndsWith(" {", StringComparison.Ordinal))
            {
                var within = new ProtoText();
                open.Peek()._messages.Add((line[..^2], within));
                open.Push(within);
            }
            else
            {
                var colon = line.IndexOf(": ", StringComparison.Ordinal);
                var value = line[(colon + 2)..];
                open.Peek()._values.Add((line[..colon], value.StartsWith('"') ? Unescape(value[1..^1]) : value));
            }
        }

        return open.Single();
    }

    private static string Unescape(string escaped)
    {
        var bytes = new List<byte>();
        for (var place = 0; place < escaped.Length; place++)
        {
            if (escaped[place] != '\\')
            {
                bytes.Add((byte)escaped[place]);
                continue;
            }

            place++;
            if (char.IsAsciiDigit(escaped[place]))
            {
                bytes.Add(Convert.ToByte(escaped.Substring(place, 3), 8));
                place += 2;
            }
            else
            {
                bytes.Add((byte)(escaped[place] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var plain => plain }));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
