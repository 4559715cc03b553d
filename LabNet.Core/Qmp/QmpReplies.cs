namespace LabNet.Core.Qmp;

/// <summary>The answers to commands that were sent together, each to be read by its command.</summary>
public sealed class QmpReplies
{
    private readonly IReadOnlyList<CompleteQmpCommand> _commands;
    private readonly QmpReply[] _replies;

    internal QmpReplies(IReadOnlyList<CompleteQmpCommand> commands, QmpReply[] replies) => (_commands, _replies) = (commands, replies);

    /// <summary>Whether the command was among those that were sent.</summary>
    public bool Has(CompleteQmpCommand command) => PlaceOf(command) >= 0;

    /// <exception cref="QmpCommandException">QEMU refused.</exception>
    /// <exception cref="QmpProtocolException">The value is not of the documented shape.</exception>
    public TReturn Read<TReturn>(QmpCommand<TReturn> command) => ReplyTo(command).Read(command.ReturnType);

    /// <summary>The bytes of the answer's value, of an error too: for who looks whether it changed.</summary>
    public ReadOnlyMemory<byte> ReadRaw(CompleteQmpCommand command) => ReplyTo(command).Payload;

    /// <summary>The answer, or why QEMU refused it.</summary>
    /// <exception cref="QmpProtocolException">The value is not of the documented shape.</exception>
    public (TReturn? Value, string? WhyNot) ReadUnlessRefused<TReturn>(QmpCommand<TReturn> command)
    {
        var reply = ReplyTo(command);
        return reply.Refusal is { } refusal ? (default, refusal) : (reply.Read(command.ReturnType), null);
    }

    private QmpReply ReplyTo(CompleteQmpCommand command) => PlaceOf(command) is >= 0 and var place
        ? _replies[place]
        : throw new ArgumentException($"{command.Name} is not among the commands that were sent.", nameof(command));

    private int PlaceOf(CompleteQmpCommand command)
    {
        for (var place = 0; place < _commands.Count; place++)
        {
            if (ReferenceEquals(_commands[place], command))
            {
                return place;
            }
        }

        return -1;
    }
}
