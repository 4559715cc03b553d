using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceFilterMistakeTests
{
    private const string Words = "; a text with blanks or signs stands in quotation marks";

    [Theory]
    [InlineData("latencyUs > 5x", 12, 2, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("latencyUs > 0.0005", 12, 6, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("latencyUs > 5k", 12, 2, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("sector > 1.5", 9, 3, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("sector > \"5\"", 9, 3, "a number is expected, such as 500 or 0x1f4, without quotation marks")]
    [InlineData("sector > ", 9, 0, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("sector > and cpu == 1", 9, 3, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("sector == 18446744073709551616", 10, 20, "the number does not fit 64 bits")]
    [InlineData("sector == 16777216T", 10, 9, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("sector in (1, -9223372036854775809)", 14, 20, "the number does not fit 64 bits")]
    [InlineData("latencyUs > 99999999999999999999.5", 12, 22, "the number does not fit 64 bits")]
    [InlineData("secter > 5", 0, 6, "there is no field \"secter\"", "sector")]
    [InlineData("cpu == 1 and Event ~ x", 13, 5, "there is no field \"Event\"", "event")]
    [InlineData("latency > 5", 0, 7, "there is no field \"latency\"", "latencyUs")]
    [InlineData("args.secter > 5", 0, 11, "there is no field \"args.secter\"", "args.sector")]
    [InlineData("args.event == x", 0, 10, "there is no field \"args.event\"")]
    [InlineData("xylophone == 1", 0, 9, "there is no field \"xylophone\"")]
    [InlineData("2048 < sector", 0, 4, "there is no field \"2048\"")]
    [InlineData("\"sector\" > 5", 0, 8, "a field is expected: event, cpu, thread, latencyUs or an argument's name")]
    [InlineData("cpu == 1 and", 12, 0, "a field is expected: event, cpu, thread, latencyUs or an argument's name")]
    [InlineData("()", 1, 1, "a field is expected: event, cpu, thread, latencyUs or an argument's name")]
    [InlineData("has event", 4, 5, "has is of what a row may lack; each has an event")]
    [InlineData("event == virtio_blk_handel_read", 9, 22, "no event \"virtio_blk_handel_read\" is declared; put it in quotation marks for another one", "virtio_blk_handle_read")]
    [InlineData("event in (nothing, nothink)", 19, 7, "no event \"nothink\" is declared; put it in quotation marks for another one", "nothing")]
    [InlineData("event ~ virtio_blck_*", 8, 13, "no event that is declared fits \"virtio_blck_*\"; put it in quotation marks for others", "virtio_blk_*")]
    [InlineData("event ~ nothin", 8, 6, "no event that is declared fits \"nothin\"; put it in quotation marks for others", "nothing")]
    [InlineData("event ~ *x*y*z*", 8, 7, "no event that is declared fits \"*x*y*z*\"; put it in quotation marks for others")]
    [InlineData("event == virtio_*", 9, 8, "a pattern stands behind ~; as a text, * and ? stand in quotation marks")]
    [InlineData("name == ahci?", 8, 5, "a pattern stands behind ~; as a text, * and ? stand in quotation marks")]
    [InlineData("event ~ (", 8, 1, "a pattern is expected, such as virtio_*")]
    [InlineData("event == (unparsed)", 9, 1, "a text is expected: a word, or anything in quotation marks")]
    [InlineData("tag == )", 7, 1, "a number is expected, such as 500 or 0x1f4, or a text")]
    [InlineData("event < nothing", 6, 1, "event is a text: ==, !=, ~, !~ or in is expected")]
    [InlineData("cpu ~ 1", 4, 1, "cpu is a number: ==, !=, <, <=, >, >= or in is expected")]
    [InlineData("tag > x", 6, 1, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("sector", 6, 0, "==, !=, <, <=, >, >= or in is expected")]
    [InlineData("tag and cpu == 1", 4, 3, "==, !=, <, <=, >, >=, ~, !~ or in is expected")]
    [InlineData("cpu not in (1)", 4, 3, "not stands before the field")]
    [InlineData("cpu in 1, 2", 7, 1, "a list in brackets is expected: in (1, 2)")]
    [InlineData("cpu in ()", 8, 1, "a number is expected, such as 500 or 0x1f4")]
    [InlineData("cpu in (1, 2", 7, 1, "the bracket that opens here is never closed")]
    [InlineData("cpu in (1 2)", 10, 1, "a comma or a closing bracket is expected")]
    [InlineData("cpu = 1", 4, 1, "= is no operator", "==")]
    [InlineData("event =~ x", 6, 2, "=~ is no operator", "~")]
    [InlineData("cpu <> 1", 4, 2, "<> is no operator", "!=")]
    [InlineData("cpu == 1 & cpu == 2", 9, 1, "& is no operator", "&&")]
    [InlineData("cpu == 1 | cpu == 2", 9, 1, "| is no operator", "||")]
    [InlineData("cpu == 1 AND cpu == 2", 9, 3, "and, or or the end is expected" + Words, "and")]
    [InlineData("cpu == 1 cpu == 2", 9, 3, "and, or or the end is expected" + Words)]
    [InlineData("name == a b", 10, 1, "and, or or the end is expected" + Words)]
    [InlineData("(cpu == 1) (cpu == 2)", 11, 1, "and, or or the end is expected")]
    [InlineData("(cpu == 1, cpu == 2)", 9, 1, "and, or or a closing bracket is expected" + Words)]
    [InlineData("cpu == 1 or (cpu == 2", 12, 1, "the bracket that opens here is never closed")]
    [InlineData("cpu == 1)", 8, 1, "no bracket is open that this one could close")]
    [InlineData("name == \"ahci", 8, 1, "the quotation mark that opens here is never closed")]
    [InlineData("name == \"a\\n\"", 10, 1, "in a text \\ stands before \" or another \\ only")]
    [InlineData("name == \"a\n\"", 10, 1, "the control character U+000A cannot stand in a text; behind ~ a ? fits it")]
    [InlineData("name == 'ahci'", 8, 1, "texts stand in double quotation marks")]
    [InlineData("name == a[0]", 9, 1, "[ means nothing here; a text that has it stands in double quotation marks")]
    [InlineData("cpu == 1\u0007", 8, 1, "the control character U+0007 means nothing here")]
    public void A_mistake_is_told_with_its_place_and_what_is_near(string text, int position, int length, string message, string? hint = null) =>
        Assert.Equal(new TraceFilterMistake(position, length, message, hint), SampleTrace.Mistake(text));

    /// <summary>A fact of its own: an attribute cannot carry half a character.</summary>
    [Fact]
    public void Half_a_character_is_told_with_its_place()
    {
        SampleTrace.Parse("name == \U0001f4a1");
        Assert.Equal(new TraceFilterMistake(8, 1, "half a character stands here", Hint: null), SampleTrace.Mistake("name == \ud83d"));
        Assert.Equal(9, SampleTrace.Mistake("name == \"\udca1\"").Position);
    }

    [Fact]
    public void A_mistake_reads_as_a_line()
    {
        Assert.Equal("at 13: a number is expected, such as 500 or 0x1f4", SampleTrace.Mistake("latencyUs > 5x").ToString());
        Assert.Equal("at 1: there is no field \"secter\"; did you mean sector?", SampleTrace.Mistake("secter > 5").ToString());
    }

    [Fact]
    public void What_the_documentation_shows_is_so()
    {
        var lines = File.ReadAllLines(Repository.At("docs/trace-filter.md"));
        var examples = Section("Examples").Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]).ToList();
        Assert.NotEmpty(examples);
        Assert.All(examples, text => Assert.True(TraceFilter.TryParse(text, TraceCatalogue.Empty, out _, out _), text));
        var wrong = Section("Mistakes").Select(line => line.Split(" at ")).Where(parts => parts.Length == 2).ToList();
        Assert.NotEmpty(wrong);
        Assert.All(wrong, parts => Assert.Equal($"at {parts[1]}", SampleTrace.Mistake(parts[0].TrimEnd()).ToString()));

        IEnumerable<string> Section(string title) => lines.SkipWhile(line => line != $"## {title}").Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cpu = 1 and event =~ virtio_blck_* and secter > 5", "cpu == 1 and event ~ virtio_blk_* and sector > 5")]
    [InlineData("Event == nothink AND cpu <> 1", "event == nothing and cpu != 1")]
    public void Hints_put_in_their_places_mend_the_filter(string text, string mended)
    {
        while (!TraceFilter.TryParse(text, SampleTrace.Catalogue, out _, out var mistake))
        {
            Assert.NotNull(mistake.Hint);
            text = text[..mistake.Position] + mistake.Hint + text[(mistake.Position + mistake.Length)..];
        }

        Assert.Equal(mended, text);
    }

    [Fact]
    public void Whatever_goes_too_far_is_refused_where_it_does()
    {
        AssertLimit(size => new string(' ', size), 4096, "a filter has at most 4096 characters", position: 4096);
        AssertLimit(size => string.Concat(Enumerable.Repeat("(", size)) + "cpu == 1" + new string(')', size), 32, "brackets and not stand within one another 32 deep at most", position: 32);
        AssertLimit(size => string.Concat(Enumerable.Repeat("! ", size)) + "cpu == 1", 32, "brackets and not stand within one another 32 deep at most", position: 64);
        AssertLimit(size => string.Join(" or ", Enumerable.Repeat("cpu == 1", size)), 64, "a filter has at most 64 comparisons", position: 64 * 12);
        AssertLimit(size => $"cpu in ({string.Join(',', Enumerable.Repeat('1', size))})", 256, "a list has at most 256 values", position: 8 + 512);
        AssertLimit(size => $"name ~ *{new string('?', size)}*", 63, "a pattern has at most 63 characters besides stars", position: 7);

        static void AssertLimit(Func<int, string> filterOf, int max, string message, int position)
        {
            SampleTrace.Parse(filterOf(max));
            var mistake = SampleTrace.Mistake(filterOf(max + 1));
            Assert.Equal((message, position), (mistake.Message, mistake.Position));
        }
    }

    [Fact]
    public void Brackets_beside_one_another_are_not_deep() =>
        SampleTrace.Parse(string.Join(" and ", Enumerable.Repeat("(not cpu == 1)", 64)));
}
