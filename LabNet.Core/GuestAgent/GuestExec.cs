namespace LabNet.Core.GuestAgent;

/// <summary>A program to run in the guest. No shell stands between: each argument arrives as it is.</summary>
/// <param name="Path">Looked up in the agent's PATH unless it has a slash.</param>
/// <param name="Input">Its standard input; null for none.</param>
public sealed record GuestProgram(string Path, IReadOnlyList<string> Arguments, ReadOnlyMemory<byte>? Input = null);

/// <summary>How a program in the guest ended.</summary>
/// <param name="ExitCode">128 + signal if a signal ended it.</param>
/// <param name="Truncated">Whether the agent cut the output (it keeps 16 MiB of each stream).</param>
public sealed record GuestExecResult(int ExitCode, ReadOnlyMemory<byte> Stdout, ReadOnlyMemory<byte> Stderr, bool Truncated);
