Console.Error.WriteLine("usage: LabNet.Bench NAME");
return 2;
