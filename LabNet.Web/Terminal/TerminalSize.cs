using System.Runtime.InteropServices;
using LabNet.Core.Vms;

namespace LabNet.Web.Terminal;

/// <summary>
/// The size of the terminal on standard output. System.Console knows it too, but sets the terminal up for itself when it is asked, which
/// shows on the screen and undoes what stty did.
/// </summary>
internal static partial class TerminalSize
{
    private const int StandardOutput = 1;

    /// <summary>TIOCGWINSZ of asm-generic/ioctls.h, which x86 and Arm share.</summary>
    private const nuint GetWindowSize = 0x5413;

    /// <summary>Null where there is no terminal, or one that does not know its size.</summary>
    public static ConsoleSize? Read() =>
        IoControl(StandardOutput, GetWindowSize, out var size) == 0 && size is { Rows: > 0 and <= ConsoleSize.Max, Columns: > 0 and <= ConsoleSize.Max }
            ? new ConsoleSize(size.Columns, size.Rows)
            : null;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int IoControl(int descriptor, nuint request, out WindowSize size);

    /// <summary>struct winsize.</summary>
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort WidthPixels;
        public ushort HeightPixels;
    }
}
