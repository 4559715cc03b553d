using System.Text;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceCatalogueTests
{
    [Theory]
    [InlineData("e(void *vdev, uint64_t sector) \"vdev %p sector %\"PRIu64", "vdev 0x55ef sector 16074", "vdev=21999 sector=16074")]
    [InlineData("e(void *vdev, int ret) \"vdev %p ret %d\"", "vdev (nil) ret -5", "vdev=0 ret=-5")]
    [InlineData("e(uint64_t a) \"0x%016\" PRIx64 \"!\"", "0xffffffffffffffff!", "a=-1")]
    [InlineData("e(const char *n, unsigned v, unsigned f) \"%s %02u:%u\"", "a virtio b 03:0", "n='a virtio b' v=3 f=0")]
    [InlineData("e(const char *n) \"name '%s'\"", "name 'it's'", "n='it's'")]
    [InlineData("e(const char *a, const char *b) \"%s -> %s\"", "x -> y -> z", "a='x' b='y -> z'")]
    [InlineData("e(const char *a, int b) \"%s,%d\"", "one,two,3", "a='one,two' b=3")]
    [InlineData("e(char c, int n) \"'%c' %3d%%\"", "'%'   7%", "c='%' n=7")]
    [InlineData("e(int w, uint64_t v) \"value 0x%0*\" PRIx64", "value 0x0012", "v=18")]
    [InlineData("e(uint32_t m) \"%o\"", "644", "m=420")]
    [InlineData("e(int a) \"a %d\\n\"", "a 1", "a=1")]
    [InlineData("e(void)", "", "")]
    [InlineData("e(void) \"done\"", "done", "")]
    [InlineData("vcpu e(uint64_t num) \"num=0x%016\"PRIx64", "cpu=0x10 num=0x02", "cpu=16 num=2")]
    public void A_declared_format_reads_what_it_wrote(string declaration, string text, string expected) =>
        Assert.Equal(expected, Read(TraceCatalogue.Parse(declaration).FindFormat("e")!, text));

    [Theory]
    [InlineData("e(int a) \"a %d\"", "a")]
    [InlineData("e(int a) \"a %d\"", "a 1 and more")]
    [InlineData("e(int a) \"a %d\"", "b 1")]
    [InlineData("e(void *a) \"%p\"", "55ef")]
    [InlineData("e(const char *a, int b) \"%s,%d\"", "one,two")]
    [InlineData("e(const char *a) \"'%s'\"", "'one")]
    [InlineData("e(uint32_t m) \"%o\"", "9")]
    [InlineData("e(void) \"done\"", "gone")]
    public void A_text_that_the_format_cannot_have_written_is_refused(string declaration, string text) =>
        Assert.Null(Read(TraceCatalogue.Parse(declaration).FindFormat("e")!, text));

    [Theory]
    [InlineData("e(int a) \"a %d\" PRIwhat")]
    [InlineData("e(double a) \"a %f\"")]
    [InlineData("e(int a) \"a %d %d\"")]
    [InlineData("e(int a) \"100%")]
    public void A_declaration_that_is_not_understood_leaves_its_event_untyped(string declaration)
    {
        var format = TraceCatalogue.Parse(declaration).FindFormat("e")!;
        Assert.False(format.Type.IsTyped);
        Assert.Equal("text='whatever it says'", Read(format, "whatever it says"));
    }

    [Fact]
    public void What_was_not_built_is_not_there_and_comments_are_none()
    {
        var catalogue = TraceCatalogue.Parse("# comment(int a) \"x\"\n\ndisable gone(int a) \"a %d\"\nthere(int a,\\\n int b) \"a %d b %d\"\nnonsense\n");
        Assert.Equal(["there"], catalogue.Events.Select(format => format.Name));
        Assert.Equal(["a", "b"], catalogue.Find("there")!.Arguments.Select(argument => argument.Name));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_text_that_is_made_to_be_ambiguous_ends_soon()
    {
        await Task.Yield();
        var format = TraceCatalogue.Parse("e(char *a, char *b, char *c, char *d, int n) \"%s,%s,%s,%s,%d\"").FindFormat("e")!;
        Assert.Null(Read(format, new string(',', 4000)));
    }

    /// <summary>The declarations of the QEMU that is installed: all are understood.</summary>
    [Fact]
    public void The_installed_QEMUs_events_are_all_typed()
    {
        const string Installed = "/usr/share/qemu/trace-events-all";
        Assert.SkipUnless(File.Exists(Installed), $"Needs {Installed} (apt install qemu-system-common).");
        var catalogue = TraceCatalogue.Parse(File.ReadAllText(Installed));
        Assert.InRange(catalogue.Formats.Count, 4000, 10_000);
        Assert.Empty(catalogue.Events.Where(format => !format.IsTyped).Select(format => format.Name));
        var ours = TraceCatalogue.Parse(RepositoryFiles.Read("pci-device/src/trace-events"));
        Assert.All(TracePair.All.SelectMany(pair => pair.Begins.Append(pair.End)), name => Assert.NotNull((catalogue.FindFormat(name) ?? ours.FindFormat(name))!.PairRole));
        Assert.Equal(["vdev", "req", "sector", "nsectors"], catalogue.Find("virtio_blk_handle_read")!.Arguments.Select(argument => argument.Name));
    }

    private static string? Read(TraceEventFormat format, string text)
    {
        var texts = new TraceTexts();
        var values = new long[format.Type.Arguments.Length];
        return format.TryRead(Encoding.UTF8.GetBytes(text), values, texts)
            ? string.Join(' ', format.Type.Arguments.Zip(values, (argument, value) => argument.Kind == TraceValueKind.Text
                ? $"{argument.Name}='{texts.TextOf(value)}'"
                : $"{argument.Name}={value}"))
            : null;
    }
}
