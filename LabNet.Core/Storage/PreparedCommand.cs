using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Storage;

/// <summary>SQL that is compiled once for a connection, and not each time: of a short command that is most of the work.</summary>
/// <remarks>Thread-safe as connections are: one thread at a time for each of them.</remarks>
/// <param name="parameters">As they are called in the SQL, in the order in which their values are given.</param>
internal sealed class PreparedCommand(string sql, params string[] parameters)
{
    private readonly ConditionalWeakTable<SqliteConnection, SqliteCommand> _commands = [];

    public void Execute(SqliteTransaction transaction, params ReadOnlySpan<object> values) => Bind(transaction, values).ExecuteNonQuery();

    /// <returns>Null where there is no row.</returns>
    public long? Find(SqliteTransaction transaction, params ReadOnlySpan<object> values) => Bind(transaction, values).ExecuteScalar() as long?;

    public List<T> Query<T>(SqliteTransaction transaction, Func<SqliteDataReader, T> row, params ReadOnlySpan<object> values)
    {
        var rows = new List<T>();
        using var reader = Bind(transaction, values).ExecuteReader();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }

    private SqliteCommand Bind(SqliteTransaction transaction, ReadOnlySpan<object> values)
    {
        var command = _commands.GetValue(transaction.Connection!, Prepare);
        command.Transaction = transaction;
        for (var number = 0; number < values.Length; number++)
        {
            command.Parameters[number].Value = values[number];
        }

        return command;
    }

    /// <summary>Closing the connection gives back what is compiled.</summary>
    private SqliteCommand Prepare(SqliteConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }
}
