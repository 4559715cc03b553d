
namespace LabNet.Core.Faults;

/// <summary>A fault that is not over, with what has to do with it while LabNet runs.</summary>
internal sealed class FaultRun(Fault fault, Injector injector) : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _sync = new();
    private FaultEnd? _why;
    private Fault _fault = fault;

    public Injector Injector { get; } = injector;

    public Fault Fault
    {
        get => Volatile.Read(ref _fault);
        set => Volatile.Write(ref _fault, value);
    }

    /// <summary>Cancelled when it is to be lifted, whatever its time.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Why it is lifted.</summary>
    public FaultEnd Why => _why ?? FaultEnd.Time;

    /// <summary>The fault when it is in force, or failed.</summary>
    public TaskCompletionSource<Fault> Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The fault when it is over.</summary>
    public TaskCompletionSource<Fault> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why it could not be lifted at once; it is tried on.</summary>
    public TaskCompletionSource<string> Trouble { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task { get; set; } = Task.CompletedTask;

    /// <summary>Lets it be lifted; the first reason counts.</summary>
    public void End(FaultEnd why)
    {
        lock (_sync)
        {
            _why ??= why;
        }

        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over already.
        }
    }

    public void Dispose()
    {
        Injector.Dispose();
        _ending.Dispose();
    }
}
