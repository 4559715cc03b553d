namespace LabNet.Tests;

/// <summary>A folder of a test's own, gone at its end.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("labnet-test-").FullName;

    public string File(string name) => System.IO.Path.Join(Path, name);

    public string Write(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
