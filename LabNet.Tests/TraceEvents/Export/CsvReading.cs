using System.Text;

namespace LabNet.Tests.TraceEvents;

/// <summary>Reads CSV as RFC 4180 has it and nothing else.</summary>
internal static class CsvReading
{
    public static List<string[]> Read(string csv)
    {
        var (rows, row, cell) = (new List<string[]>(), new List<string>(), new StringBuilder());
        var place = 0;
        while (place < csv.Length)
        {
            if (csv[place] == '"')
            {
                for (place++; csv[place] != '"' || (place + 1 < csv.Length && csv[place + 1] == '"'); place++)
                {
                    cell.Append(csv[place]);
                    place += csv[place] == '"' ? 1 : 0;
                }

                place++;
            }
            else
            {
                for (; csv[place] is not (',' or '\r' or '\n' or '"'); place++)
                {
                    cell.Append(csv[place]);
                }
            }

            row.Add(cell.ToString());
            cell.Clear();
            if (csv[place] == ',')
            {
                place++;
                continue;
            }

            Assert.Equal("\r\n", csv.Substring(place, 2));
            place += 2;
            rows.Add([.. row]);
            row.Clear();
        }

        Assert.Empty(row);
        return rows;
    }
}
