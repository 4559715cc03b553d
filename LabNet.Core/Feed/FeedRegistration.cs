using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Feed;

public static class FeedRegistration
{
    public static IServiceCollection AddFeed(this IServiceCollection services) => services.AddSingleton<LiveFeed>();
}
