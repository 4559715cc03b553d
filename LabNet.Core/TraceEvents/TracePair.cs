using System.IO.Hashing;

namespace LabNet.Core.TraceEvents;

/// <summary>Two events that are one request: what begins it, what ends it, and the arguments that say which one it is.</summary>
/// <param name="Keys">Of both ends; at most three.</param>
/// <param name="Outcome">Of the end: 0 if all went well. Null where QEMU does not tell.</param>
/// <param name="SharesKeys">Whether several requests can be under way with the same key. Of those no latency is told, because none could be told apart.</param>
public sealed record TracePair(IReadOnlyList<string> Begins, string End, IReadOnlyList<string> Keys, string? Outcome, bool SharesKeys = false)
{
    /// <summary>
    /// What QEMU traces of block requests, and custom PCI devices of their work. thread_pool's <c>opaque</c> is another one at each end; nvme's
    /// <c>cid</c> is unique within a queue only, and its end tells no queue.
    /// </summary>
    public static IReadOnlyList<TracePair> All { get; } =
    [
        new(["virtio_blk_handle_read", "virtio_blk_handle_write"], "virtio_blk_req_complete", ["vdev", "req"], "status"),
        new(["virtio_scsi_cmd_req"], "virtio_scsi_cmd_resp", ["lun", "tag"], "status"),
        new(["scsi_req_parsed"], "scsi_req_dequeue", ["target", "lun", "tag"], Outcome: null),
        new(["pci_nvme_read", "pci_nvme_write"], "pci_nvme_rw_cb", ["cid"], Outcome: null, SharesKeys: true),
        new(["qcow2_writev_start_req"], "qcow2_writev_done_req", ["co"], "ret"),
        new(["labnet_dma_begin"], "labnet_dma_end", ["device", "dma"], "status"),
        new(["labnet_irq_raise"], "labnet_irq_ack", ["device", "cause"], Outcome: null),
        new(["thread_pool_submit"], "thread_pool_complete", ["pool", "req"], "ret"),
    ];

    /// <summary>What the requests are of, such as <c>virtio_blk</c>: the words with which all of the pair's events begin.</summary>
    public string Subject { get; } = string.Join('_', End.Split('_').TakeWhile((word, place) => Begins.All(begin => begin.Split('_').ElementAtOrDefault(place) == word)));

    /// <summary>Only of these events a latency can be known.</summary>
    public static bool EndsRequests(string eventName) => All.Any(pair => pair.End == eventName);
}

/// <summary>What an event is in its pair.</summary>
/// <param name="Pair">A place in <see cref="TracePair.All"/>.</param>
/// <param name="Keys">Places of the key's arguments.</param>
internal sealed record TracePairRole(int Pair, bool IsEnd, bool SharesKeys, int[] Keys)
{
    /// <summary>Whether the key at that place is a text, whose number is another one in each segment.</summary>
    private readonly bool[] _areTexts = [];

    private TracePairRole(TraceEventType type, int pair, bool isEnd, bool sharesKeys, int[] keys)
        : this(pair, isEnd, sharesKeys, keys) => _areTexts = [.. keys.Select(key => type.Arguments[key].Kind == TraceValueKind.Text)];

    /// <summary>What stands for the key's argument; 0 where the key has no such.</summary>
    public long KeyOf(int key, ReadOnlySpan<long> values, TraceTexts texts) =>
        key >= Keys.Length ? 0
        : _areTexts[key] ? unchecked((long)XxHash3.HashToUInt64(texts.Utf8Of(values[Keys[key]])))
        : values[Keys[key]];

    /// <summary>Null of an event that is in no pair, or lacks an argument of the key.</summary>
    public static TracePairRole? Of(TraceEventType type)
    {
        for (var number = 0; number < TracePair.All.Count; number++)
        {
            var pair = TracePair.All[number];
            var isEnd = pair.End == type.Name;
            if (isEnd || pair.Begins.Contains(type.Name))
            {
                int[] keys = [.. pair.Keys.Select(key => type.Arguments.Select(argument => argument.Name).ToList().IndexOf(key))];
                return keys.Contains(-1) ? null : new TracePairRole(type, number, isEnd, pair.SharesKeys, keys);
            }
        }

        return null;
    }
}
