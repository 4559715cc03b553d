using FsCheck;
using FsCheck.Fluent;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceGlobTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("?", "\U0001f4a1", true)]
    [InlineData("a*", "ba", false)]
    [InlineData("*a", "ab", false)]
    [InlineData("a**b", "ab", true)]
    [InlineData("*ab*ab*", "abab", true)]
    [InlineData("*ab*ab*", "aab", false)]
    [InlineData("A", "a", false)]
    [InlineData("a.b", "a+b", false)]
    public void A_pattern_fits_whole_texts(string pattern, string text, bool fits) => Assert.Equal(fits, Glob(pattern).Fits(text));

    /// <summary>Of few letters, so that much fits; on failure FsCheck prints the seed.</summary>
    [Fact]
    public void Every_pattern_fits_what_it_says()
    {
        var pattern = Gen.Elements("a", "b", "*", "?").ArrayOf().Select(string.Concat);
        var text = Gen.Elements("a", "b", "\U0001f4a1").ArrayOf().Select(string.Concat);
        var pairs = pattern.Zip(text, (one, other) => (Pattern: one, Text: other)).ToArbitrary();
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(LongForm.Rounds(2000)).WithEndSize(12),
            Prop.ForAll(pairs, pair => Glob(pair.Pattern).Fits(pair.Text) == SampleCondition.Fits(pair.Pattern, pair.Text)));
    }

    /// <summary>A matcher that goes back and tries again needs some 10^50 steps for the first one.</summary>
    [Theory]
    [InlineData("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b")]
    [InlineData("*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")]
    [InlineData("*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*b")]
    public void However_the_pattern_is_made_each_character_is_looked_at_once(string pattern)
    {
        var text = new string('a', TraceTexts.TextBytesMax);
        Assert.False(Glob(pattern).Fits(text, out var steps));
        Assert.Equal(text.Length, steps);
    }

    [Theory]
    [InlineData("b*", 1)]
    [InlineData("aa*", 2)]
    public void What_is_decided_is_not_read_on(string pattern, int expected)
    {
        Glob(pattern).Fits(new string('a', TraceTexts.TextBytesMax), out var steps);
        Assert.Equal(expected, steps);
    }

    [Fact]
    public void A_text_that_many_rows_have_is_read_once()
    {
        var type = new TraceEventType("e", [new TraceArgument("name", "char *", TraceValueKind.Text)], IsTyped: true);
        var builder = new TraceSegmentBuilder();
        for (var row = 0; row < 1000; row++)
        {
            builder.Add(sequence: row, timeNs: row, new TraceThread(7, Vcpu: null), type, [builder.Texts.NumberOf(row % 3 == 0 ? "fizz"u8 : "buzz"u8)], latencyNs: null);
        }

        var rows = TraceRows.Read(builder.Build());
        var verdicts = new TraceTextVerdicts(TraceTextMatch.Like(Glob("f*"), isNegated: false), rows);
        Assert.Equal(334, Enumerable.Range(0, rows.Count).Count(row => verdicts.Of(rows.ValueOf(row, 0))));
        Assert.Equal(2, verdicts.Read);
    }

    private static TraceGlob Glob(string pattern) => TraceGlob.TryParse(pattern, out var glob) ? glob : throw new InvalidOperationException(pattern);
}
