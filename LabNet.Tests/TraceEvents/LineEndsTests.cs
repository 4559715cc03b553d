using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class LineEndsTests
{
    /// <summary>From line feeds alone to one in hundreds of bytes, around the places where what is looked at in one go ends.</summary>
    [Fact]
    public void Every_end_is_found_in_its_order_however_near_they_stand()
    {
        var random = Seed.Print();
        foreach (var sparse in (int[])[1, 2, 5, 30, 110, 400])
        {
            for (var length = 0; length < 700; length++)
            {
                var text = new byte[length];
                random.NextBytes(text);
                for (var place = 0; place < length; place++)
                {
                    text[place] = random.Next(sparse) == 0 ? (byte)'\n' : text[place] == '\n' ? (byte)0x8a : text[place];
                }

                Assert.Equal(Enumerable.Range(0, length).Where(place => text[place] == '\n'), FindAll(text));
            }
        }
    }

    private static List<int> FindAll(ReadOnlySpan<byte> text)
    {
        var all = new List<int>();
        Span<int> ends = stackalloc int[LineEnds.AtOnce];
        var from = 0;
        for (var found = LineEnds.Find(text, ends); found > 0; found = LineEnds.Find(text[from..], ends))
        {
            foreach (var end in ends[..found])
            {
                all.Add(from + end);
            }

            from = all[^1] + 1;
        }

        return all;
    }
}
