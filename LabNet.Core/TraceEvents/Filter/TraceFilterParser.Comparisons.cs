using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>Comparisons: what the field's kinds allow, and what they make of the words.</summary>
internal sealed partial class TraceFilterParser
{
    /// <summary>A list is made into a set, of which every comparison keeps its own.</summary>
    private const int ListMax = 256;

    private const string NumberExpected = "a number is expected, such as 500 or 0x1f4";

    private TraceFilterNode? ReadHas()
    {
        _next++;
        var at = Next;
        if (ReadField() is not { } field)
        {
            return null;
        }

        return field.Subject == TraceFilterSubject.Event ? Fail(at, "has is of what a row may lack; each has an event") : TermOf(field, TraceNumberMatch.Any, TraceTextMatch.Any);
    }

    private TraceFilterNode? ReadComparison()
    {
        if (ReadField() is not { } field)
        {
            return null;
        }

        var sign = Next;
        if (sign.Kind is not (TraceFilterTokenKind.In or TraceFilterTokenKind.Operator))
        {
            return Fail(sign, sign.Kind == TraceFilterTokenKind.Not ? "not stands before the field" : $"{OperatorsOf(field)} is expected");
        }

        _next++;
        return (sign.Kind, sign.Operator) switch
        {
            (TraceFilterTokenKind.In, _) => ReadList(field),
            (_, TraceFilterOperator.Like or TraceFilterOperator.Unlike) => field.HasTexts ? ReadPattern(field, sign.Operator) : FailOperator(sign, field),
            (_, TraceFilterOperator.Equal or TraceFilterOperator.Unequal) => ReadEqual(field, sign.Operator),
            _ => field.HasNumbers ? ReadOrder(field, sign.Operator) : FailOperator(sign, field),
        };
    }

    private TraceFilterField? ReadField()
    {
        var token = Next;
        if (token.Kind != TraceFilterTokenKind.Word)
        {
            Fail(token, "a field is expected: event, cpu, thread, latencyUs or an argument's name");
            return null;
        }

        if (_fields.Find(token.Text) is not { } field)
        {
            Fail(token, $"there is no field {Spelling.Quote(token.Text)}", _fields.NearestField(token.Text));
            return null;
        }

        if (++_comparisons > ComparisonsMax)
        {
            Fail(token, $"a filter has at most {ComparisonsMax} comparisons");
            return null;
        }

        _next++;
        return field;
    }

    private TraceFilterNode? ReadEqual(TraceFilterField field, TraceFilterOperator comparison)
    {
        var (numbers, texts) = (new List<Int128>(), new List<string>());
        return ReadValue(field, numbers, texts)
            ? TermOf(
                field,
                numbers.Count > 0 ? TraceNumberMatch.Of(comparison, numbers[0]) : null,
                texts.Count > 0 ? TraceTextMatch.OneOf(texts, isNegated: comparison == TraceFilterOperator.Unequal) : null)
            : null;
    }

    private TraceFilterNode? ReadOrder(TraceFilterField field, TraceFilterOperator comparison)
    {
        // A text is neither less nor greater, so a number is all that can be meant.
        var numbers = new List<Int128>();
        return ReadValue(field with { Kinds = TraceFilterKinds.Numbers }, numbers, [])
            ? TermOf(field, TraceNumberMatch.Of(comparison, numbers[0]), texts: null)
            : null;
    }

    private TraceFilterNode? ReadList(TraceFilterField field)
    {
        var open = Next;
        if (!Take(TraceFilterTokenKind.Open))
        {
            return Fail(Next, "a list in brackets is expected: in (1, 2)");
        }

        var (numbers, texts) = (new List<Int128>(), new List<string>());
        for (var length = 0; length == 0 || Take(TraceFilterTokenKind.Comma); length++)
        {
            if (length == ListMax)
            {
                return Fail(Next, $"a list has at most {ListMax} values");
            }

            if (!ReadValue(field, numbers, texts))
            {
                return null;
            }
        }

        if (!Take(TraceFilterTokenKind.Close))
        {
            return Next.Kind == TraceFilterTokenKind.End ? Fail(open, "the bracket that opens here is never closed") : Fail(Next, "a comma or a closing bracket is expected");
        }

        return TermOf(field, numbers.Count > 0 ? TraceNumberMatch.OneOf(numbers) : null, texts.Count > 0 ? TraceTextMatch.OneOf(texts, isNegated: false) : null);
    }

