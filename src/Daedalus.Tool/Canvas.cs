// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Tool;

/// <summary>An RGB picture to draw on; what lies outside is not drawn.</summary>
internal sealed class Canvas
{
    /// <summary>Pixels of a letter's cell at scale 1.</summary>
    public const int CellWidth = 6, CellHeight = 9;

    // Five columns and seven rows, a row of bits after the other.
    private static readonly Dictionary<char, string> s_letters = new()
    {
        ['A'] = ".###.#...##...#######...##...##...#", ['B'] = "####.#...##...#####.#...##...#####.", ['C'] = ".###.#...##....#....#....#...#.###.",
        ['D'] = "####.#...##...##...##...##...#####.", ['E'] = "######....#....####.#....#....#####", ['F'] = "######....#....####.#....#....#....",
        ['G'] = ".###.#...##....#.####...##...#.####", ['H'] = "#...##...##...#######...##...##...#", ['I'] = ".###...#....#....#....#....#...###.",
        ['J'] = "..###...#....#....#....#.#..#..##..", ['K'] = "#...##..#.#.#..##...#.#..#..#.#...#", ['L'] = "#....#....#....#....#....#....#####",
        ['M'] = "#...###.###.#.##.#.##...##...##...#", ['N'] = "#...##...###..##.#.##..###...##...#", ['O'] = ".###.#...##...##...##...##...#.###.",
        ['P'] = "####.#...##...#####.#....#....#....", ['Q'] = ".###.#...##...##...##.#.##..#..##.#", ['R'] = "####.#...##...#####.#.#..#..#.#...#",
        ['S'] = ".#####....#.....###.....#....#####.", ['T'] = "#####..#....#....#....#....#....#..", ['U'] = "#...##...##...##...##...##...#.###.",
        ['V'] = "#...##...##...##...##...#.#.#...#..", ['W'] = "#...##...##...##.#.##.#.##.#.#.#.#.", ['X'] = "#...##...#.#.#...#...#.#.#...##...#",
        ['Y'] = "#...##...#.#.#...#....#....#....#..", ['Z'] = "#####....#...#...#...#...#....#####",
        ['0'] = ".###.#...##..###.#.###..##...#.###.", ['1'] = "..#...##....#....#....#....#...###.", ['2'] = ".###.#...#....#...#...#...#...#####",
        ['3'] = "#####...#...#.....#.....##...#.###.", ['4'] = "...#...##..#.#.#..#.#####...#....#.", ['5'] = "######....####.....#....##...#.###.",
        ['6'] = "..##..#...#....####.#...##...#.###.", ['7'] = "#####....#...#...#...#....#....#...", ['8'] = ".###.#...##...#.###.#...##...#.###.",
        ['9'] = ".###.#...##...#.####....#...#..##..",
        ['('] = "...#...#...#....#....#.....#.....#.", [')'] = ".#.....#.....#....#....#...#...#...", [','] = "..........................##....#..",
        ['.'] = "...........................##...##.", [':'] = "......##...##........##...##.......", ['-'] = "...............#####...............",
        ['='] = "..........#####.....#####..........", ['/'] = ".........#...#...#...#...#.........", ['+'] = ".......#....#..#####..#....#.......",
    };

    private readonly byte[] _pixels;

    public Canvas(int width, int height, (byte R, byte G, byte B) colour)
    {
        (Width, Height, _pixels) = (width, height, new byte[width * height * 3]);
        Fill(0, 0, width, height, colour);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Three bytes a pixel.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    public void Set(int x, int y, (byte R, byte G, byte B) colour)
    {
        if ((uint)x >= (uint)Width || (uint)y >= (uint)Height)
            return;
        int at = (y * Width + x) * 3;
        (_pixels[at], _pixels[at + 1], _pixels[at + 2]) = colour;
    }

    public void Fill(int x, int y, int width, int height, (byte R, byte G, byte B) colour)
    {
        for (int j = y; j < y + height; j++)
            for (int i = x; i < x + width; i++)
                Set(i, j, colour);
    }

    /// <summary>A frame around a rectangle, outside of it.</summary>
    public void Box(int x, int y, int width, int height, int thickness, (byte R, byte G, byte B) colour)
    {
        Fill(x - thickness, y - thickness, width + 2 * thickness, thickness, colour);
        Fill(x - thickness, y + height, width + 2 * thickness, thickness, colour);
        Fill(x - thickness, y, thickness, height, colour);
        Fill(x + width, y, thickness, height, colour);
    }

    /// <summary>Capital letters, digits and some signs.</summary>
    public void Text(int x, int y, string text, int scale, (byte R, byte G, byte B) colour)
    {
        foreach (char c in text.ToUpperInvariant())
        {
            if (s_letters.TryGetValue(c, out string? bits))
            {
                for (int i = 0; i < bits.Length; i++)
                    if (bits[i] == '#')
                        Fill(x + i % 5 * scale, y + i / 5 * scale, scale, scale, colour);
            }
            x += CellWidth * scale;
        }
    }
}
