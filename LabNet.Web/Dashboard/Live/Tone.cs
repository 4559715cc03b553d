namespace LabNet.Web.Dashboard.Live;

/// <summary>How a state is meant. Always shown with a word and an icon: colour never stands alone.</summary>
public enum Tone
{
    /// <summary>Nothing to say about: off, not known yet.</summary>
    Quiet,
    Good,

    /// <summary>On its way to another state.</summary>
    Busy,

    /// <summary>Stands still, or does less than it could.</summary>
    Warning,
    Bad,
}

internal static class Tones
{
    /// <summary>The class of dashboard.css.</summary>
    public static string Css(this Tone tone) => tone switch
    {
        Tone.Quiet => "tone-quiet",
        Tone.Good => "tone-good",
        Tone.Busy => "tone-busy",
        Tone.Warning => "tone-warning",
        Tone.Bad => "tone-bad",
        _ => throw new ArgumentOutOfRangeException(nameof(tone), tone, message: null),
    };
}
