using LabNet.Core.Recovery;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class RecoveryPolicyTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("restart")]
    [InlineData("restore-last")]
    [InlineData("restore before driver \"x\" 🙂")]
    public void A_policys_text_is_read_as_it_is_written(string text)
    {
        var policy = RecoveryPolicy.Parse(text, out var mistake);
        Assert.Null(mistake);
        Assert.Equal(text, policy!.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Restart")]
    [InlineData("restore")]
    [InlineData("restore  ")]
    [InlineData("reboot")]
    public void A_text_that_is_no_policy_is_refused_with_what_is_allowed(string text)
    {
        Assert.Null(RecoveryPolicy.Parse(text, out var mistake));
        Assert.Contains("restore", mistake);
    }

    [Theory]
    [InlineData(0, 600, 30, "budgetTimes: 0 is not between 1 and 100.")]
    [InlineData(101, 600, 30, "budgetTimes: 101 is not between 1 and 100.")]
    [InlineData(5, 9, 30, "budgetSeconds: 9 is not between 10 and 86400.")]
    [InlineData(5, 600, 9, "hangSeconds: 9 is not between 10 and 3600.")]
    [InlineData(5, 600, 10, null)]
    public void Numbers_out_of_their_bounds_are_named(int times, int window, int hang, string? mistake) =>
        Assert.Equal(mistake, new RecoveryPolicy(RecoveryAction.Restart) { BudgetTimes = times, BudgetSeconds = window, HangSeconds = hang }.Mistake());

    [Fact]
    public void By_default_nothing_is_done()
    {
        var policy = RecoveryPolicy.Default;
        Assert.Equal(("none", 5, 600, false, false), (policy.Text, policy.BudgetTimes, policy.BudgetSeconds, policy.OnHang, policy.MemoryDump));
    }
}
