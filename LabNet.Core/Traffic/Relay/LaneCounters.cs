namespace LabNet.Core.Traffic;

/// <summary>
/// What became of the frames that came into a lane. None is lost without a number: Frames + Duplicated = Passed + Refused + Lost +
/// Overflowed + those that are held just now.
/// </summary>
/// <param name="Frames">That came in.</param>
/// <param name="Passed">That went on, to the switch or to the VM.</param>
/// <param name="Refused">Shorter than an Ethernet header, or longer than the link's MTU lets be.</param>
/// <param name="Lost">By an impairment, as it was asked for.</param>
/// <param name="Duplicated">That were made by an impairment.</param>
/// <param name="Overflowed">For which there was no room in a queue.</param>
public readonly record struct LaneCounters(
    long Frames, long Bytes, long Passed, long PassedBytes, long Refused, long Lost, long Duplicated, long Overflowed);
