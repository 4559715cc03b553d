using System.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;

namespace LabNet.Tests.Storage;

/// <summary>A process of its own that holds a write lock on a database, as <c>sqlite3</c> with an open transaction does.</summary>
internal sealed class LockHolder : IAsyncDisposable
{
    public const string Verb = "hold-lock";
    private const string Held = "held";

    private readonly Process _process;

    private LockHolder(Process process) => _process = process;

    public static async Task<LockHolder> StartAsync(string path, CancellationToken cancellationToken)
    {
        var holder = new LockHolder(Process.Start(new ProcessStartInfo(Path.Join(AppContext.BaseDirectory, "LabNet.Tests"), [Verb, path])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
        Assert.Equal(Held, await holder._process.StandardOutput.ReadLineAsync(cancellationToken));
        return holder;
    }

    /// <summary>What the process does: it lets go when its standard input ends.</summary>
    public static int Run(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        connection.Open();
        connection.Execute("BEGIN IMMEDIATE");
        Console.WriteLine(Held);
        Console.In.ReadToEnd();
        connection.Execute("ROLLBACK");
        return 0;
    }

    public async Task LetGoAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }
}
