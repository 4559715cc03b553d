using LabNet.Core.Feed;
using LabNet.Core.Storage;

namespace LabNet.Core.History;

/// <summary>Something that happened, as it is kept.</summary>
/// <param name="Id">In the order of writing.</param>
/// <param name="Sequence">The feed's number; per source, without holes but where a gap says so or LabNet was started anew.</param>
/// <param name="TimeNs">When it happened, by QEMU's own clock for what QEMU told; UTC nanoseconds since 1970.</param>
/// <param name="Kind">One of <see cref="EventKind"/>.</param>
/// <param name="Name">A word for programs, such as <c>STOP</c>.</param>
/// <param name="Text">A sentence.</param>
/// <param name="Data">More of it, as JSON; null for nothing.</param>
public sealed record LabEvent(long Id, FeedSource Source, long Sequence, long TimeNs, string Kind, string Name, string Text, string? Data)
{
    public PageCursor Cursor => new(TimeNs, Id);

    /// <summary>Null for a record that is not kept.</summary>
    /// <remarks>Its number comes with the writing.</remarks>
    public static LabEvent? Of(FeedRecord record) => record.Item switch
    {
        EventItem { Note: { } note } => new(0, record.Source, record.Sequence, note.TimeNs ?? record.TimeNs, note.Kind, note.Name, note.Text, note.Data),
        FeedGap gap => new(
            0,
            record.Source,
            record.Sequence,
            record.TimeNs,
            EventKind.Gap,
            "not-written",
            $"{gap.Records} records between number {gap.FirstSequence} and {gap.LastSequence} are missing here: they came faster than the disk took them.",
            Data: null),
        _ => null,
    };
}

/// <summary>Which events are wanted; null means all.</summary>
/// <param name="Limit">At most so many.</param>
/// <param name="After">Only what comes after this place, going back in time.</param>
/// <param name="Source">Of this VM, or of the lab.</param>
/// <param name="Kinds">Only these.</param>
/// <param name="Text">In the sentence or the name, in any case (of ASCII letters).</param>
/// <param name="FromNs">The oldest, itself included.</param>
/// <param name="ToNs">The newest, itself not included.</param>
public sealed record EventQuery(
    int Limit,
    PageCursor? After = null,
    FeedSource? Source = null,
    IReadOnlyList<string>? Kinds = null,
    string? Text = null,
    long? FromNs = null,
    long? ToNs = null)
{
    /// <summary>Whether the event is one of them; the same as the database says, wherever the page begins.</summary>
    public bool Wants(LabEvent e) =>
        (Source is null || e.Source == Source)
        && (Kinds is null || Kinds.Contains(e.Kind))
        && (FromNs is null || e.TimeNs >= FromNs)
        && (ToNs is null || e.TimeNs < ToNs)
        && (Text is null || e.Text.Contains(Text, StringComparison.OrdinalIgnoreCase) || e.Name.Contains(Text, StringComparison.OrdinalIgnoreCase));
}
