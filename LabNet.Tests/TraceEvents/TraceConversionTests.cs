using System.Text;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceConversionTests
{
    /// <summary>Literals of each length, in texts that end right behind them and later.</summary>
    [Fact]
    public void A_text_begins_with_the_literal_only_where_each_of_its_letters_stands()
    {
        for (var length = 0; length < 40; length++)
        {
            var literal = Encoding.ASCII.GetBytes("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"[..length]);
            var conversion = new TraceConversion(literal, PrintedAs.Decimal, TraceValueKind.Number, Skips: 0);
            for (var behind = 0; behind < 20; behind++)
            {
                byte[] text = [.. literal, .. new byte[behind]];
                Assert.True(conversion.Begins(text));
                for (var wrong = 0; wrong < length; wrong++)
                {
                    text[wrong] ^= 0x20;
                    Assert.False(conversion.Begins(text));
                    text[wrong] ^= 0x20;
                }
            }

            for (var cut = 0; cut < length; cut++)
            {
                Assert.False(conversion.Begins(literal.AsSpan(0, cut)));
            }
        }
    }
}
