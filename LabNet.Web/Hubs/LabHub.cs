using System.Runtime.CompilerServices;
using LabNet.Core.Consoles;
using LabNet.Core.Feed;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using LabNet.Web.Api;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.SignalR;

namespace LabNet.Web.Hubs;

/// <summary>What is live, for the pages' scripts and for programs outside: SignalR, JSON protocol, at <c>/hubs/lab</c>.</summary>
[Authorize(Policy = AccessPolicies.Viewer)]
public sealed class LabHub(VmRegistry vms, LiveFeed feed, MetricsPump metrics, TimeProvider time) : Hub
{
    public override Task OnConnectedAsync()
    {
        // Else Kestrel ends who reads slowly after some seconds; TransportSendTimeout is the one that is meant.
        if (Context.GetHttpContext()?.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        return base.OnConnectedAsync();
    }

    /// <summary>What happens in the lab: first the states as they are now, then everything as it comes, in the order of each VM.</summary>
    /// <param name="filter">What is wanted; null for all.</param>
    public async IAsyncEnumerable<WatchMessage> Watch(WatchFilter? filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watch = Open(filter ?? new WatchFilter());
        using var looking = metrics.Look(watch.MeasuredVms);
        await foreach (var message in watch.RunAsync(cancellationToken))
        {
            yield return message;
        }
    }

    /// <summary>A VM's serial console, both ways: all that is kept, then everything as it comes. Typing needs the role operator.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="keys">See <see cref="ConsoleInput"/>.</param>
    public IAsyncEnumerable<ConsoleOutput> Console(string vm, IAsyncEnumerable<ConsoleInput> keys, CancellationToken cancellationToken) =>
        ConsoleFrom(vm, from: null, keys, cancellationToken);

    /// <summary>The same for a viewer that comes back: without loss and without repetition, as long as LabNet has not been started anew.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="from">Where the viewer stands.</param>
    /// <param name="keys">See <see cref="ConsoleInput"/>.</param>
    public async IAsyncEnumerable<ConsoleOutput> ConsoleFrom(
        string vm, ConsolePosition? from, IAsyncEnumerable<ConsoleInput> keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var session = vms.Vms.FirstOrDefault(one => one.State.Name.ToString() == vm)
            ?? throw new HubException(UnknownThingException.Of("VM", vm, vms.Vms.Select(one => one.State.Name.ToString())).Message);
        using var viewer = new ConsoleViewer(session, Context.User!.ToActor("hub"));
        await using var outputs = viewer.RunAsync(from, keys, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(outputs))
        {
            yield return outputs.Current;
        }
    }

    private FeedWatch Open(WatchFilter filter)
    {
        try
        {
            return new FeedWatch(filter, vms.Lab, feed, time);
        }
        catch (BadInputException e)
        {
            throw new HubException(e.Message, e);
        }
    }

    /// <summary>Of other exceptions SignalR tells the caller nothing.</summary>
    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ConsoleOutput> outputs)
    {
        try
        {
            return await outputs.MoveNextAsync();
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or DatabaseException)
        {
            throw new HubException(e.Message, e);
        }
    }
}
