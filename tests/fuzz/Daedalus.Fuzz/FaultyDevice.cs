// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>Devices with a known fault: the harness is worth something only if it finds each.</summary>
internal sealed unsafe class FaultyDevice(IStatelessDevice inner, string fault) : IStatelessDevice
{
    public static IReadOnlyList<string> Faults { get; } = ["write-behind", "write-before", "read-behind", "late-write", "late-control", "lost", "twice", "hang", "leak-fd", "leak-memory", "status"];

    // The fault shows itself at one request in this many.
    private const int Every = 97;

    private static readonly List<object> s_leaked = [];

    private readonly string _fault = fault;
    private int _requests;

    public DeviceInfo Info => inner.Info;

    public bool Supports(uint codedFormat) => inner.Supports(codedFormat);

    public IStatelessSession OpenSession(SessionOptions options)
    {
        Action<Completion> completed = options.Completed;
        options = options with
        {
            Completed = c =>
            {
                if (_fault == "status" && Now())
                    c = c with { Status = -5 };
                if (_fault == "lost" && Now())
                    return;
                if (_fault == "twice" && Now())
                    completed(c);
                completed(c);
            },
        };
        return new Session(this, inner.OpenSession(options));
    }

    public void Dispose() => inner.Dispose();

    private bool Now() => ++_requests % Every == 0;

    private sealed class Session(FaultyDevice device, IStatelessSession inner) : IStatelessSession
    {
        private byte* _lastControl, _lastCapture;
        private int _sink;

        public IReadOnlyList<uint> CaptureFormats(in CodedGeometry geometry) => inner.CaptureFormats(geometry);

        public CaptureLayout SetCaptureFormat(in CodedGeometry geometry, uint pixelFormat) => inner.SetCaptureFormat(geometry, pixelFormat);

        public CaptureBuffer AllocateCapture() => inner.AllocateCapture();

        public int Submit(ReadOnlySpan<ControlPayload> controls, nint bitstream, int bitstreamSize, CaptureBuffer capture, ulong timestamp, ulong cookie)
        {
            byte* picture = (byte*)capture.Map;
            switch (device._fault)
            {
                case "write-behind" when device.Now():
                    // Only one placement of the buffer shows it.
                    picture[capture.Layout.Size] = 1;
                    break;
                case "write-before" when device.Now():
                    picture[-1] = 1;
                    break;
                case "read-behind" when bitstreamSize > 0 && device.Now():
                    _sink += ((byte*)bitstream)[bitstreamSize];
                    break;
                case "late-write" when _lastCapture != null && device.Now():
                    *_lastCapture = 1;
                    break;
                case "late-control" when controls.Length > 0 && controls[0].Payload != 0:
                    _lastControl = (byte*)controls[0].Payload;
                    break;
                case "hang" when device.Now():
                    Thread.Sleep(Timeout.Infinite);
                    break;
                case "leak-fd" when device.Now():
                    s_leaked.Add(File.OpenHandle("/dev/null"));
                    break;
                case "leak-memory" when device.Now():
                    s_leaked.Add(Enumerable.Repeat((byte)1, 4 << 20).ToArray());
                    break;
                case "overlong":
                    bitstreamSize += bitstreamSize > 0 ? 3 * GuardedRegion.Page : 0;
                    break;
            }
            int status = inner.Submit(controls, bitstream, bitstreamSize, capture, timestamp, cookie);
            if (status == 0)
                _lastCapture = picture;
            return status;
        }

        public void Cancel() => inner.Cancel();

        public void Drain()
        {
            if (device._fault == "late-control" && _lastControl != null && device.Now())
                _sink += *_lastControl;
            inner.Drain();
        }

        public void Reset() => inner.Reset();

        public void Dispose() => inner.Dispose();
    }

}