    private TraceFilterNode? ReadPattern(TraceFilterField field, TraceFilterOperator comparison)
    {
        var token = Next;
        if (token.Kind is not (TraceFilterTokenKind.Word or TraceFilterTokenKind.Text))
        {
            return Fail(token, "a pattern is expected, such as virtio_*");
        }

        if (!TraceGlob.TryParse(token.Text, out var glob))
        {
            return Fail(token, $"a pattern has at most {TraceGlob.CharactersMax} characters besides stars");
        }

        if (field.Subject == TraceFilterSubject.Event && token.Kind == TraceFilterTokenKind.Word && !_fields.HasEventLike(glob))
        {
            var hint = HasWildcard(token.Text) ? _fields.NearestPattern(token.Text) : _fields.NearestEvent(token.Text);
            return Fail(token, $"no event that is declared fits {Spelling.Quote(token.Text)}; put it in quotation marks for others", hint);
        }

        _next++;
        return TermOf(field, numbers: null, TraceTextMatch.Like(glob, isNegated: comparison == TraceFilterOperator.Unlike));
    }

    /// <summary>A word is what the rows have: a number where the argument is one, and a text where it is a text.</summary>
    private bool ReadValue(TraceFilterField field, List<Int128> numbers, List<string> texts)
    {
        var token = Next;
        var isWord = token.Kind == TraceFilterTokenKind.Word;
        if (!isWord && token.Kind != TraceFilterTokenKind.Text)
        {
            return Refuse(token, field.HasTexts ? field.HasNumbers ? $"{NumberExpected}, or a text" : "a text is expected: a word, or anything in quotation marks" : NumberExpected);
        }

        Int128? number = null;
        var isNumber = isWord && field.HasNumbers && (field.Subject == TraceFilterSubject.Latency
            ? TraceFilterNumber.TryReadMicroseconds(token.Text, out number)
            : TraceFilterNumber.TryRead(token.Text, out number));
        if (!field.HasTexts && number is null)
        {
            return Refuse(token, isNumber ? "the number does not fit 64 bits" : isWord ? NumberExpected : $"{NumberExpected}, without quotation marks");
        }

        if (isWord && field.HasTexts && HasWildcard(token.Text))
        {
            return Refuse(token, "a pattern stands behind ~; as a text, * and ? stand in quotation marks");
        }

        if (isWord && field.Subject == TraceFilterSubject.Event && !_fields.HasEvent(token.Text))
        {
            return Refuse(token, $"no event {Spelling.Quote(token.Text)} is declared; put it in quotation marks for another one", _fields.NearestEvent(token.Text));
        }

        _next++;
        numbers.AddRange(number is { } value ? [value] : []);
        texts.AddRange(field.HasTexts ? [token.Text] : []);
        return true;
    }

    private bool Refuse(TraceFilterToken token, string message, string? hint = null) => Fail(token, message, hint) is not null;

    private TraceFilterNode? FailOperator(TraceFilterToken sign, TraceFilterField field) =>
        Fail(sign, $"{field.Name} is a {(field.HasNumbers ? "number" : "text")}: {OperatorsOf(field)} is expected");

    private static string OperatorsOf(TraceFilterField field) =>
        $"==, !=, {(field.HasNumbers ? "<, <=, >, >=, " : "")}{(field.HasTexts ? "~, !~ " : "")}or in".Replace(", or", " or", StringComparison.Ordinal);

    private static bool HasWildcard(string word) => word.AsSpan().ContainsAny('*', '?');

    private static TraceFilterNode TermOf(TraceFilterField field, TraceNumberMatch? numbers, TraceTextMatch? texts) => field.Subject switch
    {
        TraceFilterSubject.Event => new TraceEventTerm(texts!),
        TraceFilterSubject.Cpu => new TraceThreadTerm(isCpu: true, numbers!),
        TraceFilterSubject.Thread => new TraceThreadTerm(isCpu: false, numbers!),
        TraceFilterSubject.Latency => new TraceLatencyTerm(numbers!),
        _ => new TraceArgumentTerm(field.Name, numbers, texts),
    };
}
