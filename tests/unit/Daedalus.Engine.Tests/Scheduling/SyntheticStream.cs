// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Engine.Interop;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Scheduling;

/// <summary>
/// Drives a decoder with valid controls and random tile bytes: nearly every bit string is some frame to an arithmetic decoder,
/// so this reaches all stages without a stream.
/// </summary>
internal sealed unsafe class SyntheticStream : IDisposable
{
    private const int HeaderBytes = 20;
    private readonly List<nint> _memory = [];
    private readonly GCHandle _self;
    private readonly int _width, _height;
    private readonly uint _format;

    public SyntheticStream(int threads, int width, int height, uint format = PixelFormat.Yuv420, int maxInFlight = 0, WorkerPool? pool = null)
    {
        _width = width;
        _height = height;
        _format = format;
        _self = GCHandle.Alloc(this);
        var config = new AbiConfig
        {
            Size = (uint)sizeof(AbiConfig),
            CodedFormat = PixelFormat.Vp9Frame,
            ThreadCount = (uint)threads,
            MaxInFlight = (uint)maxInFlight,
            Done = &Done,
            User = (void*)GCHandle.ToIntPtr(_self),
        };
        Assert.Equal(0, EngineDecoder.Create(config, pool, out EngineDecoder? decoder));
        Decoder = decoder!;
        AbiLayout layout;
        Assert.True(PictureLayout.Fill(format, (uint)width, (uint)height, &layout));
        Layout = layout;
    }

    public EngineDecoder Decoder { get; }
    public AbiLayout Layout { get; }
    public List<(ulong Cookie, int Status, bool Corrupted)> Completions { get; } = [];
    public Action? OnDone { get; set; }

    /// <summary>FNV-1a over the visible bytes of the rows of a picture's planes, one byte a sample.</summary>
    public ulong HashOf(nint capture)
    {
        AbiLayout l = Layout;
        ulong hash = 14695981039346656037;
        for (int p = 0; p < l.PlaneCount; p++)
        {
            int rows = p == 0 ? _height : (_height + 1) / 2, bytes = p == 0 ? _width : (_width + 1) / 2;
            for (int y = 0; y < rows; y++)
            {
                for (int x = 0; x < bytes; x++)
                    hash = (hash ^ ((byte*)capture)[l.Offset[p] + (long)y * l.Stride[p] + x]) * 1099511628211;
            }
        }
        return hash;
    }

    public static V4L2CtrlVp9Frame KeyFrame(int width, int height) => new()
    {
        Flags = Vp9FrameFlags.KeyFrame | Vp9FrameFlags.ShowFrame | Vp9FrameFlags.RefreshFrameContext | Vp9FrameFlags.XSubsampling | Vp9FrameFlags.YSubsampling,
        FrameWidthMinus1 = (ushort)(width - 1),
        FrameHeightMinus1 = (ushort)(height - 1),
        RenderWidthMinus1 = (ushort)(width - 1),
        RenderHeightMinus1 = (ushort)(height - 1),
        UncompressedHeaderSize = HeaderBytes / 2,
        CompressedHeaderSize = HeaderBytes / 2,
        BitDepth = 8,
        Quant = new V4L2Vp9Quantization { BaseQIdx = 60 },
        Lf = new V4L2Vp9LoopFilter { Level = 20 },
    };

    public V4L2CtrlVp9Frame InterFrame(ulong last)
    {
        V4L2CtrlVp9Frame f = KeyFrame(_width, _height);
        f.Flags = (f.Flags & ~Vp9FrameFlags.KeyFrame) | Vp9FrameFlags.AllowHighPrecisionMv;
        f.LastFrameTs = f.GoldenFrameTs = f.AltFrameTs = last;
        f.InterpolationFilter = 4;
        return f;
    }

    public byte* NewCapture()
    {
        void* p = NativeMemory.AlignedAlloc(Layout.Size, 64);
        NativeMemory.Fill(p, Layout.Size, 0x5a);
        _memory.Add((nint)p);
        return (byte*)p;
    }

    /// <summary>Random tile data of about <paramref name="bytes"/> bytes that stays allocated.</summary>
    public (nint Data, int Size) RandomFrame(int seed, int bytes)
    {
        var random = new Random(seed);
        void* p = NativeMemory.Alloc((nuint)(HeaderBytes + bytes));
        _memory.Add((nint)p);
        var span = new Span<byte>(p, HeaderBytes + bytes);
        random.NextBytes(span);
        if (bytes > 0)
            span[HeaderBytes] &= 0x7f; // marker bit of the arithmetic decoder
        return ((nint)p, HeaderBytes + bytes);
    }

    public int Submit(V4L2CtrlVp9Frame f, (nint Data, int Size) bits, byte* capture, uint slot, ulong timestamp, ulong cookie)
    {
        if (f.BitDepth == 8 && (_format == PixelFormat.P010 || _format == PixelFormat.Planar(1, 1, 10)))
            (f.Profile, f.BitDepth) = (2, 10);
        V4L2CtrlVp9CompressedHdr header = default;
        header.TxMode = 4;
        AbiControl* controls = stackalloc AbiControl[2];
        controls[0] = new AbiControl { Id = V4L2CtrlVp9Frame.ControlId, Size = (uint)sizeof(V4L2CtrlVp9Frame), Payload = &f };
        controls[1] = new AbiControl { Id = V4L2CtrlVp9CompressedHdr.ControlId, Size = (uint)sizeof(V4L2CtrlVp9CompressedHdr), Payload = &header };
        var request = new AbiRequest
        {
            Timestamp = timestamp,
            Cookie = cookie,
            Bitstream = (byte*)bits.Data,
            BitstreamSize = (uint)bits.Size,
            ControlCount = 2,
            Controls = controls,
            CaptureIndex = slot,
            Capture = capture,
            Layout = Layout,
        };
        return Decoder.Submit(&request);
    }

    public void Dispose()
    {
        Decoder.Dispose();
        _self.Free();
        foreach (nint p in _memory)
            _ = p; // a mix of aligned and plain blocks of a short test: left to the process
    }

    [UnmanagedCallersOnly]
    private static void Done(void* user, ulong cookie, int status, uint flags)
    {
        var self = (SyntheticStream)GCHandle.FromIntPtr((nint)user).Target!;
        lock (self.Completions)
            self.Completions.Add((cookie, status, (flags & 1) != 0));
        self.OnDone?.Invoke();
    }
}
