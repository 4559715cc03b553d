using System.Net.Sockets;
using System.Text;
using LabNet.Core.Faults;

namespace LabNet.Tests.Faults;

/// <summary>QEMU's gdb server, played by the test over a real socket.</summary>
[Trait("suite", "fake")]
public sealed class RspConnectionTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private Socket _server = null!;
    private RspConnection _gdb = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var address = new UnixDomainSocketEndPoint(Path.Join(_folder.Path, "gdb.sock"));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(address);
        listener.Listen();
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(address, Cancellation);
        _server = await listener.AcceptAsync(Cancellation);
        _gdb = new RspConnection(new NetworkStream(client, ownsSocket: true));
    }

    public async ValueTask DisposeAsync()
    {
        await _gdb.DisposeAsync();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_question_has_its_checksum_and_its_answer_is_taken_with_a_plus()
    {
        var asking = _gdb.AskAsync("qfThreadInfo", Cancellation);
        Assert.Equal("$qfThreadInfo#bb", await ReadAsync(16));
        await SendAsync("+$mp01.01#cd");
        Assert.Equal("mp01.01", await asking);
        Assert.Equal("+", await ReadAsync(1));
    }

    [Fact]
    public async Task An_answer_may_come_byte_by_byte_and_have_escaped_ones()
    {
        var asking = _gdb.AskAsync("x", Cancellation);
        await ReadAsync(5);

        // "}\x03" is "#": 0x23 xor 0x20.
        foreach (var one in "+$a}\u0003b#43")
        {
            await SendAsync(one.ToString());
        }

        Assert.Equal("a#b", await asking);
    }

    [Fact]
    public async Task What_was_not_taken_is_sent_again_and_not_for_ever()
    {
        var sending = _gdb.SendAsync("D", Cancellation);
        await SendAsync("-");
        Assert.Equal("$D#44$D#44", await ReadAsync(10));
        await SendAsync("-");
        Assert.Equal("$D#44", await ReadAsync(5));
        await SendAsync("-");
        Assert.Contains("did not take D", (await Assert.ThrowsAsync<RspException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_that_nobody_asked_for_is_taken_and_passed_over()
    {
        var sending = _gdb.SendAsync("D", Cancellation);
        await SendAsync("$T05#b9+");
        await sending;
        Assert.Equal("$D#44+", await ReadAsync(6));
    }

    [Theory]
    [InlineData("+$OK#00", "whose checksum is 00 and not 9a")]
    [InlineData("+$OK#zz", "whose checksum is zz and not 9a")]
    public async Task A_packet_whose_checksum_is_wrong_is_none(string answer, string told)
    {
        var asking = _gdb.AskAsync("x", Cancellation);
        await SendAsync(answer);
        Assert.Contains(told, (await Assert.ThrowsAsync<RspException>(() => asking)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_packet_without_end_is_given_up()
    {
        var asking = _gdb.AskAsync("x", Cancellation);
        await SendAsync("+$" + new string('x', 17 * 1024));
        Assert.Contains("more than 16384 bytes", (await Assert.ThrowsAsync<RspException>(() => asking)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_end_in_the_middle_is_told()
    {
        var asking = _gdb.AskAsync("x", Cancellation);
        await SendAsync("+$O");
        _server.Dispose();
        Assert.Contains("QEMU's gdb server", (await Assert.ThrowsAsync<RspException>(() => asking)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_vCPUs_but_one_go_on_by_the_names_that_QEMU_gives_them()
    {
        var holding = VcpuHold.BeginAsync(_gdb, vcpu: 1, Cancellation);
        await AnswerAsync("qSupported:multiprocess+;vContSupported+", "PacketSize=1000;vContSupported+;multiprocess+");
        await AnswerAsync("qfThreadInfo", "mp01.01");
        await AnswerAsync("qsThreadInfo", "mp01.02");
        await AnswerAsync("qsThreadInfo", "mp01.03");
        await AnswerAsync("qsThreadInfo", "l");
        Assert.Equal("$vCont;c:p01.01;c:p01.03", (await ReadPacketAsync())[..24]);
        await SendAsync("+");
        await holding;
    }

    [Fact]
    public async Task A_vCPU_that_QEMU_does_not_have_is_told()
    {
        var holding = VcpuHold.BeginAsync(_gdb, vcpu: 4, Cancellation);
        await AnswerAsync("qSupported:multiprocess+;vContSupported+", "vContSupported+");
        await AnswerAsync("qfThreadInfo", "mp01.01,p01.02");
        await AnswerAsync("qsThreadInfo", "l");
        Assert.Contains("knows no vCPU 4; it has 2.", (await Assert.ThrowsAsync<RspException>(() => holding)).Message, StringComparison.Ordinal);
    }

    private async Task AnswerAsync(string question, string answer)
    {
        Assert.StartsWith($"${question}#", await ReadPacketAsync(), StringComparison.Ordinal);
        var sum = Encoding.Latin1.GetBytes(answer).Sum(one => one) % 256;
        await SendAsync($"+${answer}#{sum:x2}");
        Assert.Equal("+", await ReadAsync(1));
    }

    private async Task<string> ReadPacketAsync()
    {
        var packet = "";
        while (!packet.Contains('#', StringComparison.Ordinal))
        {
            packet += await ReadAsync(1);
        }

        return packet + await ReadAsync(2);
    }

    private async Task<string> ReadAsync(int bytes)
    {
        var buffer = new byte[bytes];
        for (var read = 0; read < bytes;)
        {
            var got = await _server.ReceiveAsync(buffer.AsMemory(read), Cancellation);
            Assert.NotEqual(0, got);
            read += got;
        }

        return Encoding.Latin1.GetString(buffer);
    }

    private async Task SendAsync(string text) => await _server.SendAsync(Encoding.Latin1.GetBytes(text), Cancellation);
}
