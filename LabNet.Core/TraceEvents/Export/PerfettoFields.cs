namespace LabNet.Core.TraceEvents;

/// <summary>Field numbers of Perfetto's messages that an export uses, from protos/perfetto/trace/ of its sources, by message.</summary>
internal static class PerfettoFields
{
    /// <summary>Of BuiltinClock: UTC.</summary>
    public const ulong Realtime = 1;

    /// <summary>The one field of Trace.</summary>
    public const int Packet = 1;

    /// <summary>TracePacket.</summary>
    public static class InPacket
    {
        public const int ClockSnapshot = 6;
        public const int Timestamp = 8;
        public const int SequenceId = 10;
        public const int TrackEvent = 11;
        public const int InternedData = 12;
        public const int SequenceFlags = 13;
        public const int TimestampClockId = 58;
        public const int Defaults = 59;
        public const int TrackDescriptor = 60;
        public const int IsFirstOfSequence = 87;
    }

    /// <summary>TracePacket.SequenceFlags.</summary>
    public static class SequenceFlag
    {
        public const ulong Cleared = 1;
        public const ulong NeedsWhatWasTold = 2;
    }

    public static class InClockSnapshot
    {
        public const int Clock = 1;
        public const int PrimaryClock = 2;
    }

    /// <summary>ClockSnapshot.Clock.</summary>
    public static class InClock
    {
        public const int Id = 1;
        public const int Timestamp = 2;
    }

    public static class InInternedData
    {
        public const int EventName = 2;
        public const int AnnotationName = 3;
    }

    /// <summary>EventName and DebugAnnotationName.</summary>
    public static class InInternedName
    {
        public const int Number = 1;
        public const int Name = 2;
    }

    public static class InTrackDescriptor
    {
        public const int Uuid = 1;
        public const int Name = 2;
        public const int Parent = 5;
        public const int Counter = 8;
        public const int ChildOrdering = 11;
        public const int Rank = 12;
    }

    /// <summary>TrackDescriptor.ChildTracksOrdering: by <see cref="InTrackDescriptor.Rank"/>.</summary>
    public const ulong ChildrenByRank = 3;

    public static class InTrackEvent
    {
        public const int Annotation = 4;
        public const int Type = 9;
        public const int NameNumber = 10;
        public const int Track = 11;
        public const int Name = 23;
        public const int CounterValue = 30;
        public const int FlowId = 47;
    }

    /// <summary>TrackEvent.Type.</summary>
    public static class TrackEventType
    {
        public const ulong SliceBegin = 1;
        public const ulong SliceEnd = 2;
        public const ulong Instant = 3;
        public const ulong Counter = 4;
    }

    /// <summary>DebugAnnotation.</summary>
    public static class InAnnotation
    {
        public const int NameNumber = 1;
        public const int Natural = 3;
        public const int Number = 4;
        public const int Text = 6;

        /// <summary>Shown in base 16.</summary>
        public const int Pointer = 7;
        public const int Name = 10;
    }
}
