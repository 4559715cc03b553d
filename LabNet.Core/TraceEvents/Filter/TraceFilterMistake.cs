namespace LabNet.Core.TraceEvents;

/// <summary>What is wrong with a filter's text, and where.</summary>
/// <param name="Position">The first character that is wrong, counted from 0 in UTF-16; the text's length if its end is.</param>
/// <param name="Length">How many are wrong; 0 at the text's end.</param>
/// <param name="Message">In words, with what is allowed there.</param>
/// <param name="Hint">What may be meant: to be put in the place of the wrong characters. Null if nothing known is near.</param>
public sealed record TraceFilterMistake(int Position, int Length, string Message, string? Hint)
{
    /// <summary>One line; the place is counted from 1, as a person does.</summary>
    public override string ToString() => $"at {Position + 1}: {Message}{(Hint is null ? "" : $"; did you mean {Hint}?")}";
}
