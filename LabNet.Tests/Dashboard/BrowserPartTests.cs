using Bunit;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class BrowserPartTests : IAsyncDisposable
{
    private const string Script = "./part.js";

    private readonly BunitContext _context = new();
    private readonly ManualTimeProvider _time = new();

    private BunitJSModuleInterop? _script;

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    [Fact]
    public async Task What_was_opened_is_told_and_closed()
    {
        var part = Part();
        await part.OpenAsync("root", 1);
        await part.InvokeVoidAsync("clear", 2);
        await part.DisposeAsync();
        await part.InvokeVoidAsync("clear", 3);
        Assert.Equal(["root", 1], _script!.Invocations["open"].Single().Arguments);
        Assert.Equal([2], _script.Invocations["clear"].Single().Arguments);
        Assert.Single(_script.Invocations["close"]);
    }

    [Fact]
    public async Task What_was_never_opened_goes_without_a_word()
    {
        await Part().DisposeAsync();
        Assert.Empty(_context.JSInterop.Invocations);
    }

    [Fact(Timeout = 10_000)]
    public async Task A_browser_that_is_gone_is_waited_for_no_longer_than_a_moment()
    {
        var part = Part();
        _script!.SetupVoid("close");
        await part.OpenAsync();
        var closing = part.DisposeAsync().AsTask();
        Assert.Equal(1, _time.TimersSet);
        Assert.False(closing.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        await closing;
    }

    private BrowserPart Part()
    {
        _script = _context.JSInterop.SetupModule(Script);
        _script.Mode = JSRuntimeMode.Loose;
        return new BrowserPart(_context.JSInterop.JSRuntime, _time, Script);
    }
}
