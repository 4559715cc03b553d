using LabNet.Core.Vms;

namespace LabNet.Web.Access;

/// <summary>
/// The way in for whoever owns the machine: <c>admin-token</c> in the state folder holds the secret of the token <c>admin</c>. A file that
/// is missing, or whose secret is good for nothing, is written anew at the start, with a new token; the old <c>admin</c> is revoked.
/// </summary>
internal sealed partial class AdminTokenFile(AccessTokens tokens, LabNetSettings settings, ILogger<AdminTokenFile> logger) : IHostedService
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TokenName Name = TokenName.Parse("admin");

    private readonly string _path = Path.Join(settings.StateFolder, "admin-token");

    /// <summary>Hosted services start before the server listens, so nobody meets a LabNet without a token.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await IsGoodAsync(cancellationToken))
        {
            File.SetUnixFileMode(_path, OwnerOnly);
            return;
        }

        var made = await tokens.RenewAdminAsync(Name, cancellationToken);
        await WriteAsync(made.Secret, cancellationToken);
        LogWritten(_path);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> IsGoodAsync(CancellationToken cancellationToken) =>
        File.Exists(_path)
        && TokenSecret.TryParse((await File.ReadAllTextAsync(_path, cancellationToken)).Trim(), out var secret)
        && tokens.Find(secret) is { Role: Role.Admin };

    /// <summary>Written beside and renamed, so that nobody ever reads half a secret.</summary>
    private async Task WriteAsync(TokenSecret secret, CancellationToken cancellationToken)
    {
        var beside = _path + ".new";
        File.Delete(beside);
        await using (var stream = new FileStream(
            beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            await using var writer = new StreamWriter(stream, leaveOpen: true);
            await writer.WriteLineAsync(secret.Reveal().AsMemory(), cancellationToken);
            await writer.FlushAsync(cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, _path, overwrite: true);
    }

    [LoggerMessage(3001, LogLevel.Information, "A new admin token is in {Path}")]
    private partial void LogWritten(string path);
}
