using System.Text;

namespace LabNet.Core.GuestAgent;

/// <summary>Reading files in the guest by the agent itself: 6 ms for one of /proc, where a process costs 90 and more.</summary>
public static class GuestFiles
{
    /// <summary>The agent takes at most 48 MiB a read; a file of /proc is read whole by one of these.</summary>
    private const int PieceBytes = 256 * 1024;

    /// <summary>/proc/interrupts of 512 processors has about 1 MiB. What is larger is not read to the end of our memory.</summary>
    private const int FileBytesMax = 4 * 1024 * 1024;

    /// <summary>A file as text; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <exception cref="GuestAgentCommandException">The file is not there, may not be read, is larger than 4 MiB, or this agent reads no files.</exception>
    /// <exception cref="GuestAgentException"/>
    public static async Task<string> ReadTextAsync(this GuestAgentClient agent, string path, CancellationToken cancellationToken)
    {
        var handle = await agent.ExecuteAsync(GuestAgentCommands.FileOpen, new FileOpenArguments(path, "r"), cancellationToken);
        try
        {
            using var content = new MemoryStream();
            while (true)
            {
                var piece = await agent.ExecuteAsync(GuestAgentCommands.ReadFile, new FileReadArguments(handle, PieceBytes), cancellationToken);
                var bytes = GuestPrograms.Decode(piece.BufB64);
                content.Write(bytes);
                if (content.Length > FileBytesMax)
                {
                    throw new GuestAgentCommandException(GuestAgentCommands.ReadFile.Name, "GenericError", $"{path} is larger than {FileBytesMax} bytes");
                }

                // An agent that gives nothing and never says that this was the end would keep us for ever.
                if (piece.Eof || bytes.Length == 0)
                {
                    return Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length);
                }
            }
        }
        finally
        {
            await CloseAsync(agent, handle, cancellationToken);
        }
    }

    /// <summary>An open handle is the agent's loss and not the reader's: why it cannot be closed is of no interest to him.</summary>
    private static async Task CloseAsync(GuestAgentClient agent, long handle, CancellationToken cancellationToken)
    {
        try
        {
            await agent.ExecuteAsync(GuestAgentCommands.FileClose, new FileHandle(handle), cancellationToken);
        }
        catch (Exception e) when (e is GuestAgentException or OperationCanceledException)
        {
            // The content is there, or its own error is on its way.
        }
    }
}
