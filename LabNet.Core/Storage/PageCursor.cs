namespace LabNet.Core.Storage;

/// <summary>
/// A place in a list that goes back in time: behind the row of this time and number. Rows that are added meanwhile do not move it.
/// </summary>
/// <param name="TimeNs">UTC nanoseconds since 1970.</param>
/// <param name="Number">Tells rows of one time apart.</param>
public readonly record struct PageCursor(long TimeNs, long Number)
{
    /// <summary>Before all rows.</summary>
    public static readonly PageCursor Start = new(long.MaxValue, long.MaxValue);

    public override string ToString() => $"{TimeNs}-{Number}";

    public static bool TryParse(string? text, out PageCursor cursor)
    {
        var parts = (text ?? "").Split('-');
        cursor = default;
        if (parts.Length != 2 || !long.TryParse(parts[0], out var timeNs) || !long.TryParse(parts[1], out var number))
        {
            return false;
        }

        cursor = new PageCursor(timeNs, number);
        return true;
    }
}
