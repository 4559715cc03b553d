using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.Frames;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class CaptureFileTests : IDisposable
{
    private const long Ms = 1_000_000;

    /// <summary>2026-11-22T10:00:00Z.</summary>
    private const long Noon = 1_795_428_000_000_000_000;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Packets_keep_QEMUs_distances_however_well_the_wall_clock_is_known_when_they_come()
    {
        using var file = CaptureFile.Open(_folder.Path, 0);
        Append(file, packetNs: 100 * Ms, Noon + (20 * Ms), beginsEra: true);
        Append(file, 300 * Ms, Noon + (5 * Ms), beginsEra: false);
        Append(file, 500 * Ms, Noon, beginsEra: false);
        Assert.Equal([Noon + (100 * Ms), Noon + (300 * Ms), Noon + (500 * Ms)], Read());
    }

    [Fact]
    public void What_comes_behind_a_pause_moves_nothing_before_it_and_nothing_goes_back()
    {
        using (var file = CaptureFile.Open(_folder.Path, 0))
        {
            Append(file, 100 * Ms, Noon, beginsEra: true);
            Append(file, 200 * Ms, Noon + (7000 * Ms), beginsEra: true);
            Append(file, 300 * Ms, Noon + (6990 * Ms), beginsEra: false);
        }

        // The next LabNet goes on in the same era.
        using (var file = CaptureFile.Open(_folder.Path, 0))
        {
            Append(file, 400 * Ms, Noon + (6980 * Ms), beginsEra: false);

            // A snapshot was loaded: QEMU's clock is another one, and the wall's goes on.
            Append(file, 50 * Ms, Noon + (6000 * Ms), beginsEra: true);
        }

        Assert.Equal([Noon + (100 * Ms), Noon + (7180 * Ms), Noon + (7280 * Ms), Noon + (7380 * Ms), Noon + (7380 * Ms)], Read());
    }

    [Fact]
    public void So_many_pauses_that_the_note_is_full_cost_no_packet()
    {
        const int Pauses = 300;
        using (var file = CaptureFile.Open(_folder.Path, 0))
        {
            for (var pause = 0; pause < Pauses; pause++)
            {
                Append(file, pause * Ms, Noon + (pause * 1000 * Ms), beginsEra: true);
            }
        }

        using var again = CaptureFile.Open(_folder.Path, 0);
        Assert.Equal(Pauses, Read().Count);
        Assert.Equal(Noon + (100 * 1001 * Ms), Read()[100]);
        Assert.Equal(200, CaptureFile.ReadEras(_folder.Path, 0).Count);
    }

    private static void Append(CaptureFile file, long packetNs, long clockNs, bool beginsEra)
    {
        var frame = Ping();
        var record = new byte[PcapFormat.RecordHeaderBytes + frame.Length];
        PcapFormat.WriteRecordHeader(record, packetNs, frame.Length, frame.Length);
        frame.CopyTo(record, PcapFormat.RecordHeaderBytes);
        file.Append(record, file.Note with { ClockNs = clockNs }, beginsEra);
    }

    private List<long> Read()
    {
        using var reader = new CaptureFileReader(CaptureFile.PathOf(_folder.Path, 0), long.MaxValue, CaptureFile.ReadEras(_folder.Path, 0));
        var times = new List<long>();
        for (; reader.HasPacket; reader.Advance())
        {
            times.Add(reader.TimeNs);
        }

        return times;
    }
}
