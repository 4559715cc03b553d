using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>Random filters over random rows: each way to evaluate says what the language says. On failure FsCheck prints the seed.</summary>
[Trait("suite", "unit")]
public sealed class TraceFilterMeaningTests
{
    private static readonly TraceEventType[] Types =
    [
        .. SampleTrace.Catalogue.Events,
        TraceEventType.Unparsed,
        TraceEventType.Untyped("unheard_of"),
        new("register_access", [.. SampleTrace.Catalogue.Find("memory_region_ops_read")!.Arguments, .. TraceDevice.Added], IsTyped: true),
    ];

    private static readonly TraceThread[] Threads = [default, new(7, Vcpu: null), new(8, Vcpu: 0), new(9, Vcpu: 1)];

    private static readonly string[] Texts = ["", "a", "ab", "ba", "5", "a b", "\"\\", "*", "virtio_blk", "\U0001f4a1"];

    private static readonly SampleLiteral[] Numbers =
    [
        Number("0"), Number("1"), Number("-1"), Number("5"), Number("7"), Number("8"), Number("0x8", 8), Number("1k", 1024), Number("2_048", 2048),
        Number("0xffff_ffff_ffff_ffff", ulong.MaxValue), Number("18446744073709551615"), Number("9223372036854775807"), Number("9223372036854775808"),
        Number("-9223372036854775808"),
    ];

    private static readonly SampleLiteral[] Latencies = [.. Numbers.Where(number => !number.Written.EndsWith('k')), Number("0.5"), Number("7.001")];

