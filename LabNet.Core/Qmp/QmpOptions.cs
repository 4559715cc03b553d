namespace LabNet.Core.Qmp;

/// <summary>Limits and times of a QMP connection.</summary>
public sealed record QmpOptions
{
    /// <summary>
    /// A second client of one QMP socket is accepted by the kernel and gets no greeting until the first one leaves, so that a
    /// connection without a greeting must end by itself.
    /// </summary>
    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long an answer may take. A snapshot job blocks QEMU's main loop for seconds (23 s were measured on a busy disk), and
    /// silence is not death then.
    /// </summary>
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest line taken from QEMU: its largest reply, query-qmp-schema, has 240 kB; this keeps a mad peer out of our memory.</summary>
    public int FrameBytesMax { get; init; } = 10 * 1024 * 1024;

    /// <summary>Events that wait for the reader of a session's signals; more become a gap.</summary>
    public int QueuedEventsMax { get; init; } = 4096;

    /// <summary>Commands without an answer yet. QEMU itself stops reading after eight; more than this is a caller gone wild.</summary>
    public int PendingCommandsMax { get; init; } = 1024;

    public TimeSpan ReconnectDelayFirst { get; init; } = TimeSpan.FromMilliseconds(20);

    public TimeSpan ReconnectDelayMax { get; init; } = TimeSpan.FromMilliseconds(250);
}
