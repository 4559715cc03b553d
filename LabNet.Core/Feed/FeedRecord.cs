namespace LabNet.Core.Feed;

/// <summary>What a record is about: a VM by its name, or the lab as a whole.</summary>
public readonly record struct FeedSource(string Name)
{
    /// <summary>A name that no VM can have.</summary>
    public static readonly FeedSource Lab = new("(lab)");

    public override string ToString() => Name;
}

/// <summary>Something that happened. The features define what.</summary>
public abstract record FeedItem
{
    /// <summary>
    /// Set for an item that tells a whole state: the newest one under this key is what a later subscriber starts from. The keys must be few.
    /// </summary>
    public virtual string? RetainedAs => null;
}

/// <summary>An item in its place.</summary>
/// <param name="Sequence">Counts the source's records, without holes while LabNet runs; the next LabNet goes on behind it.</param>
/// <param name="TimeNs">When it was published, UTC nanoseconds since 1970.</param>
public sealed record FeedRecord(FeedSource Source, long Sequence, long TimeNs, FeedItem Item);

/// <summary>Records of one source that a subscriber was too slow for. They are kept nowhere in the feed: the history has them.</summary>
/// <param name="FirstSequence">The first one missed.</param>
/// <param name="LastSequence">The last one missed; between them <paramref name="Records"/> are missing, states that were brought later are not.</param>
public sealed record FeedGap(long FirstSequence, long LastSequence, long Records) : FeedItem;
