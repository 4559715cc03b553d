using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "unit")]
public sealed class JsonLinesTests
{
    private const int Limit = 100;

    [Theory]
    [InlineData("{}\n[]\n", "{}|[]")]
    [InlineData("{}\r\n[]\r\n", "{}\r|[]\r")]
    [InlineData("{}\r\n[]\n", "{}\r|[]")]
    [InlineData("\r\n\n{}\n\r\n \t\r\n[]\n\n", "{}|[]")]
    [InlineData("", "")]
    [InlineData("\n\n\r\n", "")]
    public async Task Lines_end_with_LF_or_CR_LF_and_blank_ones_mean_nothing(string bytes, string expected)
    {
        for (var piece = 1; piece <= Math.Max(bytes.Length, 1); piece++)
        {
            var lines = Read(bytes.Chunk(piece).Select(chunk => new string(chunk)));
            Assert.Equal(expected, string.Join('|', await AllAsync(lines)));
        }
    }

    [Fact]
    public async Task A_line_exactly_at_the_limit_is_taken_and_one_byte_more_is_refused()
    {
        var longest = new string('x', Limit);
        Assert.Equal([longest, "y"], await AllAsync(Read([longest + "\ny\n"])));
        Assert.Equal([longest, "y"], await AllAsync(Read([longest, "\ny\n"])));
        await Assert.ThrowsAsync<QmpProtocolException>(() => AllAsync(Read([longest + "x\n"])));
        await Assert.ThrowsAsync<QmpProtocolException>(() => AllAsync(Read([longest, "x\n"])));
        await Assert.ThrowsAsync<QmpProtocolException>(() => AllAsync(Read([longest, "x"])));
    }

    [Fact]
    public async Task Half_a_line_before_the_end_is_told_and_not_taken_for_a_line()
    {
        var lines = Read(["{}\n{\"ret", "urn"]);
        Assert.NotNull(await lines.ReadAsync(TestContext.Current.CancellationToken));
        var broken = await Assert.ThrowsAsync<QmpProtocolException>(() => lines.ReadAsync(TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("8 bytes", broken.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_read_loses_nothing_of_the_line_that_has_begun()
    {
        var pipe = new Pipe();
        var lines = new JsonLines(pipe.Reader, Limit);
        await pipe.Writer.WriteAsync("{\"a\":"u8.ToArray(), TestContext.Current.CancellationToken);
        using var cancellation = new CancellationTokenSource();
        var reading = lines.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await pipe.Writer.WriteAsync("1}\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal("{\"a\":1}", Text((await lines.ReadAsync(TestContext.Current.CancellationToken))!.Value));
    }

    private static JsonLines Read(IEnumerable<string> pieces) => new(
        PipeReader.Create(new TranscriptStream([.. pieces.Select(piece => (0, Encoding.UTF8.GetBytes(piece)))])), Limit);

    private static async Task<List<string>> AllAsync(JsonLines lines)
    {
        List<string> all = [];
        while (await lines.ReadAsync(TestContext.Current.CancellationToken) is { } line)
        {
            all.Add(Text(line));
        }

        return all;
    }

    private static string Text(ReadOnlySequence<byte> line) => Encoding.UTF8.GetString(line.ToArray());
}
