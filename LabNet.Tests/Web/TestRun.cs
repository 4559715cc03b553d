namespace LabNet.Tests.Web;

internal static class TestRun
{
    /// <summary>Fires when the runner gives the test up.</summary>
    public static CancellationToken Ended => TestContext.Current.CancellationToken;
}
