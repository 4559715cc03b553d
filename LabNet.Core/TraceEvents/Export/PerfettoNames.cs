namespace LabNet.Core.TraceEvents;

/// <summary>Names that a trace tells once, and by their number from then on.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class PerfettoNames(int namesMax)
{
    private readonly Dictionary<string, ulong> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _untold = [];

    public bool HasUntold => _untold.Count > 0;

    /// <returns>False if the name has no number.</returns>
    public bool TryNumber(string name, out ulong number)
    {
        if (_numbers.TryGetValue(name, out number))
        {
            return true;
        }

        if (_numbers.Count >= namesMax)
        {
            return false;
        }

        number = (ulong)_numbers.Count + 1;
        _numbers[name] = number;
        _untold.Add(name);
        return true;
    }

    /// <param name="field">Of InternedData.</param>
    public void Tell(ProtobufBuffer to, int field)
    {
        foreach (var name in _untold)
        {
            var place = to.Begin(field);
            to.WriteNumber(PerfettoFields.InInternedName.Number, _numbers[name]);
            to.WriteText(PerfettoFields.InInternedName.Name, name);
            to.End(place);
        }

        _untold.Clear();
    }
}
