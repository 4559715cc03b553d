using Bunit;
using LabNet.Core.Devices;
using LabNet.Core.Workbench;
using LabNet.Tests.PciModels;
using LabNet.Web.Dashboard.Vm.Workbench;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>What the workbench asks for: with what a device is plugged in, and which register is read or written.</summary>
[Trait("suite", "unit")]
public sealed class WorkbenchFormTests : IAsyncLifetime
{
    private readonly BunitContext _context = new();
    private readonly List<RegisterPoke> _asked = [];
    private PokeAnswer _answer = new(0x31454e4c, Refusal: null);

    public ValueTask InitializeAsync()
    {
        _context.Services.AddRadzenComponents();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    [Fact]
    public void A_register_is_read_by_its_name_and_the_value_is_told()
    {
        var form = Form();
        Click(form, "Read");
        Assert.Equal(new RegisterPoke(0, 0, 32, Value: null), Assert.Single(_asked));
        Assert.Equal("0x31454e4c read from ID.", form.Find("[role=status]").TextContent.Trim());
    }

    [Fact]
    public void A_register_is_written_with_a_number_and_nothing_else()
    {
        var form = Form();
        form.Find("select").Change("0:RAISE");
        Assert.Contains("RAISE takes 0, 10 to 20", form.Markup, StringComparison.Ordinal);
        Assert.Equal("The value is a number such as 0x1.", Button(form, "Write").GetAttribute("title"));
        form.Find("input.value").Input("0x100000000");
        Assert.Equal("value: 0x100000000 has more than 32 bits.", Button(form, "Write").GetAttribute("title"));
        form.Find("input.value").Input("12");
        _answer = new PokeAnswer(12, Refusal: null);
        form.Find("form").Submit();
        Assert.Equal(new RegisterPoke(0, 0x10, 32, 12), Assert.Single(_asked));
        Assert.Equal("0x0000000c written to RAISE.", form.Find("[role=status]").TextContent.Trim());
    }

    [Fact]
    public void Another_place_is_named_by_BAR_and_offset_and_a_refusal_is_told()
    {
        var form = Form();
        form.Find("select").Change("");
        form.FindAll("select")[1].Change("2");
        form.FindAll("input")[0].Input("0x10001");
        Assert.Equal("offset: 0x10001 is no multiple of 4, and a processor need not access anything else.", Button(form, "Read").GetAttribute("title"));
        form.FindAll("input")[0].Input("0x8000");
        form.FindAll("select")[2].Change("8");
        _answer = new PokeAnswer(Value: null, "The guest refused <b>it</b>.");
        Click(form, "Read");
        Assert.Equal(new RegisterPoke(2, 0x8000, 8, Value: null), Assert.Single(_asked));
        Assert.Equal("The guest refused <b>it</b>.", form.Find(".refused").TextContent.Trim());
    }

    [Fact]
    public void While_the_guest_cannot_be_asked_the_reason_is_told()
    {
        var form = Form(whyNot: "box is paused.");
        Assert.All(form.FindAll("button"), button => Assert.True(button.HasAttribute("disabled")));
        Assert.Equal("box is paused.", form.Find("[role=status]").TextContent.Trim());
    }

    [Fact]
    public async Task The_dialog_proposes_an_id_that_is_free_and_tells_what_is_wrong_while_it_is_typed()
    {
        var dialogs = _context.Services.GetRequiredService<DialogService>();
        var answer = dialogs.OpenAsync<PlugModelDialog>("Plug labnet-sample into box");
        var dialog = _context.Render<PlugModelDialog>(p => p.Add(d => d.Model, SampleModel.Model).Add(d => d.TakenIds, new HashSet<string> { "sample0" }));
        Assert.Equal("sample1", dialog.Find("#plug-model-id").GetAttribute("value"));
        Assert.Equal("properties: labnet-sample needs word.", dialog.Find("[role=status]").TextContent);
        Assert.Equal("Where COUNTER begins. (a power of two, 1 to 16)", dialog.Find("#plug-model-start-about").TextContent);
        dialog.Find("#plug-model-word").Input("w");
        dialog.Find("#plug-model-start").Input("3");
        Assert.Equal("properties: start is a power of two, not 3.", dialog.Find("[role=status]").TextContent);
        Assert.True(dialog.Find("button[type=submit]").HasAttribute("disabled"));
        dialog.Find("#plug-model-start").Input("");
        dialog.Find("#plug-model-msi").Change("off");
        dialog.Find("form").Submit();
        var request = Assert.IsType<PciPlugRequest>((object?)await answer);
        Assert.Equal("sample1 (labnet-sample, msi=off, word=w)", request.ToString());
    }

    [Fact]
    public void A_reason_that_is_not_all_models_stands_at_its_own()
    {
        var other = SampleModel.Model with { Name = "labnet-other" };
        var table = _context.Render<ModelTable>(p => p.Add(t => t.Models, [SampleModel.Model, other]).Add(t => t.WhyNot, model => model == other ? "Stop the VM and start it again." : null));
        Assert.DoesNotContain("None can be plugged in", table.Markup, StringComparison.Ordinal);
        Assert.Contains("Stop the VM and start it again.", table.FindAll("tbody th")[1].TextContent, StringComparison.Ordinal);
        Assert.Equal([false, true], table.FindAll("button").Select(button => button.HasAttribute("disabled")));
    }

    private IRenderedComponent<PokeForm> Form(string? whyNot = null) => _context.Render<PokeForm>(p => p
        .Add(f => f.Model, SampleModel.Model)
        .Add(f => f.Values, new RegisterValues(SampleModel.Model).Rows)
        .Add(f => f.WhyNot, whyNot)
        .Add(f => f.Ask, poke =>
        {
            _asked.Add(poke);
            return Task.FromResult(_answer);
        }));

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<PokeForm> form, string text) => form.FindAll("button").First(button => button.TextContent.Trim() == text);

    private static void Click(IRenderedComponent<PokeForm> form, string text) => Button(form, text).Click();
}
