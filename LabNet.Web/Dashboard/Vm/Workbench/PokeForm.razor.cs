using System.Collections.Immutable;
using LabNet.Core.PciModels;
using LabNet.Core.Workbench;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>Asks the guest to read or write a register, or another place in a device's windows.</summary>
public sealed partial class PokeForm
{
    private string _register = "";
    private int _bar;
    private string _offset = "0x0";
    private int _width = 32;
    private string _value = "";
    private (int Bar, string Name)? _chosenBefore;
    private string? _told;
    private string? _refusal;
    private bool _busy;

    [Parameter, EditorRequired]
    public PciModel Model { get; set; } = default!;

    [Parameter, EditorRequired]
    public ImmutableArray<RegisterValue> Values { get; set; } = [];

    /// <summary>Chosen in the table.</summary>
    [Parameter]
    public (int Bar, string Name)? Chosen { get; set; }

    [Parameter]
    public EventCallback<(int Bar, string Name)?> ChosenChanged { get; set; }

    /// <summary>Why the guest cannot be asked at the moment; null where it can.</summary>
    [Parameter, EditorRequired]
    public string? WhyNot { get; set; }

    [Parameter, EditorRequired]
    public Func<RegisterPoke, Task<PokeAnswer>> Ask { get; set; } = default!;

    private RegisterValue? Named => Values.FirstOrDefault(one => KeyOf(one) == _register);

    private bool IsNamed => Named is not null;

    private string? Allowed => Named is { Register: { Allowed: not null } register } ? register.Name : null;

    private string AllowedValues => Named?.Register.Allowed?.ToString() ?? "";

    protected override void OnInitialized()
    {
        _bar = Model.Bars is [var first, ..] ? first.Bar : 0;
        if (Chosen is null && Values is [var register, ..])
        {
            Take(register);
        }
    }

    protected override void OnParametersSet()
    {
        if (Chosen != _chosenBefore)
        {
            _chosenBefore = Chosen;
            if (Values.FirstOrDefault(one => (one.Bar, one.Register.Name) == Chosen) is { } register)
            {
                Take(register);
            }
        }
    }

    private static string KeyOf(RegisterValue one) => $"{one.Bar}:{one.Register.Name}";

    private void Take(RegisterValue one)
    {
        (_register, _bar, _offset, _width) = (KeyOf(one), one.Bar, $"0x{one.Register.Offset:x}", one.Register.Width);
        (_told, _refusal) = (null, null);
    }

    private Task ChooseByNameAsync(string? key)
    {
        _register = key ?? "";
        if (Named is { } named)
        {
            Take(named);
        }

        _chosenBefore = Named is { } chosen ? (chosen.Bar, chosen.Register.Name) : null;
        return ChosenChanged.InvokeAsync(_chosenBefore);
    }

    private string? WhyNotNow(bool isWrite) => WhyNot ?? (_busy ? "The guest is being asked." : ReadFields(isWrite, out var mistake) is null ? mistake : null);

    private RegisterPoke? ReadFields(bool isWrite, out string? mistake)
    {
        mistake = null;
        ulong? value = null;
        if (!RegisterPoke.TryParseNumber(_offset, out var offset) || offset > long.MaxValue)
        {
            mistake = "The offset is a number such as 0x40.";
        }
        else if (isWrite && !RegisterPoke.TryParseNumber(_value, out _))
        {
            mistake = "The value is a number such as 0x1.";
        }
        else
        {
            value = isWrite && RegisterPoke.TryParseNumber(_value, out var number) ? number : null;
        }

        var poke = new RegisterPoke(_bar, (long)offset, _width, value);
        mistake ??= poke.MistakeFor(Model);
        return mistake is null ? poke : null;
    }

    private async Task PokeAsync(bool isWrite)
    {
        if (_busy || ReadFields(isWrite, out _) is not { } poke)
        {
            return;
        }

        (_busy, _told, _refusal) = (true, null, null);
        try
        {
            var answer = await Ask(poke);
            var place = Named?.Register.Name ?? $"BAR {poke.Bar}, 0x{poke.Offset:x}";
            _refusal = answer.Refusal;
            _told = answer.Value is { } value ? $"{RegisterWords.Value(value, poke.Width)} {(isWrite ? "written to" : "read from")} {place}." : null;
        }
        finally
        {
            _busy = false;
        }
    }
}
