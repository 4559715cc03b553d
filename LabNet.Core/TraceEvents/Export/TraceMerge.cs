using System.Runtime.CompilerServices;

namespace LabNet.Core.TraceEvents;

/// <summary>The events of several VMs as one sequence.</summary>
public static class TraceMerge
{
    /// <summary>
    /// Of the VMs' next events always the earliest, of one time the first VM's. A VM's own order stays: threads write their lines in another
    /// order than they took the time, so that times go back by some microseconds within it.
    /// </summary>
    /// <param name="sources">A few, each oldest first; they are read as far ahead as one event.</param>
    public static async IAsyncEnumerable<TraceEvent> ByTimeAsync(
        IReadOnlyList<IAsyncEnumerable<TraceEvent>> sources, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var opened = new List<IAsyncEnumerator<TraceEvent>>();
        try
        {
            var heads = new List<IAsyncEnumerator<TraceEvent>>();
            foreach (var source in sources)
            {
                opened.Add(source.GetAsyncEnumerator(cancellationToken));
                if (await opened[^1].MoveNextAsync())
                {
                    heads.Add(opened[^1]);
                }
            }

            while (heads.Count > 0)
            {
                var first = FirstOf(heads);
                yield return heads[first].Current;
                if (!await heads[first].MoveNextAsync())
                {
                    heads.RemoveAt(first);
                }
            }
        }
        finally
        {
            foreach (var source in opened)
            {
                await source.DisposeAsync();
            }
        }
    }

    private static int FirstOf(List<IAsyncEnumerator<TraceEvent>> heads)
    {
        var first = 0;
        for (var place = 1; place < heads.Count; place++)
        {
            if (heads[place].Current.TimeNs < heads[first].Current.TimeNs)
            {
                first = place;
            }
        }

        return first;
    }
}
