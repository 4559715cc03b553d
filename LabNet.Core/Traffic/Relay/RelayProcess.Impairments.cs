using System.Text.Json;

namespace LabNet.Core.Traffic;

/// <summary>The impairments that the relay keeps until their time is up.</summary>
public sealed partial class RelayProcess
{
    private readonly Dictionary<(string Port, ImpairDirection Direction), ImpairmentInForce> _inForce = [];

    private string ImpairmentsPath => Path.Join(_folder, "impairments.json");

    private RelayReply Impair(string port, ImpairDirection direction, Impairment what, ulong seed, DateTimeOffset until)
    {
        if (!_nics.TryGetValue(port, out var nic))
        {
            return new RelayReply($"There is no port {port} here.");
        }

        if (ImpairmentLimits.MistakeOf(what) is { } mistake)
        {
            return new RelayReply(mistake);
        }

        foreach (var one in EachOf(direction))
        {
            _inForce[(port, one)] = new ImpairmentInForce(port, one, what, seed, until);
            PutInForce(nic, _inForce[(port, one)]);
        }

        return Kept();
    }

    private RelayReply Lift(string port, ImpairDirection direction)
    {
        if (_nics.TryGetValue(port, out var nic))
        {
            nic.Link.Switch.Lift(nic.Number, direction, NowUs());
        }

        foreach (var one in EachOf(direction))
        {
            _inForce.Remove((port, one));
        }

        return Kept();
    }

    private void PutInForce(NicEnd nic, ImpairmentInForce of)
    {
        var untilUs = NowUs() + (long)(of.Until - _time.GetUtcNow()).TotalMicroseconds;
        nic.Link.Switch.Impair(nic.Number, of.Direction, of.What, of.Seed, untilUs);
    }

    /// <summary>Those of a relay that died before their time was up. Their random numbers begin anew.</summary>
    private void ReinstateImpairments()
    {
        try
        {
            var kept = File.Exists(ImpairmentsPath) ? JsonSerializer.Deserialize(File.ReadAllBytes(ImpairmentsPath), RelayJson.Default.ImpairmentInForceArray) : [];
            foreach (var one in kept?.Where(one => one.Until > _time.GetUtcNow()) ?? [])
            {
                if (_nics.TryGetValue(one.Port, out var nic))
                {
                    _inForce[(one.Port, one.Direction)] = one;
                    PutInForce(nic, one);
                }
            }
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            Console.Error.WriteLine($"What was done to frames before is not known, so nothing is: {e.Message}");
        }
    }

    private void ForgetEndedImpairments()
    {
        var ended = _inForce.Where(one => one.Value.Until <= _time.GetUtcNow()).Select(one => one.Key).ToList();
        if (ended.Count > 0)
        {
            ended.ForEach(key => _inForce.Remove(key));
            Kept();
        }
    }

    private RelayReply Kept()
    {
        try
        {
            var making = ImpairmentsPath + ".new";
            File.WriteAllBytes(making, JsonSerializer.SerializeToUtf8Bytes([.. _inForce.Values], RelayJson.Default.ImpairmentInForceArray));
            File.Move(making, ImpairmentsPath, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in force all the same; only a relay that dies before its end forgets it.
            Console.Error.WriteLine($"What is done to frames cannot be noted: {e.Message}");
        }

        return new RelayReply();
    }
}
