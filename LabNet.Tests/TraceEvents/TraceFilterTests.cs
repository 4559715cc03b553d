using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceFilterTests
{
    [Theory]
    [InlineData("", "012345678")]
    [InlineData(" \t\n ", "012345678")]
    [InlineData("event == nothing", "8")]
    [InlineData("event != nothing", "01234567")]
    [InlineData("event ~ virtio_blk_*", "01")]
    [InlineData("event ~ *_re?d", "02")]
    [InlineData("event ~ \"virtio_blk\"", "", "the whole name has to fit")]
    [InlineData("event !~ *_*", "78")]
    [InlineData("event in (nothing, qmp_enter_x)", "58")]
    [InlineData("event == \"(unparsed)\" or event == \"unheard_of\"", "67")]
    [InlineData("event == \"never_heard_of\"", "")]
    [InlineData("cpu == 1", "0")]
    [InlineData("cpu != 1", "23", "only what a vCPU did has a number to be compared")]
    [InlineData("not cpu == 1", "12345678")]
    [InlineData("has cpu", "023")]
    [InlineData("cpu >= 0 and cpu < 1", "23")]
    [InlineData("thread == 20148", "14568")]
    [InlineData("thread < 1997", "23")]
    [InlineData("not has thread", "7")]
    [InlineData("latencyUs > 500", "1")]
    [InlineData("latencyUs >= 600.001", "")]
    [InlineData("latencyUs > 599.999", "1")]
    [InlineData("latencyUs == 0x258", "1")]
    [InlineData("latencyUs != 1", "1")]
    [InlineData("not latencyUs < 600", "012345678")]
    [InlineData("has latencyUs", "1")]
    [InlineData("sector >= 2047", "0")]
    [InlineData("sector >= 2_048", "")]
    [InlineData("sector < 2k", "0")]
    [InlineData("sector > -1", "0", "what has no sign is more than any negative number")]
    [InlineData("sector in (1, 2047, 3)", "0")]
    [InlineData("status < 0", "1")]
    [InlineData("status == -5", "1")]
    [InlineData("status == 0xfffffffb", "", "QEMU prints it with a sign")]
    [InlineData("value > 0x7fffffffffffffff", "2")]
    [InlineData("value == 18446744073709551615", "2")]
    [InlineData("value == -1", "", "QEMU prints it without a sign")]
    [InlineData("name == ahci", "2")]
    [InlineData("name == \"ahci\"", "2")]
    [InlineData("name == AHCI", "")]
    [InlineData("name != nvme", "2")]
    [InlineData("name ~ a*i", "2")]
    [InlineData("name in (nvme, ahci)", "2")]
    [InlineData("has name", "2")]
    [InlineData("text ~ *words*", "6")]
    [InlineData("text == \"with some words\"", "6")]
    [InlineData("text ~ \"a warning *\"", "7")]
    [InlineData("args.cpu == 3", "3", "an argument that is called like a field")]
    [InlineData("args.in == 1", "5", "an argument that is called like a keyword")]
    [InlineData("args.sector == 2047", "0")]
    [InlineData("tag == 5", "45", "a number in one event, a text in another")]
    [InlineData("tag == \"5\"", "5")]
    [InlineData("tag > 4", "4")]
    [InlineData("tag ~ ?", "5")]
    [InlineData("tag != 6", "45")]
    [InlineData("tag in (5, x)", "45")]
    [InlineData("tag != x", "5", "no number is compared with a word")]
    [InlineData("device == ahci0 or region ~ msix* or offset >= 0x10", "")]
    [InlineData("cpu==1&&sector<=2047||!has cpu&&!(thread==20148)", "07")]
    [InlineData("cpu == 0 or cpu == 1 and sector == 0", "23", "and binds closer than or")]
    [InlineData("(cpu == 0 or cpu == 1) and sector == 2047", "0")]
    [InlineData("not cpu == 0 and sector == 2047", "0", "not binds closest")]
    [InlineData("not not cpu == 1", "0")]
    [InlineData("event ~ virtio_blk_* and (sector >= 2048 or latencyUs > 500) and not cpu == 1", "1")]
    public void A_filter_finds_its_rows(string text, string rows, string? why = null)
    {
        var filter = SampleTrace.Parse(text);
        Assert.True(rows == string.Concat(SampleTrace.Select(filter, SampleTrace.Rows)), why);
        Assert.Equal(rows, string.Concat(Enumerable.Range(0, SampleTrace.Rows.Count).Where(row => filter.Matches(SampleTrace.Rows, row))));
    }

    [Fact]
    public void The_text_stays_as_it_was_typed()
    {
        Assert.Equal(" cpu==1 ", SampleTrace.Parse(" cpu==1 ").ToString());
        Assert.Equal("", TraceFilter.All.ToString());
        Assert.True(TraceFilter.All.IsOfKeys);
        Assert.Equal(SampleTrace.Rows.Count, SampleTrace.Select(TraceFilter.All, SampleTrace.Rows).Count());
    }

    [Fact]
    public void Without_declarations_every_name_is_taken()
    {
        Assert.True(TraceFilter.TryParse("event == whatever or sector > 5 or name ~ a* or sector == x", TraceCatalogue.Empty, out var filter, out _));
        Assert.Equal("0", string.Concat(SampleTrace.Select(filter, SampleTrace.Rows).Where(row => row < 2)));
        Assert.NotNull(SampleTrace.Mistake("5 < sector", TraceCatalogue.Empty));
    }

    [Theory]
    [InlineData("event ~ virtio_blk_*", "virtio_blk_handle_read", true)]
    [InlineData("event ~ virtio_blk_*", "nothing", false)]
    [InlineData("event ~ virtio_blk_* and cpu == 1", "nothing", false)]
    [InlineData("event ~ virtio_blk_* or cpu == 1", "nothing", true)]
    [InlineData("not (event == nothing or cpu == 1)", "nothing", false)]
    [InlineData("latencyUs > 500", "nothing", false)]
    [InlineData("latencyUs > 500", "virtio_blk_req_complete", true)]
    [InlineData("not latencyUs > 500", "nothing", true)]
    [InlineData("sector > 5", "nothing", true)]
    public void An_event_s_name_tells_where_no_row_can_match(string text, string eventName, bool canMatch) =>
        Assert.Equal(canMatch, SampleTrace.Parse(text).CanMatch(eventName));

    [Theory]
    [InlineData("sector > 5", "virtio_blk_handle_read", true)]
    [InlineData("sector > 5", "nothing", false)]
    [InlineData("not sector > 5", "nothing", true)]
    [InlineData("tag ~ x*", "scsi_req_parsed", false)]
    [InlineData("tag > 1", "qmp_enter_x", false)]
    [InlineData("sector < 0", "virtio_blk_handle_read", false)]
    [InlineData("not has sector", "virtio_blk_handle_read", false)]
    [InlineData("sector > 5 and cpu == 1", "virtio_blk_handle_read", true)]
    public void An_event_s_arguments_tell_where_no_row_can_match(string text, string eventName, bool canMatch) =>
        Assert.Equal(canMatch, SampleTrace.Parse(text).CanMatch(SampleTrace.Catalogue.Find(eventName)!));

    [Fact]
    public void What_event_and_thread_decide_needs_no_row()
    {
        var filter = SampleTrace.Parse("event ~ virtio_* and not (cpu == 1 or thread == 7)");
        Assert.True(filter.IsOfKeys);
        Assert.True(filter.MatchesKey("virtio_blk_handle_read", new TraceThread(8, Vcpu: 0)));
        Assert.False(filter.MatchesKey("virtio_blk_handle_read", new TraceThread(8, Vcpu: 1)));
        Assert.False(filter.MatchesKey("virtio_blk_handle_read", new TraceThread(7, Vcpu: null)));
        Assert.False(filter.MatchesKey("nothing", new TraceThread(8, Vcpu: 0)));
        var other = SampleTrace.Parse("cpu == 1 and sector == 5");
        Assert.False(other.IsOfKeys);
        Assert.Throws<InvalidOperationException>(() => other.MatchesKey("virtio_blk_handle_read", new TraceThread(8, Vcpu: 1)));
    }

    /// <summary>Of the event "damaged" the texts are not there: who reads its column is told.</summary>
    [Theory]
    [InlineData("name == x", true)]
    [InlineData("event == whole and name == x", false)]
    [InlineData("name == x and event == whole", false)]
    [InlineData("name == x and sector > 5", false)]
    [InlineData("name == x and cpu == 5", false)]
    [InlineData("has name or name == x", false)]
    [InlineData("name == x or thread > 1", false)]
    [InlineData("name == x and thread > 1", true)]
    [InlineData("not name == x", true)]
    public void A_column_that_cannot_change_the_answer_is_not_looked_at(string text, bool isRead)
    {
        var argument = new TraceArgument("name", "char *", TraceValueKind.Text);
        var builder = new TraceSegmentBuilder();
        builder.Add(sequence: 1, timeNs: 1, new TraceThread(7, Vcpu: null), new TraceEventType("damaged", [argument], IsTyped: true), [12345], latencyNs: null);
        builder.Add(sequence: 2, timeNs: 2, new TraceThread(7, Vcpu: null), new TraceEventType("whole", [argument], IsTyped: true), [builder.Texts.NumberOf("x"u8)], latencyNs: null);
        var rows = TraceRows.Read(builder.Build());
        Assert.True(TraceFilter.TryParse(text, TraceCatalogue.Empty, out var filter, out _));
        if (isRead)
        {
            Assert.Throws<DamagedSegmentException>(() => filter.Select(rows, new bool[2]));
        }
        else
        {
            filter.Select(rows, new bool[2]);
        }
    }
}
