#!/usr/bin/env dotnet
#:project ../../LabNet.Core/LabNet.Core.csproj

// SPDX-License-Identifier: GPL-2.0-or-later
// A PCI device of one's own in a few lines: dotnet run pci-device/remote/dice.cs SOCKET
using LabNet.Core.RemoteDevices;

await new RemoteDeviceServer(new Dice(), args[0], TimeProvider.System).RunAsync(CancellationToken.None);

/// <summary>Offset 0: throws the dice. Offset 4: how many sides they have; a write changes that.</summary>
internal sealed class Dice : RemoteDevice
{
    private int _sides = 6;

    protected override ulong Read(ulong offset, int size) => offset switch
    {
        0 => (ulong)Random.Shared.Next(1, _sides + 1),
        4 => (ulong)_sides,
        _ => 0,
    };

    protected override void Write(ulong offset, int size, ulong value)
    {
        if (offset == 4 && value is > 0 and < int.MaxValue)
        {
            _sides = (int)value;
        }
    }
}
