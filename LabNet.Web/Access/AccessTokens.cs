using System.Collections.Concurrent;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Data.Sqlite;

namespace LabNet.Web.Access;

/// <summary>The tokens in lab.db. A revoked one is refused at once, and what goes on under it is told to end.</summary>
/// <remarks>
/// Thread-safe. All good tokens are kept in memory, because every request asks for one; this process alone changes them. They are read
/// again every few seconds for the case that somebody else did.
/// </remarks>
public sealed class AccessTokens(Database labDatabase, AuditLog audit, TimeProvider time)
{
    private const string Columns = "id, name, role, secret_hash, created_ns, revoked_ns";

    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _sync = new();
    private readonly ConcurrentDictionary<TokenId, CancellationTokenSource> _revocations = new();
    private GoodTokens? _good;

    public AccessToken? Find(TokenSecret secret) => Good().ByHash.GetValueOrDefault(Convert.ToHexString(secret.Hash()));

    public AccessToken? Find(TokenId id) => Good().ById.GetValueOrDefault(id);

    /// <summary>All of them, the revoked ones too, oldest first; read from the file.</summary>
    /// <exception cref="DatabaseException"/>
    public IReadOnlyList<AccessToken> List() =>
        [.. labDatabase.Read(static reader => reader.Query<Row>($"SELECT {Columns} FROM tokens ORDER BY created_ns, id")).Select(row => row.ToToken())];

    /// <summary>Fires when the token is revoked; has fired if it is not good. For what lasts longer than a request.</summary>
    public CancellationToken Revocation(TokenId id)
    {
        // Made before the token is looked for: a revocation in between is seen by one of the two.
        var revocation = _revocations.GetOrAdd(id, static _ => new CancellationTokenSource());
        if (Find(id) is null)
        {
            revocation.Cancel();
        }

        return revocation.Token;
    }

    /// <exception cref="ForbiddenException"/>
    /// <exception cref="TokenConflictException">A good token has this name.</exception>
    public async Task<NewAccessToken> CreateAsync(TokenName name, Role role, Actor actor, CancellationToken cancellationToken)
    {
        actor.Require(Role.Admin, "making a token");
        var made = await labDatabase.WriteAsync(
            (connection, transaction) =>
            {
                var taken = connection.ExecuteScalar<bool>(
                    "SELECT EXISTS (SELECT 1 FROM tokens WHERE name = @name AND revoked_ns IS NULL)", new { name = name.ToString() }, transaction);
                return taken
                    ? throw new TokenConflictException($"There is a token named \"{name}\". Revoke it first, or take another name.")
                    : Insert(connection, transaction, name, role);
            },
            cancellationToken);
        ReadAgain();
        await audit.WriteAsync(actor, "token-create", vm: null, $"{name} ({role.Word()}, {made.Token.Id})", "accepted", cancellationToken);
        return made;
    }

    /// <summary>Revoking a revoked token changes nothing.</summary>
    /// <returns>False if there never was such a token.</returns>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="TokenConflictException">It is the last good admin token: nobody could make another one.</exception>
    public async Task<bool> RevokeAsync(TokenId id, Actor actor, CancellationToken cancellationToken)
    {
        actor.Require(Role.Admin, "revoking a token");
        var token = await labDatabase.WriteAsync(
            (connection, transaction) =>
            {
                var found = connection.QuerySingleOrDefault<Row>(
                    $"SELECT {Columns} FROM tokens WHERE id = @id", new { id = id.ToString() }, transaction)?.ToToken();
                if (found is { RevokedAt: null })
                {
                    RefuseTheLastAdmin(connection, transaction, found);
                    connection.Execute(
                        "UPDATE tokens SET revoked_ns = @now WHERE id = @id", new { id = id.ToString(), now = time.GetUnixTimeNs() }, transaction);
                }

                return found;
            },
            cancellationToken);
        if (token is null)
        {
            return false;
        }

        ReadAgain();
        await EndAsync(id);
        await audit.WriteAsync(actor, "token-revoke", vm: null, $"{token.Name} ({token.Role.Word()}, {id})", "accepted", cancellationToken);
        return true;
    }

