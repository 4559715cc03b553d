namespace LabNet.Core.TraceEvents;

/// <summary><c>event</c></summary>
internal sealed class TraceEventTerm(TraceTextMatch names) : TraceFilterNode
{
    public override int Cost => 0;

    public override bool IsOfKeys => true;

    public override bool? Decide(in TraceFilterFacts facts) => names.Fits(facts.Event);

    public override bool Matches(TraceRows rows, int row) => names.Fits(rows.Types[rows.EventOf(row)].Name);

    public override void Select(TraceFilterPass pass, Span<bool> selected) => selected.Fill(names.Fits(pass.Type.Name));
}

/// <summary><c>cpu</c> and <c>thread</c>: what the thread does not have is compared with nothing.</summary>
internal sealed class TraceThreadTerm(bool isCpu, TraceNumberMatch numbers) : TraceFilterNode
{
    public override int Cost => 1;

    public override bool IsOfKeys => true;

    public override bool? Decide(in TraceFilterFacts facts) => facts.Thread is { } thread ? Fits(thread) : null;

    public override bool Matches(TraceRows rows, int row) => Fits(rows.ThreadOf(row));

    public override void Select(TraceFilterPass pass, Span<bool> selected)
    {
        var ofEvent = pass.Rows.RowsOf(pass.Place);
        for (var number = 0; number < ofEvent.Length; number++)
        {
            selected[number] = Fits(pass.Rows.ThreadOf(ofEvent[number]));
        }
    }

    private bool Fits(TraceThread thread) =>
        isCpu ? thread.Vcpu is { } vcpu && numbers.Fits(vcpu, TraceValueKind.Number) : thread.Id != 0 && numbers.Fits(thread.Id, TraceValueKind.Number);
}

/// <summary><c>latencyUs</c></summary>
/// <param name="nanoseconds">As the rows have it.</param>
internal sealed class TraceLatencyTerm(TraceNumberMatch nanoseconds) : TraceFilterNode
{
    public override int Cost => 2;

    public override bool IsOfKeys => false;

    public override bool? Decide(in TraceFilterFacts facts) => TracePair.EndsRequests(facts.Event) ? null : false;

    public override bool Matches(TraceRows rows, int row) => rows.LatencyNsOf(row) is { } latency && nanoseconds.Fits(latency, TraceValueKind.Number);

    public override void Select(TraceFilterPass pass, Span<bool> selected)
    {
        var column = pass.Rows.LatencyColumnOf(pass.Place);
        if (column.IsEmpty)
        {
            selected.Clear();
            return;
        }

        nanoseconds.Select(column, TraceValueKind.Number, selected);
        for (var number = 0; number < column.Length; number++)
        {
            selected[number] &= column[number] >= 0;
        }
    }
}

/// <summary>An argument. An event that has none of the name, or has it as a number where a text is asked for, does not match.</summary>
/// <param name="numbers">Null if no number matches.</param>
/// <param name="texts">Null if no text does.</param>
internal sealed class TraceArgumentTerm(string name, TraceNumberMatch? numbers, TraceTextMatch? texts) : TraceFilterNode
{
    /// <summary>Texts are read letter by letter, but each of a segment only once.</summary>
    public override int Cost => texts is null ? 3 : 4;

    public override bool IsOfKeys => false;

    public override bool? Decide(in TraceFilterFacts facts)
    {
        if (facts.Type is not { } type)
        {
            return null;
        }

        var argument = PlaceIn(type);
        if (argument < 0)
        {
            return false;
        }

        return type.Arguments[argument].Kind is var kind && kind == TraceValueKind.Text
            ? texts is null ? false : texts.Decided
            : numbers is null ? false : numbers.Decide(kind);
    }

    public override bool Matches(TraceRows rows, int row)
    {
        var type = rows.Types[rows.EventOf(row)];
        var argument = PlaceIn(type);
        if (argument < 0)
        {
            return false;
        }

        var value = rows.ValueOf(row, argument);
        return type.Arguments[argument].Kind is var kind && kind == TraceValueKind.Text
            ? texts is not null && texts.Fits(rows.TextOf(value))
            : numbers is not null && numbers.Fits(value, kind);
    }

    public override void Select(TraceFilterPass pass, Span<bool> selected)
    {
        var argument = PlaceIn(pass.Type);
        var column = pass.Rows.ColumnOf(pass.Place, argument);
        if (pass.Type.Arguments[argument].Kind is var kind && kind != TraceValueKind.Text)
        {
            numbers!.Select(column, kind, selected);
            return;
        }

        var verdicts = pass.VerdictsOf(texts!);
        for (var number = 0; number < column.Length; number++)
        {
            selected[number] = verdicts.Of(column[number]);
        }
    }

    private int PlaceIn(TraceEventType type)
    {
        for (var place = 0; place < type.Arguments.Length; place++)
        {
            if (type.Arguments[place].Name == name)
            {
                return place;
            }
        }

        return -1;
    }
}
