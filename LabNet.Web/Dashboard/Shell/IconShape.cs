namespace LabNet.Web.Dashboard.Shell;

public enum IconShape
{
    Play,
    Pause,
    Resume,
    Reset,
    Power,
    Stop,
    Kill,
    Check,
    Cross,
    Warning,
    Info,
    Moon,
    Sun,
    LogOut,
    Lock,
    Lab,
    Chip,
    Circle,
    Busy,
    ChevronDown,
    Unplugged,
    Search,
    Open,
    Book,
    List,
    Timeline,
    Links,
}

/// <summary>Drawn here instead of with Radzen's icon font (1 MB), which a browser then loads only for Radzen's own parts.</summary>
internal static class IconShapes
{
    /// <summary>SVG path data in a square of 24, to be stroked 2 wide.</summary>
    public static string Path(this IconShape shape) => shape switch
    {
        IconShape.Play => "M7 4.5v15l12-7.5z",
        IconShape.Pause => "M8 5v14M16 5v14",
        IconShape.Resume => "M5 5v14M10 5.5v13l9.5-6.5z",
        IconShape.Reset => "M20 11.5a8 8 0 1 0-2.3 6.2M20 5.5v6h-6",
        IconShape.Power => "M12 3v9M17.7 6.6a8 8 0 1 1-11.4 0",
        IconShape.Stop => "M6 6h12v12H6z",
        IconShape.Kill => "M13 2.5 5 13.5h6l-1 8 8-11h-6z",
        IconShape.Check => "M5 12.5 10 17.5 19.5 7",
        IconShape.Cross => "M6 6l12 12M18 6 6 18",
        IconShape.Warning => "M12 4 2.8 20h18.4zM12 10v4.5M12 17.3v.2",
        IconShape.Info => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.6v.2",
        IconShape.Moon => "M20.5 14A8.6 8.6 0 0 1 10 3.5 8.6 8.6 0 1 0 20.5 14z",
        IconShape.Sun => "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
        IconShape.LogOut => "M9 20H5.5A1.5 1.5 0 0 1 4 18.5v-13A1.5 1.5 0 0 1 5.5 4H9M15.5 16.5 20 12l-4.5-4.5M20 12H9",
        IconShape.Lock => "M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
        IconShape.Lab => "M4 4h6v6H4zM14 14h6v6h-6zM7 10v4.5A2.5 2.5 0 0 0 9.5 17H14",
        IconShape.Chip => "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
        IconShape.Circle => "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z",
        IconShape.Busy => "M12 4a8 8 0 1 1-8 8",
        IconShape.ChevronDown => "M6 9.5 12 15.5 18 9.5",
        IconShape.Unplugged => "M3 3l18 18M9.5 5.5a9 9 0 0 1 11 4M3.5 9.5A9 9 0 0 1 6 7.3M7 13.2a5.5 5.5 0 0 1 3.4-1.5M12 18.5h.1",
        IconShape.Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5",
        IconShape.Open => "M14 4h6v6M20 4l-9 9M18 14v4.5A1.5 1.5 0 0 1 16.5 20h-11A1.5 1.5 0 0 1 4 18.5v-11A1.5 1.5 0 0 1 5.5 6H10",
        IconShape.List => "M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.6M4 12h.6M4 18h.6",
        IconShape.Timeline => "M4 5.5h9M8 12h11M5 18.5h7M16.5 18.5h3M17 5.5h2",
        IconShape.Links => "M3 17h18M7 17v-5M17 17v-5M4 4.5h6v7.5H4zM14 4.5h6v7.5h-6zM12 17v3.5",
        IconShape.Book => "M6 3.5h12v17H6zM9.5 8h5M9.5 12h5M9.5 16h3",
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, message: null),
    };
}
