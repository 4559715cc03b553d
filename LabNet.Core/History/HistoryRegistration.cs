using LabNet.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.History;

public static class HistoryRegistration
{
    /// <summary>Needs the feed and the storage. Records nothing until <see cref="EventRecorder.Open"/>.</summary>
    public static IServiceCollection AddHistory(this IServiceCollection services) => services
        .AddSingleton(s => new EventStore(s.GetRequiredService<RingWriter>()))
        .AddSingleton<EventRecorder>();
}
