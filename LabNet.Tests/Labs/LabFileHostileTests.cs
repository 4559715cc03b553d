using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>Whatever bytes stand in a lab file, reading it ends soon and with values.</summary>
[Trait("suite", "unit")]
public sealed class LabFileHostileTests
{
    [Theory]
    [InlineData("")]
    [InlineData("# nothing but this\n")]
    public void An_empty_file_is_told_what_it_needs(string text) =>
        Assert.Equal(new LabFileMistake(0, 0, "The lab file is empty; it needs name, hosts, vms."), SampleLab.Mistake(text));

    [Theory]
    [InlineData("name: demo\nhosts: {", 2)]
    [InlineData("name: \"demo\n", 1)]
    [InlineData("name: demo\n  hosts: 1\n", 2)]
    [InlineData("name: [demo\nhosts: 1\n", 2)]
    [InlineData("@\n", 1)]
    [InlineData("%YAML 3.0\n---\nname: demo\n", 1)]
    [InlineData("name: *nobody\n", 1)]
    [InlineData("name: &self [ *self ]\n", 1)]
    public void Broken_YAML_is_told_with_its_line(string text, int line)
    {
        var mistake = SampleLab.Mistake(text);
        Assert.Equal(line, mistake.Line);
        Assert.True(mistake.Column > 0);
    }

    [Theory]
    [InlineData("just text", "The lab file is a mapping")]
    [InlineData("- name: demo", "The lab file is a mapping")]
    [InlineData("name: demo\nhosts:\n\tares: {}\n", "A tab can't indent YAML")]
    [InlineData("name: de\u0000mo\n", "control character U+0000")]
    [InlineData("name: de\u001b[31mmo\n", "control character U+001B")]
    public void What_is_no_lab_file_is_said_to_be_none(string text, string message) =>
        Assert.Contains(message, SampleLab.Mistake(text).Message, StringComparison.Ordinal);

    [Fact]
    public void A_second_document_a_tag_and_a_list_as_key_are_told()
    {
        AssertTold("second document", SampleLab.Text() + "---\nname: other\n");
        AssertTold("Tags have no meaning", SampleLab.Text(name: "name: !!str demo"));
        AssertTold("A key is one word", SampleLab.Text() + "[ a ]: b\n");

        static void AssertTold(string message, string text) =>
            Assert.Contains(message, SampleLab.Mistake(text).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_repeated_key_is_told_with_the_line_of_the_first()
    {
        var reading = SampleLab.Parse(SampleLab.Text() + "name: other\nname: third\nlinks: {}\n");
        Assert.Equal(
            [
                new LabFileMistake(5, 1, "The key \"name\" stands here twice, first in line 1."),
                new LabFileMistake(6, 1, "The key \"name\" stands here twice, first in line 1."),
                new LabFileMistake(7, 1, "The key \"links\" stands here twice, first in line 3."),
            ],
            reading.Mistakes);
    }

    [Fact]
    public void Aliases_of_aliases_are_counted_and_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [ x, x, x, x, x, x, x, x, x, x ]\n");
        for (var level = 1; level < 30; level++)
        {
            bomb.Append($"a{level}: &a{level} [ {string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))} ]\n");
        }

        Assert.Contains("with aliases written out", SampleLab.Mistake(bomb.ToString()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Deep_nesting_is_refused(string opening)
    {
        var mistake = SampleLab.Mistake("name: demo\nhosts:\n  " + string.Concat(Enumerable.Repeat(opening, 100_000)));
        Assert.Equal(3, mistake.Line);
        Assert.Contains("Nested more than", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_that_is_no_UTF_8_is_told_with_its_place()
    {
        byte[] bytes = [.. "name: demo\nhosts: caf"u8, 0xe9, .. "\n"u8];
        var mistake = Assert.Single(LabFile.Parse(bytes, "/srv/labs", SampleLab.Images).Mistakes);
        Assert.Equal("2:11: Byte 0xe9 is no UTF-8; save the file as UTF-8.", mistake.ToString());
    }

    [Fact]
    public void A_file_of_10_MB_is_refused_unread()
    {
        using var file = new TestFolder();
        var path = file.Write("large.yaml", new byte[10_000_000]);
        var mistake = Assert.Single(LabFile.Read(path, SampleLab.Images).Mistakes);
        Assert.Contains("larger than 1024 KiB", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/lab.yaml")]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("/dev/null\0")]
    public void A_file_that_can_not_be_read_is_a_mistake_too(string path)
    {
        var mistake = Assert.Single(LabFile.Read(path, SampleLab.Images).Mistakes);
        Assert.StartsWith("The lab file ", mistake.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, mistake.Line);
    }

    [Fact]
    public void An_endless_file_is_refused_at_the_limit()
    {
        var mistake = Assert.Single(LabFile.Read("/dev/zero", SampleLab.Images).Mistakes);
        Assert.Contains("larger than", mistake.Message, StringComparison.Ordinal);
    }

    /// <summary>On failure FsCheck prints the seed; Config.WithReplay takes it.</summary>
    [Fact]
    public void Random_YAML_gives_a_lab_or_mistakes_and_never_throws()
    {
        string[] tokens =
        [
            "name", "hosts", "links", "vms", "nics", "demo", "ares", "user", "1", "512M", "10.0.0.1/24", ": ", ":", ", ", "- ", "? ",
            "\n", "\n  ", "\n    ", "{", "}", "[", "]", "\"", "'", "&a ", "*a", "&", "*", "!", "!<", "!!map ", "|\n", ">-\n", ">", ">99\n",
            "#", "%", "%YAML 99999999999.1\n", "%TAG ! x\n", "---\n", "...\n", "<<", "~", "\t", "\0", "\\", "\\u", "\"\\x",
            "\\U00110000\"", "é", "\ud800", "\u2028", "\ufeff", "@", "`", "=",
        ];
        var text = Gen.Elements(tokens).ArrayOf().Resize(60).Select(string.Concat).ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(LongForm.Rounds(2000)), Prop.ForAll(text, LabOrMistakes));
    }

    [Fact]
    public void A_damaged_lab_file_gives_a_lab_or_mistakes_and_never_throws()
    {
        var good = File.ReadAllText(Repository.At("infra/labs/cross-arch.yaml"));
        var damaged = Gen.Choose(0, good.Length - 1).Two().SelectMany(
            _ => ArbMap.Default.GeneratorFor<char>(),
            (range, character) => good[..Math.Min(range.Item1, range.Item2)] + character + good[Math.Max(range.Item1, range.Item2)..]);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(LongForm.Rounds(1000)), Prop.ForAll(damaged.ToArbitrary(), LabOrMistakes));
    }

    private static bool LabOrMistakes(string text)
    {
        var reading = SampleLab.Parse(text);
        return reading.Lab is null == reading.Mistakes.Length > 0
            && reading.Mistakes.All(mistake => mistake.Line >= 0 && mistake.Message.Length < 600 && !mistake.Message.Any(char.IsControl));
    }
}
