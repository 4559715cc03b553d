using System.Text;
using LabNet.Core.GuestAgent;

namespace LabNet.Tests.GuestAgent;

[Trait("suite", "fake")]
public sealed class GuestProgramsTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private readonly FakeGuestAgent _agent = new();
    private readonly ManualTimeProvider _time = new();
    private readonly GuestAgentClient _client;

    public GuestProgramsTests() => _client = new GuestAgentClient(_agent.OpenAsync, _time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task A_program_gets_its_arguments_and_input_as_they_are_and_is_asked_for_until_it_ends()
    {
        var running = _client.RunAsync(new GuestProgram("/bin/sh", ["-c", "echo \"$1\"; rm -rf /", "--"], "in\0put"u8.ToArray()), _time, Cancellation);
        var exec = await _agent.ReadAsync();
        Assert.Equal("guest-exec", exec.Name);
        Assert.Equal(
            """{"path":"/bin/sh","arg":["-c","echo \u0022$1\u0022; rm -rf /","--"],"input-data":"aW4AcHV0","capture-output":true}""",
            exec.Arguments.GetRawText());
        await _agent.ReturnAsync("""{"pid": 812}""");
        foreach (var pauseMs in (int[])[10, 20, 40, 80, 160, 250, 250])
        {
            Assert.Equal(812, (await _agent.ReadAsync()).Number);
            await _agent.ReturnAsync("""{"exited": false}""");
            await _time.UntilTimerIsSetAsync(TimeSpan.FromMilliseconds(pauseMs));
            _time.Advance(TimeSpan.FromMilliseconds(pauseMs));
        }

        await _agent.ReadAsync();
        await _agent.ReturnAsync("""{"exited": true, "exitcode": 7, "out-data": "b3V0/w==", "err-data": "ZXJy", "out-truncated": true}""");
        var result = await running;
        Assert.Equal((7, "err", true), (result.ExitCode, Encoding.UTF8.GetString(result.Stderr.Span), result.Truncated));
        Assert.Equal([.. "out"u8, 0xFF], result.Stdout.ToArray());
    }

    [Theory(Timeout = Hang)]
    [InlineData("""{"exited": true, "signal": 9}""", 137, false)]
    [InlineData("""{"exited": true, "exitcode": 0}""", 0, false)]
    [InlineData("""{"exited": true, "exitcode": 1, "err-truncated": true, "err-data": ""}""", 1, true)]
    public async Task The_end_of_a_program_is_told_in_the_shells_way(string status, int exitCode, bool truncated)
    {
        var result = await RunAsync(status);
        Assert.Equal((exitCode, truncated, 0, 0), (result.ExitCode, result.Truncated, result.Stdout.Length, result.Stderr.Length));
    }

    [Theory(Timeout = Hang)]
    [InlineData("""{"exited": true, "exitcode": 0, "out-data": "no base64!"}""")]
    [InlineData("""{"exited": true, "exitcode": 0, "err-data": "AAA"}""")]
    [InlineData("""{"exited": true, "exitcode": 0, "out-data": 5}""")]
    [InlineData("""{"exited": true, "exitcode": 99999999999}""")]
    [InlineData("""{"exitcode": 0}""")]
    public async Task An_answer_that_makes_no_sense_is_an_unreachable_agent(string status) =>
        await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => RunAsync(status));

    [Fact(Timeout = Hang)]
    public async Task A_program_that_is_not_there_is_the_agents_refusal()
    {
        var running = _client.RunAsync(new GuestProgram("nosuch", []), _time, Cancellation);
        await _agent.ReadAsync();
        await _agent.SayAsync("""{"error": {"class": "GenericError", "desc": "Failed to execute child process “nosuch” (No such file or directory)"}}""");
        Assert.Contains("nosuch", (await Assert.ThrowsAsync<GuestAgentCommandException>(() => running)).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Hang)]
    public async Task Cancelling_ends_the_waiting_for_a_program()
    {
        using var cancellation = new CancellationTokenSource();
        var running = _client.RunAsync(new GuestProgram("sleep", ["inf"]), _time, cancellation.Token);
        await _agent.ReadAsync();
        await _agent.ReturnAsync("""{"pid": 5}""");
        await _agent.ReadAsync();
        await _agent.ReturnAsync("""{"exited": false}""");
        await _time.UntilTimerIsSetAsync(TimeSpan.FromMilliseconds(10));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private async Task<GuestExecResult> RunAsync(string status)
    {
        var running = _client.RunAsync(new GuestProgram("true", []), _time, Cancellation);
        await _agent.ReadAsync();
        await _agent.ReturnAsync("""{"pid": 5}""");
        await _agent.ReadAsync();
        await _agent.ReturnAsync(status);
        return await running;
    }
}
