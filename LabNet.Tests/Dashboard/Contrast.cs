namespace LabNet.Tests.Dashboard;

internal static class Contrast
{
    /// <summary>
    /// Lists the texts whose contrast (WCAG 2.2, 1.4.3) to the ground behind them is below 4.5. Disabled controls need none, and what is
    /// drawn in SVG has a ground that the style does not tell.
    /// </summary>
    public const string TooLow =
        """
        () => {
          const parse = color => (color.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
          const luminance = rgb => {
            const [r, g, b] = rgb.slice(0, 3).map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = element => {
            for (let e = element; e; e = e.parentElement) {
              const color = parse(getComputedStyle(e).backgroundColor);
              if (color.length === 3 || color[3] > 0.99) return color;
            }
            return [255, 255, 255];
          };
          const found = new Set();
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node; node = walker.nextNode();) {
            const element = node.parentElement;
            if (!node.data.trim() || element.closest('svg, script, :disabled') || !element.checkVisibility()) continue;
            const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) found.add(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${node.data.trim().slice(0, 40)}`);
          }
          return [...found];
        }
        """;
}
