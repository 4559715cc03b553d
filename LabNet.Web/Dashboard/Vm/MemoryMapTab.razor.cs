using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What answers at which address. Address space, chosen address and zoom are in the page's address.</summary>
public sealed partial class MemoryMapTab
{
    /// <summary>More are never seen of a machine; an answer of 10 MiB would make the page too slow to use.</summary>
    private const int RowsMax = 2000;
    private const int UnparsedMax = 100;

    /// <summary>Not x-query-ramblock: a newer QEMU tells there where in the host's memory the blocks lie.</summary>
    private static readonly QemuQuestion[] Questions = [QemuQuestion.MemoryTree, new("query-pci")];

    private string _typed = "";
    private string _filter = "";
    private string _kind = "";
    private string? _mistake;
    private AddressSpace _space;
    private string? _atText;
    private ulong? _at;
    private MemoryWindow? _window;
    private GuestReading<PciAddressMap>? _first;
    private GuestReading<PciAddressMap>? _last;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "space")]
    private string? SpaceWord { get; set; }

    [SupplyParameterFromQuery(Name = "at")]
    private string? At { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    private string? From { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    private string? To { get; set; }

    protected override void OnParametersSet()
    {
        _space = AddressSpaceWords.TryParse(SpaceWord, out var space) ? space : AddressSpace.Memory;
        _window = MemoryWindow.Of(From, To);
        if (At != _atText)
        {
            _atText = At;
            _at = MemoryAddress.TryParse(At, out var address) ? address : null;
            _mistake = At is null || _at is not null ? null : Mistake(At);
            _typed = At ?? "";
        }
    }

    private async Task<GuestReading<PciAddressMap>> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        _last = new(await PciAddressMap.ReadAsync(Session, cancellationToken), Time.GetUtcNow());
        _first ??= _last;

        // What changed stands beside the part that reads.
        StateHasChanged();
        return _last;
    }

    private Task<GuestReading<RamBlockList>> ReadRamBlocksAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        VmAsking.NowAsync(Time, Session.ReadRamBlocksAsync(cancellationToken));

    private void LookUp()
    {
        if (MemoryAddress.TryParse(_typed, out var address))
        {
            Go(_space, address, window: null);
        }
        else
        {
            _mistake = Mistake(_typed);
        }
    }

    private static string Mistake(string text) => $"“{text.Trim()}” cannot be read; {MemoryAddress.Allowed}.";

    /// <summary>Where the address does not say otherwise: what is chosen with its surroundings, else everything.</summary>
    private MemoryWindow Window(AddressPlace? place, MemoryWindow whole) => (_window, place) switch
    {
        ({ } window, _) => window,
        (_, null) => whole,
        (_, { Range: { } range }) => MemoryWindow.Around(_space, range.Start, range.End),
        (_, { Address: var address }) => MemoryWindow.Around(_space, address, address),
    };

    private bool Fits(MemoryRow row) => MemoryTable.Fits(row, _filter, _kind);

    private void Choose(MemoryRow row, MemoryWindow? window) => Go(_space, row.Range.Start, Kept(row, window));

    private void Go(AddressSpace space, ulong? at, MemoryWindow? window)
    {
        _mistake = null;
        Navigation.NavigateTo(Address(space, at, window), replace: true);
    }

    private string SpaceAddress(AddressSpace space) => Address(space, at: null, window: null);

    private string WindowAddress(MemoryWindow window) => Address(_space, _at, window);

    private string RowAddress(MemoryRow row, MemoryWindow window) => Address(_space, row.Range.Start, Kept(row, window));

    /// <summary>The window stays as long as the range can be seen in it.</summary>
    private static MemoryWindow? Kept(MemoryRow row, MemoryWindow? window) => window is { } one && one.ShowsWell(row.Range) ? one : null;

    private string Address(AddressSpace space, ulong? at, MemoryWindow? window) => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["space"] = space == AddressSpace.Memory ? null : space.Word(),
        ["at"] = at is { } address ? MemoryAddress.ShortText(address) : null,
        ["from"] = window is { } one ? MemoryAddress.ShortText(one.From) : null,
        ["to"] = window is { } same ? MemoryAddress.ShortText(same.To) : null,
    });

    private string DeviceAddress(PciBar bar) =>
        Navigation.GetUriWithQueryParameters(VmTab.Devices.Address(State.Name), new Dictionary<string, object?> { ["device"] = bar.Device });
}
