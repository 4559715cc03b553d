namespace LabNet.Tests.Qmp;

[Trait("suite", "unit")]
public sealed class TranscriptTests
{
    private const int Hang = 60_000;

    public static readonly TheoryData<string, string> Recorded = new(
        from machine in (string[])["7.2-x86_64", "7.2-aarch64", "10.0-x86_64", "10.0-aarch64"]
        from name in (string[])["job-snapshot-save", "job-snapshot-load-missing", "device_del", "hotplug-errors", "query-named-block-nodes"]
        select (machine, name));

    [Theory(Timeout = Hang)]
    [MemberData(nameof(Recorded))]
    public async Task A_recorded_conversation_is_understood_in_whole_lines_and_byte_by_byte(string machine, string name)
    {
        var transcript = Transcript.Read(machine, name);
        await transcript.PlayAsync(transcript.CutAt(new HashSet<int>()));
        await transcript.PlayAsync(transcript.CutAt(Enumerable.Range(0, transcript.BytesTotal).ToHashSet()));
    }

    [Theory(Timeout = Hang)]
    [InlineData("7.2-x86_64", "job-snapshot-save")]
    [InlineData("10.0-aarch64", "device_del")]
    public async Task A_recorded_conversation_is_understood_whereever_it_is_cut_in_two(string machine, string name)
    {
        var transcript = Transcript.Read(machine, name);
        for (var cut = 1; cut < transcript.BytesTotal; cut++)
        {
            await transcript.PlayAsync(transcript.CutAt(new HashSet<int> { cut }));
        }
    }

    [LongFormFact(Hang)]
    public async Task A_recorded_conversation_is_understood_in_pieces_of_random_length()
    {
        var random = Seed.Print();
        var transcript = Transcript.Read("10.0-x86_64", "hotplug-errors");
        for (var round = 0; round < LongForm.Rounds(200); round++)
        {
            var cuts = Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(transcript.BytesTotal)).ToHashSet();
            await transcript.PlayAsync(transcript.CutAt(cuts));
        }
    }
}