    [Fact]
    public void Every_way_to_evaluate_says_the_same()
    {
        var cases = Row().NonEmptyListOf().Zip(Condition(), (rows, condition) => (Rows: rows.ToArray(), Condition: condition));
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(LongForm.Rounds(1500)).WithEndSize(40),
            Prop.ForAll(cases.ToArbitrary(), one => AllAgree(one.Rows, one.Condition)));
    }

    private static bool AllAgree(SampleRow[] samples, SampleCondition condition)
    {
        var filter = SampleTrace.Parse(condition.Written);
        Assert.Equal(condition.Written, filter.ToString());
        var rows = Pack(samples);
        var expected = Enumerable.Range(0, samples.Length).Where(row => condition.Holds(samples[row])).ToList();
        Assert.Equal(expected, Enumerable.Range(0, rows.Count).Where(row => filter.Matches(rows, row)));
        Assert.Equal(expected, SampleTrace.Select(filter, rows));
        Assert.All(expected, row => Assert.True(filter.CanMatch(samples[row].Type) && filter.CanMatch(samples[row].Type.Name)));
        Assert.Equal(condition.Fields.All(field => field is "event" or "cpu" or "thread"), filter.IsOfKeys);
        if (filter.IsOfKeys)
        {
            Assert.Equal(expected, Enumerable.Range(0, rows.Count).Where(row => filter.MatchesKey(samples[row].Type.Name, samples[row].Thread)));
        }

        return true;
    }

    private static TraceRows Pack(SampleRow[] samples)
    {
        var builder = new TraceSegmentBuilder();
        foreach (var sample in samples)
        {
            long[] values = [.. sample.Values.Select(value => value switch
            {
                string text => builder.Texts.NumberOf(Encoding.UTF8.GetBytes(text)),
                decimal and > long.MaxValue and var natural => unchecked((long)(ulong)natural),
                var number => (long)(decimal)number,
            })];
            builder.Add(sequence: 1, timeNs: 1, sample.Thread, sample.Type, values, (long?)(sample.LatencyUs * 1000));
        }

        return TraceRows.Read(builder.Build());
    }

    private static Gen<SampleRow> Row() =>
        from type in Gen.Elements(Types)
        from thread in Gen.Elements(Threads)
        from latency in Gen.Elements<decimal?>(null, 0, 0.5m, 7, 7.001m, 5)
        from values in Gen.CollectToList(type.Arguments.Select(argument => Value(argument.Kind)))
        select new SampleRow(type, thread, TracePair.EndsRequests(type.Name) ? latency : null, [.. values]);

    private static Gen<object> Value(TraceValueKind kind) => kind switch
    {
        TraceValueKind.Text => Gen.Elements(Texts).Select(text => (object)text),
        TraceValueKind.Number => Gen.Elements<object>(0m, 1m, -1m, 5m, 2048m, (decimal)long.MinValue, (decimal)long.MaxValue),
        _ => Gen.Elements<object>(0m, 1m, 5m, 8m, 1024m, (decimal)long.MaxValue, long.MaxValue + 1m, (decimal)ulong.MaxValue),
    };

    /// <summary>Within the language's limits: at most 27 comparisons.</summary>
    private static Gen<SampleCondition> Condition() => Gen.Sized(size => Condition(depth: Math.Min(size / 10, 3)));

    private static Gen<SampleCondition> Condition(int depth)
    {
        if (depth == 0)
        {
            return Comparison();
        }

        var inner = Condition(depth - 1);
        var parts = Gen.Choose(2, 3).SelectMany(count => inner.ListOf(count));
        return Gen.Frequency(
            (2, Comparison()),
            (1, inner.Zip(Gen.Elements("not ", "!", "! "), (one, word) => (SampleCondition)new SampleCondition.Not(one, word))),
            (2, parts.Zip(Gen.Elements("and", "&&"), (some, word) => (SampleCondition)new SampleCondition.Group(IsAnd: true, word, [.. some]))),
            (2, parts.Zip(Gen.Elements("or", "||"), (some, word) => (SampleCondition)new SampleCondition.Group(IsAnd: false, word, [.. some]))));
    }

    private static Gen<SampleCondition> Comparison() => Gen.OneOf(
        OfTexts("event", Gen.Elements(Types).Select(type => Quoted(type.Name)), Gen.Elements(Word("virtio_*"), Word("*"), Word("*_re?d"), Quoted("no*"))),
        OfNumbers("cpu", Numbers),
        OfNumbers("thread", Numbers),
        OfNumbers("latencyUs", Latencies),
        Gen.Elements("sector", "args.sector", "status", "args.cpu", "args.in", "value", "offset").SelectMany(field => OfNumbers(field, Numbers)),
        Gen.Elements("name", "text", "device", "region").SelectMany(field => OfTexts(field, Text(), Pattern())),
        Gen.OneOf(OfNumbers("tag", Numbers.Select(number => number with { Text = number.Written })), OfTexts("tag", Text().Where(text => text.Number is null), Pattern())));

    private static Gen<SampleCondition> OfNumbers(string field, IEnumerable<SampleLiteral> literals)
    {
        var literal = Gen.Elements(literals);
        return Gen.OneOf(
            Gen.Elements("==", "!=", " < ", " <= ", ">", " >=").Zip(literal, (sign, one) => (SampleCondition)new SampleCondition.Compare(field, sign.Trim(), one)),
            List(literal).Select(some => (SampleCondition)new SampleCondition.OneOf(field, [.. some])),
            Gen.Constant((SampleCondition)new SampleCondition.Has(field)));
    }

    private static Gen<SampleCondition> OfTexts(string field, Gen<SampleLiteral> literal, Gen<SampleLiteral> pattern) => Gen.OneOf(
        Gen.Elements("==", "!=").Zip(literal, (sign, one) => (SampleCondition)new SampleCondition.Compare(field, sign, one)),
        Gen.Elements("~", "!~").Zip(pattern, (sign, one) => (SampleCondition)new SampleCondition.Compare(field, sign, one)),
        List(literal).Select(some => (SampleCondition)new SampleCondition.OneOf(field, [.. some])));

    private static Gen<IList<SampleLiteral>> List(Gen<SampleLiteral> literal) => Gen.Choose(1, 4).SelectMany(count => literal.ListOf(count)).Select(some => (IList<SampleLiteral>)some);

    private static Gen<SampleLiteral> Text() => Gen.OneOf(Gen.Elements(Texts).Select(Quoted), Gen.Elements(Word("a"), Word("ab"), Word("virtio_blk"), Number("5") with { Text = "5" }));

    private static Gen<SampleLiteral> Pattern() => Gen.OneOf(Gen.Elements("a", "b", "*", "?", " ").ArrayOf().Select(parts => Quoted(string.Concat(parts))), Gen.Elements(Word("*"), Word("a*"), Word("?")));

    private static SampleLiteral Word(string text) => new(text, Number: null, text);

    private static SampleLiteral Quoted(string text) =>
        new($"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"", Number: null, text);

    private static SampleLiteral Number(string written, decimal? value = null) => new(written, value ?? decimal.Parse(written), Text: null);
}
