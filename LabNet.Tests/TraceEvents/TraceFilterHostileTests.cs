using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>Whatever text is given, there is a filter or a mistake that can be shown.</summary>
[Trait("suite", "unit")]
public sealed class TraceFilterHostileTests
{
    private static readonly string[] Good =
    [
        "event ~ virtio_blk_* and (sector >= 2048 or latencyUs > 500.25) and not cpu == 1",
        "tag in (5, \"a \\\"b\\\\\", x)||!(thread!=0xff_ff&&name!~\"*\u00e9\U0001f4a1?\")",
        "has latencyUs and args.in <= -9223372036854775808 or event == \"(unparsed)\" and text ~ *words*",
    ];

    private static readonly string[] Pieces =
    [
        "event", "cpu", "sector", "tag", "latencyUs", "args.", "has", "not", "!", "(", ")", ",", "\"", "\\", "*", "?", "==", "=", "~", "<", ">", "&", "|", " ",
        "in", "in (", "and", "or", "-", "0x", "_", "5", "99999999999999999999", "1e9", ".", "k", "\0", "\n", "\u202e", "\ud83d", "\udca1", "\u0130", "\ufeff", "[",
    ];

    [Fact]
    public void Every_beginning_of_a_filter_is_one_or_has_a_mistake()
    {
        foreach (var text in Good)
        {
            SampleTrace.Parse(text);
            for (var length = 0; length < text.Length; length++)
            {
                AssertFilterOrMistake(text[..length]);
                AssertFilterOrMistake(text[length..]);
            }
        }
    }

    [Fact]
    public void Changed_filters_are_filters_or_have_a_mistake()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(20_000); round++)
        {
            var text = Good[random.Next(Good.Length)];
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                var at = random.Next(text.Length + 1);
                var removed = random.Next(Math.Min(4, text.Length - at + 1));
                text = text[..at] + Pieces[random.Next(Pieces.Length)] + text[(at + removed)..];
            }

            AssertFilterOrMistake(text);
        }
    }

    [Fact]
    public void Words_in_any_order_are_a_filter_or_have_a_mistake()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(20_000); round++)
        {
            AssertFilterOrMistake(string.Join(random.Next(2) == 0 ? " " : "", Enumerable.Range(0, random.Next(12)).Select(_ => Pieces[random.Next(Pieces.Length)])));
        }
    }

    private static void AssertFilterOrMistake(string text)
    {
        foreach (var catalogue in new[] { SampleTrace.Catalogue, TraceCatalogue.Empty })
        {
            if (TraceFilter.TryParse(text, catalogue, out var filter, out var mistake))
            {
                Assert.Null(mistake);
                Assert.Equal(SampleTrace.Select(filter, SampleTrace.Rows), Enumerable.Range(0, SampleTrace.Rows.Count).Where(row => filter.Matches(SampleTrace.Rows, row)));
                continue;
            }

            Assert.Null(filter);
            Assert.InRange(mistake.Position, 0, text.Length);
            Assert.InRange(mistake.Length, mistake.Position == text.Length ? 0 : 1, text.Length - mistake.Position);
            Assert.InRange(mistake.ToString().Length, 10, 300);
            Assert.DoesNotContain(mistake.ToString(), char.IsControl);
        }
    }
}
