using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Storage;

public static partial class StorageRegistration
{
    /// <summary>
    /// lab.db, which must last, and ring.db, which holds what is many and may lose its last moment; both in the lab's state folder. A damaged
    /// file is moved aside and a new one begun.
    /// </summary>
    public static IServiceCollection AddStorage(this IServiceCollection services, string stateFolder) => services
        .AddSingleton(s =>
        {
            var time = s.GetRequiredService<TimeProvider>();
            var database = Database.OpenOrBeginAnew(Path.Join(stateFolder, "lab.db"), migrations: "lab", synchronous: "FULL", looksThrough: null, time, out var setAside);
            if (setAside is not null)
            {
                LogSetAside(s.GetRequiredService<ILogger<Database>>(), setAside);
            }

            return database;
        })
        .AddSingleton(s =>
        {
            var time = s.GetRequiredService<TimeProvider>();
            var database = Database.OpenOrBeginAnew(Path.Join(stateFolder, "ring.db"), migrations: "ring", synchronous: "NORMAL", RingWriter.ReadAtOnce, time, out var setAside);
            return new RingWriter(database, setAside, time, s.GetRequiredService<ILogger<RingWriter>>());
        });

    [LoggerMessage(1207, LogLevel.Error, "lab.db was damaged and is now {Path}; a new one is begun, so tokens have to be made anew")]
    private static partial void LogSetAside(ILogger logger, string path);
}
