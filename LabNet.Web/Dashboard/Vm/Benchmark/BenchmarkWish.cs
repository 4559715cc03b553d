using System.Globalization;
using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>What the form's fields say, right or wrong.</summary>
public sealed class BenchmarkWish
{
    public string Disk { get; set; } = "vda";

    public string Profile { get; set; } = IoProfile.All[0].Name;

    public string Seconds { get; set; } = "10";

    public string Repeats { get; set; } = "5";

    public string Label { get; set; } = "";

    public IoTarget Target { get; set; }

    /// <summary>The disk's id, typed by who knows what it destroys.</summary>
    public string Destroys { get; set; } = "";

    /// <summary>Null for nothing.</summary>
    public PlugKind? Plug { get; set; }

    /// <summary>Also while another fio runs in the guest.</summary>
    public bool UnderLoad { get; set; }

    public bool IsDestructive => Target == IoTarget.Disk && IoProfile.Find(Profile) is { Writes: true };

    /// <summary>How many runs it makes: before, after, and one of a new disk.</summary>
    public int Runs => Plug is not { } kind ? 1 : kind.IsDisk() ? 3 : 2;

    /// <summary>Null while a field has a mistake.</summary>
    public IoBenchmarkRequest? Request => Mistake is null ? ToRequest(Number(Seconds)!.Value, Number(Repeats)!.Value) : null;

    /// <summary>The first mistake, and the field it is in, such as <c>seconds</c>; null where there is none.</summary>
    public (string Field, string Words)? Mistake
    {
        get
        {
            if (Number(Seconds) is not { } seconds)
            {
                return ("seconds", $"A whole number from 1 to {IoBenchmarkRequest.SecondsMax}.");
            }

            if (Number(Repeats) is not { } repeats)
            {
                return ("repeats", $"A whole number from 1 to {IoBenchmarkRequest.RepeatsMax}.");
            }

            if (IsDestructive && Destroys.Trim() != Disk)
            {
                return ("destroys", Destroys.Length == 0 ? $"Type {Disk} if it is meant." : $"This is not {Disk}.");
            }

            return ToRequest(seconds, repeats).Mistake() is { } mistake ? Split(mistake) : null;
        }
    }

    /// <summary>How long it takes, about; null while that cannot be said.</summary>
    public string? Lasts
    {
        get
        {
            if (Mistake is { Field: not "destroys" } || Number(Seconds) is not { } seconds || Number(Repeats) is not { } repeats)
            {
                return null;
            }

            var times = $"{repeats} × {seconds} s";
            var whole = IoText.Duration(TimeSpan.FromSeconds(Runs * seconds * repeats));
            return Runs == 1
                ? $"Takes about {whole} ({times}), and some seconds to prepare."
                : $"Takes about {whole} ({Runs} runs of {times}), and some seconds each to prepare, to plug in and to unplug.";
        }
    }

    private IoBenchmarkRequest ToRequest(int seconds, int repeats) =>
        new(Disk, Profile, seconds, repeats, Label.Trim(), Target, IsDestructive ? Destroys.Trim() : null, UnderLoad);

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>As <see cref="IoBenchmarkRequest.Mistake"/> writes it: the field, a colon, what is wrong.</summary>
    private static (string Field, string Words) Split(string mistake) =>
        mistake.Split(": ", 2) is [var field, var words] ? (field, char.ToUpperInvariant(words[0]) + words[1..]) : ("", mistake);
}
