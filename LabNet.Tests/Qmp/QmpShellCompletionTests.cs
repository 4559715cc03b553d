using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>A line is written with | where the cursor stands.</summary>
[Trait("suite", "unit")]
public sealed class QmpShellCompletionTests
{
    private static readonly QmpSchema Schema = Recording.Schema("7.2-x86_64");

    [Theory]
    [InlineData("query-st|", "query-stats query-stats-schemas query-status")]
    [InlineData("query-s|tatus x", "query-sev query-sev-attestation-report query-sev-capabilities query-sev-launch-measure query-sgx query-sgx-capabilities query-spice query-stats query-stats-schemas query-status")]
    [InlineData("nosuch|", "")]
    [InlineData("nosuch x|", "")]
    [InlineData("eject |", "device= id= force=")]
    [InlineData("eject f|", "force=")]
    [InlineData("eject id=5 |", "device= force=")]
    [InlineData("eject | id=5", "device= force=")]
    [InlineData("eject d|=5", "device")]
    [InlineData("eject force=|", "true false")]
    [InlineData("eject force=t|", "true")]
    [InlineData("eject force='t|", "")]
    [InlineData("eject id=|", "")]
    [InlineData("eject nosuch=|", "")]
    [InlineData("watchdog-set-action action=p|", "poweroff pause")]
    [InlineData("query-stats |", "target= providers=")]
    [InlineData("query-stats target=vcpu |", "providers= vcpus=")]
    [InlineData("blockdev-add driver=qcow2 cache.|", "cache.direct= cache.no-flush=")]
    [InlineData("blockdev-add driver=qcow2 cache.direct=true cache.|", "cache.no-flush=")]
    [InlineData("blockdev-add driver=qcow2 cach|", "cache. cache-size= cache-clean-interval=")]
    [InlineData("blockdev-add driver=qcow2 cache.direct=|", "true false")]
    [InlineData("blockdev-add driver=qcow2 file.driver=blkd|", "blkdebug")]
    [InlineData("blockdev-add driver=qcow2 file.driver=file file.filen|", "file.filename=")]
    [InlineData("blockdev-add {\"dr|", "")]
    [InlineData("|", null)]
    [InlineData("  |", null)]
    public void What_can_follow_is_offered(string line, string? expected)
    {
        var cursor = line.IndexOf('|', StringComparison.Ordinal);
        var text = line.Remove(cursor, 1);
        var completion = QmpShellLine.Complete(text, cursor, Schema);
        var offered = completion.Candidates.Select(candidate => candidate.Text).ToList();
        Assert.Equal(
            expected is null ? Schema.CommandNames.Order(StringComparer.Ordinal) : expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            offered.Order(StringComparer.Ordinal));
        Assert.InRange(completion.Start, 0, cursor);
        Assert.InRange(completion.Start + completion.Length, cursor, text.Length);
    }

    [Fact]
    public void A_candidate_replaces_the_word_at_the_cursor_and_tells_what_it_is()
    {
        const string Line = "eject forc=true id=1";
        var completion = QmpShellLine.Complete(Line, 8, Schema);
        Assert.Equal("eject force=true id=1", Line.Remove(completion.Start, completion.Length).Insert(completion.Start, completion.Candidates.Single().Text));
        Assert.Equal("bool, optional", completion.Candidates.Single().Detail);
        Assert.Equal("target=", QmpShellLine.Complete("query-stats ", 12, Schema).Candidates[0].Text);
    }

    [Fact]
    public void A_cursor_outside_of_the_line_is_misuse() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => QmpShellLine.Complete("eject", 6, Schema));
}
