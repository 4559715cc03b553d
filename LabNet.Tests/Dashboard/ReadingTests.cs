using Bunit;
using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class ReadingTests : IAsyncLifetime
{
    private readonly BunitContext _context = new();
    private Func<GuestReading<string>> _answer = () => new("first", Labs.Noon);

    public ValueTask InitializeAsync()
    {
        _context.Services.AddSingleton<TimeProvider>(new ManualTimeProvider(Labs.Noon));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    [Fact]
    public void What_was_read_is_shown_with_its_age_and_a_newer_reading_replaces_it()
    {
        var part = Render(whyNot: null);
        part.WaitForAssertion(() => Assert.Equal("first", part.Find("output").TextContent));
        Assert.NotNull(part.Find(".age labnet-elapsed"));
        _answer = () => new("second", Labs.Noon);
        part.WaitForAssertion(() => Assert.Equal("second", part.Find("output").TextContent));
    }

    [Fact]
    public void A_reading_that_fails_leaves_what_was_there_and_says_why()
    {
        var part = Render(whyNot: null);
        part.WaitForAssertion(() => Assert.Equal("first", part.Find("output").TextContent));
        _answer = () => throw new GuestAgentUnavailableException("The agent talks <b>nonsense</b>.");
        part.WaitForAssertion(() => Assert.Contains("The agent talks <b>nonsense</b>.", part.Find("[role=status]").TextContent, StringComparison.Ordinal));
        Assert.Equal("first", part.Find("output").TextContent);
        Assert.Contains("read before", part.Find("[role=status]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_cannot_be_asked_is_not_asked_and_the_part_says_so()
    {
        _answer = () => throw new InvalidOperationException("asked");
        var part = Render(whyNot: "x86 is off. Start it to see this.");
        Assert.Contains("x86 is off", part.Find("[role=status]").TextContent, StringComparison.Ordinal);
        Assert.Empty(part.FindAll("output"));
        _answer = () => new("now", Labs.Noon);
        part.Render(p => p.Add(r => r.WhyNot, null));
        part.WaitForAssertion(() => Assert.Equal("now", part.Find("output").TextContent));
    }

    private IRenderedComponent<Reading<string>> Render(string? whyNot) => _context.Render<Reading<string>>(p => p
        .Add(r => r.Title, "Part")
        .Add(r => r.Period, TimeSpan.FromMilliseconds(10))
        .Add(r => r.WhyNot, whyNot)
        .Add(r => r.Ask, (_, _) => Task.Run(() => _answer()))
        .Add(r => r.ChildContent, (RenderFragment<string>)(text => builder =>
        {
            builder.OpenElement(0, "output");
            builder.AddContent(1, text);
            builder.CloseElement();
        })));
}
