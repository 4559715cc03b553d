namespace LabNet.Core.TraceEvents;

internal enum TraceFilterTokenKind
{
    Word,

    /// <summary>What stood in quotation marks.</summary>
    Text,
    Operator,
    And,
    Or,
    Not,
    In,
    Has,
    Open,
    Close,
    Comma,
    End,
}

internal enum TraceFilterOperator
{
    None,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    Unlike,
}

/// <param name="Text">Of what stood in quotation marks, without them.</param>
/// <param name="Operator">None of all kinds but the operator.</param>
internal readonly record struct TraceFilterToken(
    TraceFilterTokenKind Kind, int Position, int Length, string Text, TraceFilterOperator Operator = TraceFilterOperator.None);