    /// <summary>Revokes what is named so and makes an admin token of that name: for the secret that was lost.</summary>
    internal async Task<NewAccessToken> RenewAdminAsync(TokenName name, CancellationToken cancellationToken)
    {
        var (made, revoked) = await labDatabase.WriteAsync(
            (connection, transaction) =>
            {
                var old = connection.Query<string>(
                    "UPDATE tokens SET revoked_ns = @now WHERE name = @name AND revoked_ns IS NULL RETURNING id",
                    new { name = name.ToString(), now = time.GetUnixTimeNs() },
                    transaction).ToList();
                return (Insert(connection, transaction, name, Role.Admin), old);
            },
            cancellationToken);
        ReadAgain();
        foreach (var id in revoked)
        {
            await EndAsync(Row.IdOf(id));
        }

        await audit.WriteAsync(
            Actor.LabNet, "token-create", vm: null, $"{name} (admin, {made.Token.Id}); revoked {revoked.Count}", "accepted", cancellationToken);
        return made;
    }

    private NewAccessToken Insert(SqliteConnection connection, SqliteTransaction transaction, TokenName name, Role role)
    {
        var secret = TokenSecret.New();
        var token = new AccessToken(TokenId.New(), name, role, time.GetUtcNow(), RevokedAt: null);
        connection.Execute(
            "INSERT INTO tokens (id, name, role, secret_hash, created_ns) VALUES (@Id, @Name, @Role, @Hash, @CreatedNs)",
            new
            {
                Id = token.Id.ToString(),
                Name = name.ToString(),
                Role = role.Word(),
                Hash = secret.Hash(),
                CreatedNs = token.CreatedAt.ToUnixTimeNs(),
            },
            transaction);
        return new NewAccessToken(token, secret);
    }

    private static void RefuseTheLastAdmin(SqliteConnection connection, SqliteTransaction transaction, AccessToken token)
    {
        var others = connection.ExecuteScalar<long>(
            "SELECT count(*) FROM tokens WHERE role = 'admin' AND revoked_ns IS NULL AND id <> @id", new { id = token.Id.ToString() }, transaction);
        if (token.Role == Role.Admin && others == 0)
        {
            throw new TokenConflictException($"\"{token.Name}\" is the last admin token. Make another one before you revoke it.");
        }
    }

    private GoodTokens Good()
    {
        lock (_sync)
        {
            if (_good is null || time.GetElapsedTime(_good.ReadAt) > ReadAgainAfter)
            {
                _good = ReadGood();
            }

            return _good;
        }
    }

    private GoodTokens ReadGood()
    {
        var readAt = time.GetTimestamp();
        var rows = labDatabase.Read(static reader => reader.Query<Row>($"SELECT {Columns} FROM tokens WHERE revoked_ns IS NULL").ToList());
        return new GoodTokens(
            readAt,
            rows.ToDictionary(row => Convert.ToHexString(row.Secret_hash), row => row.ToToken()),
            rows.ToDictionary(row => Row.IdOf(row.Id), row => row.ToToken()));
    }

    /// <summary>To be called after the change is in the file: who reads under the lock then sees it.</summary>
    private void ReadAgain()
    {
        lock (_sync)
        {
            _good = null;
        }
    }

    private Task EndAsync(TokenId id) => _revocations.TryGetValue(id, out var revocation) ? revocation.CancelAsync() : Task.CompletedTask;

    private sealed record GoodTokens(
        long ReadAt, IReadOnlyDictionary<string, AccessToken> ByHash, IReadOnlyDictionary<TokenId, AccessToken> ById);

    private sealed record Row(string Id, string Name, string Role, byte[] Secret_hash, long Created_ns, long? Revoked_ns)
    {
        public AccessToken ToToken() => new(
            IdOf(Id),
            TokenName.Parse(Name),
            RoleWords.TryParse(Role, out var role) ? role : throw new DatabaseException($"lab.db: the token {Id} has the role \"{Role}\"."),
            UnixTime.FromUnixTimeNs(Created_ns),
            Revoked_ns is { } revoked ? UnixTime.FromUnixTimeNs(revoked) : null);

        public static TokenId IdOf(string text) =>
            TokenId.TryParse(text, out var id) ? id : throw new DatabaseException($"lab.db: \"{text}\" is no id of a token.");
    }
}
