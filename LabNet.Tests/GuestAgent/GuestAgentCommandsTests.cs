using LabNet.Core.GuestAgent;

namespace LabNet.Tests.GuestAgent;

[Trait("suite", "unit")]
public sealed class GuestAgentCommandsTests
{
    [Theory]
    [InlineData("guest-exec")]
    [InlineData("guest-shutdown")]
    [InlineData("guest-file-open")]
    [InlineData("guest-set-user-password")]
    [InlineData("query-status")]
    [InlineData("")]
    public void What_does_not_only_read_is_never_asked_for_a_page(string command) =>
        Assert.Throws<InvalidOperationException>(() => GuestAgentCommands.AsItComes(command));

    [Fact]
    public void What_only_reads_is() => Assert.Equal("guest-get-osinfo", GuestAgentCommands.AsItComes("guest-get-osinfo").Name);
}
