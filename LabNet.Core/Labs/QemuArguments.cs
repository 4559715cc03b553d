namespace LabNet.Core.Labs;

/// <summary>
/// Collects a command line of QEMU. Most options are lists <c>driver,key=value,…</c>, where a comma in a value is doubled (qemu(1); both
/// of QEMU's parsers, QemuOpts and keyval, agree); a few (-kernel, -initrd, -append) take their value as it stands.
/// </summary>
internal sealed class QemuArguments
{
    private readonly List<string> _arguments = [];

    public IReadOnlyList<string> ToList() => _arguments.AsReadOnly();

    public void Add(string option) => _arguments.Add(option);

    public void AddRaw(string option, string value)
    {
        _arguments.Add(option);
        _arguments.Add(Carried(value));
    }

    /// <param name="option">Such as -device.</param>
    /// <param name="first">The driver or type, one of our own words; null where the list starts with a key.</param>
    /// <param name="values">In order; any text.</param>
    public void AddList(string option, string? first, params ReadOnlySpan<(string Key, string Value)> values)
    {
        var list = first is null ? [] : new List<string> { first };
        foreach (var (key, value) in values)
        {
            list.Add($"{key}={Carried(value).Replace(",", ",,", StringComparison.Ordinal)}");
        }

        _arguments.Add(option);
        _arguments.Add(string.Join(',', list));
    }

    /// <summary>
    /// A zero byte would cut the argument off, a lone surrogate becomes another character in UTF-8, and a line feed forges a line in every
    /// log and list that shows the command line.
    /// </summary>
    private static string Carried(string value)
    {
        for (var index = 0; index < value.Length; index++)
        {
            if (char.IsControl(value[index]))
            {
                var code = $"U+{(int)value[index]:X4}";
                throw new ArgumentException($"The control character {code} can't stand on QEMU's command line.", nameof(value));
            }

            if (char.IsSurrogatePair(value, index))
            {
                index++;
            }
            else if (char.IsSurrogate(value[index]))
            {
                throw new ArgumentException("A lone surrogate can't stand on QEMU's command line.", nameof(value));
            }
        }

        return value;
    }
}
